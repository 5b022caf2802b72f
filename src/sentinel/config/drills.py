"""Fire drills: reads them."""

from functools import partial
from zoneinfo import ZoneInfo

from sentinel.config.document import Document, KeyPath
from sentinel.config.escalations import StepReader
from sentinel.config.model import DrillConfig
from sentinel.config.names import Names
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.reach import Reach
from sentinel.config.schema_health import FireDrill
from sentinel.config.schema_people import Step
from sentinel.config.validation import read_record
from sentinel.model.monitor import Every, Schedule
from sentinel.monitors.schedule import parse_cron


def read_drills(
    document: Document, zone: ZoneInfo, reach: Reach
) -> tuple[dict[str, DrillConfig], list[Problem]]:
    """Those that are right in themselves, by name. `zone` holds where none is named. The schema's
    own problems are not told."""
    names = Names("fire drill")
    drills: dict[str, DrillConfig] = {}
    problems: list[Problem] = []
    for index, item in enumerate(document.items("fire_drills")):
        path = ("fire_drills", index)
        if isinstance(item, dict):
            problems += names.add(document, (*path, "name"), item.get("name"))
        record, _ = read_record(document, path, FireDrill)
        if record is None:
            continue
        problems += document.positive(path, every=record.every, within=record.within)
        reading = StepReader(document, reach)
        step = reading.step(path, Step(notify=record.notify, by=record.by))
        problems += reading.problems
        schedule = _schedule(document, path, record, zone, problems)
        if schedule is not None:
            drills.setdefault(
                record.name,
                DrillConfig(
                    name=record.name, schedule=schedule, step=step, within=float(record.within)
                ),
            )
    return drills, problems


def _schedule(
    document: Document, path: KeyPath, record: FireDrill, zone: ZoneInfo, problems: list[Problem]
) -> Schedule | None:
    """None where there is none to be used, which is told as a problem."""
    zone = read_zone(document, (*path, "timezone"), zone, problems)
    if (record.schedule is None) == (record.every is None):
        both = record.every is not None
        problems.append(
            document.problem(
                (*path, "every") if both else path,
                "drill/schedule",
                found="both schedule and every" if both else "neither schedule nor every",
                expected="one of them",
                hint='such as schedule: "0 10 * * 2", which is Tuesdays at ten',
            )
        )
        return None
    if record.every is not None:
        return Every(float(record.every))
    return parsed(document, (*path, "schedule"), partial(parse_cron, zone=zone.key), problems)
