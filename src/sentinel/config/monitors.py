"""Monitors: reads them."""

from collections.abc import Iterator
from functools import partial
from zoneinfo import ZoneInfo

from sentinel.config.document import Document, KeyPath
from sentinel.config.names import Names
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.schema import Monitor as Section
from sentinel.config.validation import read_record
from sentinel.model.monitor import Every, Monitor, Schedule
from sentinel.monitors.schedule import parse_cron


def read_monitors(document: Document, zone: ZoneInfo) -> tuple[tuple[Monitor, ...], list[Problem]]:
    """Those that are right in themselves, in order. `zone` holds where none is named. The schema's
    own problems are not told."""
    names = Names("monitor")
    monitors: list[Monitor] = []
    problems: list[Problem] = []
    for index, item in enumerate(document.items("monitors")):
        path = ("monitors", index)
        if isinstance(item, dict):
            problems += names.add(document, (*path, "name"), item.get("name"))
        record, _ = read_record(document, path, Section)
        if record is None:
            continue
        problems += document.positive(path, every=record.every, max_duration=record.max_duration)
        monitors.append(
            Monitor(
                name=record.name,
                project=record.project or "",
                environment=record.environment or "",
                tenant=record.tenant,
                schedule=_schedule(document, path, record, zone, problems),
                grace=float(record.grace),
                max_duration=None if record.max_duration is None else float(record.max_duration),
            )
        )
    return tuple(monitors), [*problems, *_sampled(document)]


def _sampled(document: Document) -> Iterator[Problem]:
    """A check-in that is left out can't be told from a run that was missed."""
    for name, project in document.section("projects").items():
        sample = project.get("sample") if isinstance(project, dict) else None
        share = sample.get("checkin", 1) if isinstance(sample, dict) else 1
        if isinstance(share, int | float) and share < 1:
            yield document.problem(
                ("projects", name, "sample", "checkin"),
                "sample/checkins",
                found=f"{share:g}, so that some check-ins are left out",
                expected="1",
                hint="a run whose check-in is left out is told to be missed",
                warning=True,
            )


def _schedule(
    document: Document, path: KeyPath, record: Section, zone: ZoneInfo, problems: list[Problem]
) -> Schedule | None:
    zone = read_zone(document, (*path, "timezone"), zone, problems)
    if record.schedule is not None and record.every is not None:
        problems.append(
            document.problem(
                (*path, "every"),
                "monitor/two-schedules",
                found="both schedule and every",
                expected="one of them",
                hint="schedule is for jobs at fixed times, every for those at intervals",
            )
        )
        return None
    if record.every is not None:
        return Every(float(record.every))
    if record.schedule is None:
        return None
    parse = partial(parse_cron, zone=zone.key)
    return parsed(document, (*path, "schedule"), parse, problems)
