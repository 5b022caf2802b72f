"""Overrides that people set while Sentinel runs, laid over the schedules of the configuration."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from sentinel.engine import schedules
from sentinel.engine.schedules import Schedule
from sentinel.model.override import Override

StandIns = Mapping[str, tuple[schedules.Override, ...]]
"""By the schedule's name, the latest one last: it goes before the others."""

NOBODY: StandIns = {}


def stand_ins_of(overrides: Iterable[Override], known: Collection[str]) -> StandIns:
    """Of people who are still `known`: an override must not leave a schedule to somebody whom
    nothing reaches any more, so one of nobody else does not hold."""
    found: defaultdict[str, list[schedules.Override]] = defaultdict(list)
    for one in sorted(overrides, key=lambda one: one.id):
        people = tuple(person for person in one.people if person in known)
        if people and one.starts < one.until:
            found[one.schedule].append(schedules.Override(one.starts, one.until, people))
    return {name: tuple(own) for name, own in found.items()}


def overlaid(schedule: Schedule, stand_ins: StandIns) -> Schedule:
    """The schedule with its stand-ins, who go before the overrides of the configuration."""
    own = stand_ins.get(schedule.name)
    return replace(schedule, overrides=(*schedule.overrides, *own)) if own else schedule
