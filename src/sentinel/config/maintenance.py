"""Maintenance: work that was announced, once or recurring."""

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from sentinel.config.broadcasts import Public, read_announce
from sentinel.config.document import Document, KeyPath
from sentinel.config.intervals import Calendar
from sentinel.config.matchers import read_matchers
from sentinel.config.model import MaintenanceConfig
from sentinel.config.names import Names
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.schema_routing import Maintenance
from sentinel.config.suggest import show
from sentinel.config.validation import read_record
from sentinel.engine.calendar_text import parse_instant
from sentinel.engine.intervals import Interval, Window


def read_maintenance(
    documents: Sequence[Document], zone: ZoneInfo, calendar: Calendar, public: Public
) -> tuple[list[MaintenanceConfig], list[Problem]]:
    """In order. `zone` holds where none is named. The schema's own problems are not told."""
    found: list[MaintenanceConfig] = []
    problems: list[Problem] = []
    names = Names("maintenance")
    for document in documents:
        for index, item in enumerate(document.items("maintenance")):
            path = ("maintenance", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, Maintenance)
            if record:
                found.append(_read(document, path, record, zone, calendar, public, problems))
    return found, problems


def _read(
    document: Document,
    path: KeyPath,
    record: Maintenance,
    zone: ZoneInfo,
    calendar: Calendar,
    public: Public,
    problems: list[Problem],
) -> MaintenanceConfig:
    during: tuple[Interval, ...] = ()
    once = record.from_ is not None or record.until is not None
    if once == bool(record.time_intervals):
        problems.append(
            document.problem(
                path,
                "maintenance/when",
                found="both time_intervals and from or until" if once else "no time at all",
                expected="either from and until, or time_intervals",
                hint="write two entries" if once else "say when nobody is to be told",
            )
        )
    elif once:
        during = read_window(document, path, zone, problems)
    else:
        during = calendar.named(document, (*path, "time_intervals"), problems)
    announce = None
    if record.announce is not None:
        here = (*path, "announce")
        announce = read_announce(document, here, record.announce, public, problems)
    return MaintenanceConfig(
        name=record.name,
        matchers=read_matchers(document, (*path, "matchers"), "maintenance/bad-matcher", problems),
        during=during,
        time_intervals=tuple(record.time_intervals),
        comment=record.comment or "",
        file=document.file,
        line=document.line(path),
        announce=announce,
    )


def read_window(
    document: Document, path: KeyPath, zone: ZoneInfo, problems: list[Problem]
) -> tuple[Window, ...]:
    """The time between `from` and `until` of the mapping at `path`, in its `timezone` or in
    `zone`; none, with a problem, where it is none."""
    data = document.at(path)
    zone = read_zone(document, (*path, "timezone"), zone, problems)
    ends = []
    for key in ("from", "until"):
        if key not in data:
            problems.append(
                document.problem(
                    path,
                    "config/missing-key",
                    found=f"no key {key}",
                    expected="both from and until",
                    hint="one without the other would never end, or had never begun",
                )
            )
            continue
        parse = partial(parse_instant, zone=zone)
        end = parsed(document, (*path, key), parse, problems)
        ends += [] if end is None else [end]
    if len(ends) < 2:
        return ()
    if ends[0] >= ends[1]:
        problems.append(
            document.problem(
                (*path, "until"),
                "config/wrong-value",
                found=show(data["until"]),
                expected=f"an end after {data['from']}",
                hint="swap the two" if ends[0] > ends[1] else "",
            )
        )
        return ()
    return (Window(*ends),)
