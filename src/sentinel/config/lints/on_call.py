"""Hours with nobody on call, and steps that reach nobody because of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sentinel.config.lints.warning import warn
from sentinel.config.model import Config, EscalationConfig, ScheduleConfig, StepConfig
from sentinel.config.problem import Problem
from sentinel.config.reach import people_of
from sentinel.engine.schedules import Schedule, Shift, shifts
from sentinel.engine.stand_ins import overlaid, stand_ins_of
from sentinel.model.override import Override

AHEAD = 35 * 86_400.0
"""How far is looked: five weeks, in seconds."""


def lint_on_call(
    config: Config, now: float, overrides: Iterable[Override] = ()
) -> Iterator[Problem]:
    """`now` is in seconds since 1970 UTC; `overrides` are those that were set while Sentinel ran
    and are not over."""
    overrides = list(overrides)
    stand_ins = stand_ins_of(overrides, config.people)
    used = [
        one.schedule
        for escalation in config.escalations.values()
        for step in escalation.steps
        for one in step.on_call
    ]
    gaps = {
        name: _gaps(overlaid(config.schedules[name].schedule, stand_ins), now)
        for name in dict.fromkeys(used)
    }
    for name, found in gaps.items():
        if found:
            yield _gap(config.schedules[name], found[0])
    empty = {name for name, found in gaps.items() if _is_whole(found)}
    for escalation in config.escalations.values():
        for number, step in enumerate(escalation.steps, 1):
            if not _reaches(step, empty, config):
                yield _nobody(escalation, step, number)
    for one in overrides:
        gone = [person for person in one.people if person not in config.people]
        if gone and one.schedule in config.schedules:
            yield _unknown(config.schedules[one.schedule], one, gone)


def _gaps(schedule: Schedule, now: float) -> list[Shift]:
    return [shift for shift in shifts(schedule, now, now + AHEAD) if not shift.people]


def _is_whole(gaps: list[Shift]) -> bool:
    return any(gap.end - gap.start >= AHEAD for gap in gaps)


def _reaches(step: StepConfig, empty: set[str], config: Config) -> bool:
    return bool(step.recipients) or any(
        one.schedule not in empty and any(map(one.reach.get, _turns_of(config, one.schedule)))
        for one in step.on_call
    )


def _turns_of(config: Config, schedule: str) -> tuple[str, ...]:
    return people_of(config.schedules[schedule].schedule)


def _gap(config: ScheduleConfig, gap: Shift) -> Problem:
    zone = config.schedule.zone
    start, end = (datetime.fromtimestamp(at, zone) for at in (gap.start, gap.end))
    return warn(
        config,
        "schedule/gap",
        config.schedule.name,
        found=f"nobody on call from {start:%a %Y-%m-%d %H:%M} to {end:%a %Y-%m-%d %H:%M} "
        f"({zone.key})",
        expected="somebody at every hour of the next five weeks",
        hint="add a layer below the others that is always on, or an override",
    )


def _unknown(config: ScheduleConfig, override: Override, gone: list[str]) -> Problem:
    others = [person for person in override.people if person not in gone]
    return warn(
        config,
        "override/unknown-person",
        config.schedule.name,
        found=f"override {override.id}, set by {override.author}, of {', '.join(gone)}, who "
        f"{'is' if len(gone) == 1 else 'are'} not among people",
        expected="people who are configured; it holds for "
        f"{', '.join(others) if others else 'nobody'} alone",
        hint=f"`sentinel on-call override end {override.id}` takes it back",
    )


def _nobody(escalation: EscalationConfig, step: StepConfig, number: int) -> Problem:
    return warn(
        escalation,
        "escalation/reaches-nobody",
        escalation.name,
        found=f"step {number}, which reaches nobody in the next five weeks: "
        f"{', '.join(step.notify)}",
        expected="somebody who hears of it",
        hint="add a person or a channel to the step",
    )
