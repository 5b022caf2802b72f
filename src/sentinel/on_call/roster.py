"""Who hears now: on call, in maintenance, muted, and step by step. What the configuration and the
overrides say at one moment. Times are seconds since 1970 UTC."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sentinel.config.model import (
    Config,
    EscalationConfig,
    MaintenanceConfig,
    RouteConfig,
    StepConfig,
)
from sentinel.engine.intervals import Interval, covered_until, covers, next_cover
from sentinel.engine.quiet import quiet_until
from sentinel.engine.routing import OnCall, Step
from sentinel.engine.schedules import Schedule, Shift, next_change, on_call, shifts
from sentinel.engine.stand_ins import StandIns, overlaid, stand_ins_of
from sentinel.model.alert import SEVERITY_RANK
from sentinel.model.override import Override

WEEK = 7 * 86_400.0


class Duty(Struct, frozen=True, kw_only=True):
    """A schedule: who is on call `until` when, and who is `next`; None: nothing changes within a
    year. `shifts` are those of the next seven days, the first and the last cut off there; one of
    nobody is a gap."""

    schedule: str
    timezone: str
    people: tuple[str, ...]
    until: float | None
    next: tuple[str, ...] | None
    shifts: list[Shift]


class Work(Struct, frozen=True, kw_only=True):
    """A maintenance: on `until` when, or `next` when. Both None: it is over, or has no end."""

    name: str
    comment: str
    matchers: tuple[str, ...]
    on: bool
    until: float | None
    next: float | None


class Mute(Struct, frozen=True, kw_only=True):
    """A route that tells nobody at times: `during` the named intervals, or outside of `only`.
    It is `muted` until `changes`, or will be from then on; None: that does not change."""

    route: str
    during: tuple[str, ...]
    only: tuple[str, ...]
    muted: bool
    changes: float | None


class Reached(Struct, frozen=True, kw_only=True):
    """Without a person the channel is told as such. While the person's quiet hours last, until
    `quiet`, only severities that they let through arrive at once."""

    person: str | None
    channel: str
    quiet: float | None


class Rung(Struct, frozen=True, kw_only=True):
    """A step of an escalation. `after` is in seconds after the step before, `notify` is what the
    configuration names, `reaches` is whom that is now."""

    after: float
    notify: tuple[str, ...]
    reaches: list[Reached]


class Ladder(Struct, frozen=True, kw_only=True):
    """An escalation and the routes that use it. `ack_timeout` in seconds, None for never."""

    escalation: str
    routes: list[str]
    steps: list[Rung]
    repeat: int
    ack_timeout: float | None


class Roster(Struct, frozen=True, kw_only=True):
    at: float
    schedules: list[Duty]
    maintenance: list[Work]
    mutes: list[Mute]
    escalations: list[Ladder]


def roster_of(config: Config, now: float, overrides: Iterable[Override]) -> Roster:
    """`overrides` are those that are not over."""
    routes = list(_walk(config.routes))
    stand_ins = stand_ins_of(overrides, config.people)
    return Roster(
        at=now,
        schedules=_duties(config, now, stand_ins),
        maintenance=[_work(one, now) for one in config.maintenance],
        mutes=[_mute(one, config, now) for one in routes if one.muted or one.active],
        escalations=[
            _ladder(one, routes, config, now, stand_ins) for one in config.escalations.values()
        ],
    )


def duties_of(config: Config, now: float, overrides: Iterable[Override]) -> list[Duty]:
    """The schedules alone; `overrides` are those that are not over."""
    return _duties(config, now, stand_ins_of(overrides, config.people))


def _duties(config: Config, now: float, stand_ins: StandIns) -> list[Duty]:
    schedules = (overlaid(one.schedule, stand_ins) for one in config.schedules.values())
    return [_duty(one, now) for one in schedules]


def _duty(schedule: Schedule, now: float) -> Duty:
    until = next_change(schedule, now)
    return Duty(
        schedule=schedule.name,
        timezone=schedule.zone.key,
        people=on_call(schedule, now),
        until=until,
        next=None if until is None else on_call(schedule, until),
        shifts=list(shifts(schedule, now, now + WEEK)),
    )


def _work(one: MaintenanceConfig, now: float) -> Work:
    on = covers(one.during, now)
    return Work(
        name=one.name,
        comment=one.comment,
        matchers=one.matchers,
        on=on,
        until=covered_until(one.during, now) if on else None,
        next=None if on else next_cover(one.during, now),
    )


def _mute(route: RouteConfig, config: Config, now: float) -> Mute:
    during, only = _times(route.muted, config), _times(route.active, config)
    by_time, outside = covers(during, now), bool(only) and not covers(only, now)
    if by_time:
        changes = covered_until(during, now)
    elif outside:
        changes = next_cover(only, now)
    else:
        ends = (next_cover(during, now), covered_until(only, now) if only else None)
        changes = min((end for end in ends if end is not None), default=None)
    return Mute(
        route=route.name,
        during=route.muted,
        only=route.active,
        muted=by_time or outside,
        changes=changes,
    )


def _ladder(
    escalation: EscalationConfig,
    routes: Iterable[RouteConfig],
    config: Config,
    now: float,
    stand_ins: StandIns,
) -> Ladder:
    return Ladder(
        escalation=escalation.name,
        routes=[route.name for route in routes if route.escalation == escalation.name],
        steps=[_rung(step, config, now, stand_ins) for step in escalation.steps],
        repeat=escalation.repeat,
        ack_timeout=escalation.ack_timeout,
    )


def _rung(step: StepConfig, config: Config, now: float, stand_ins: StandIns) -> Rung:
    turns = [OnCall(config.schedules[one.schedule].schedule, one.reach) for one in step.on_call]
    reached = Step(step.after, (*step.recipients, *turns)).reached(now, stand_ins)
    return Rung(
        after=step.after,
        notify=step.notify,
        reaches=[
            Reached(
                person=one.person, channel=one.channel, quiet=_quiet_until(config, one.person, now)
            )
            for one in reached
        ],
    )


def _quiet_until(config: Config, person: str | None, now: float) -> float | None:
    """For the least severe that is not let through: all others end at the same time."""
    known = config.people.get(person or "")
    if known is None or known.quiet is None:
        return None
    found = (quiet_until(known.quiet, now, severity) for severity in SEVERITY_RANK)
    return next((end for end in found if end is not None), None)


def _times(names: Iterable[str], config: Config) -> list[Interval]:
    return [one for name in names for one in config.time_intervals[name].intervals]


def _walk(routes: Iterable[RouteConfig]) -> Iterator[RouteConfig]:
    for route in routes:
        yield route
        yield from _walk(route.routes)
