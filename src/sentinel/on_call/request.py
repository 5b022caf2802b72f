"""Overrides and do-not-disturb as people ask for them, checked. Every refusal is an Invalid that
names what is at fault."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from sentinel.config.model import Config
from sentinel.config.suggest import nearest, one_of
from sentinel.engine.calendar_text import parse_instant
from sentinel.engine.dnd import LONGEST
from sentinel.engine.overrides import clash_of
from sentinel.errors import Invalid
from sentinel.intelligence.wording import clock_time
from sentinel.model.override import Override
from sentinel.model.values import Duration

LONGEST_REASON = 500
MOST_PEOPLE = 10
MOST_LASTING = 1_000
"""Each of them is laid over its schedule whenever somebody asks who is on call."""

FARTHEST = 366 * 86_400.0
"""How far ahead an override may end, in seconds."""

_SHORTEST = 60.0


def override_of(
    config: Config,
    *,
    schedule: str,
    people: Sequence[str],
    starts: float | None,
    ends: float,
    author: str,
    reason: str,
    now: float,
    lasting: Iterable[Override],
) -> Override:
    """An override that may be set: from now on where it names no start, or one that has passed.
    `lasting` are those that are not over. Raises Invalid."""
    known = config.schedules.get(schedule)
    if known is None:
        raise Invalid(_unknown("schedule", schedule, config.schedules))
    whole = tuple(dict.fromkeys(name.strip() for name in people if name.strip()))
    if not whole or len(whole) > MOST_PEOPLE:
        raise Invalid(f"people: found {len(whole)}, expected 1 to {MOST_PEOPLE} of `people:`")
    for name in whole:
        if name not in config.people:
            raise Invalid(_unknown("person", name, config.people))
        if not _is_reached(config, schedule, name):
            raise Invalid(
                f"found {name}, whom no step that notifies schedule:{schedule} can reach; expected "
                f"somebody who would hear: add an address to people.{name}"
            )
    begins = now if starts is None else max(now, starts)
    if ends <= now:
        raise Invalid("until: found a time that has passed, expected one that is to come")
    if ends - begins < _SHORTEST:
        raise Invalid("until: expected a time after the beginning, by a minute at least")
    if ends > now + FARTHEST:
        raise Invalid("until: found a time more than a year ahead, expected an earlier one")
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"reason: found {len(reason):,} characters, expected up to {LONGEST_REASON}")
    asked = Override(
        id=0,
        schedule=schedule,
        people=whole,
        starts=begins,
        ends=ends,
        author=author,
        reason=reason.strip(),
        created=now,
    )
    others = list(lasting)
    clash = clash_of(asked, others)
    if clash is not None:
        raise Invalid(overlap(clash, known.schedule.zone, now))
    if len(others) >= MOST_LASTING:
        raise Invalid(
            f"found {len(others):,} overrides that are not over, expected fewer than "
            f"{MOST_LASTING:,}: a layer of the schedule says the same for good"
        )
    return asked


def zone_of(config: Config, schedule: str) -> ZoneInfo:
    """The clocks of a schedule; those of the configuration where there is none of the name."""
    known = config.schedules.get(schedule)
    return config.timezone if known is None else known.schedule.zone


def overlap(other: Override, zone: ZoneInfo, now: float) -> str:
    """Why another override leaves no room."""
    begins, ends = (clock_time(at, now, zone) for at in (other.starts, other.until))
    return (
        f"found override {other.id} of {', '.join(other.people)} in {other.schedule} from {begins} "
        f"to {ends}, expected a time without one: end that one first, or choose another time"
    )


def _is_reached(config: Config, schedule: str, person: str) -> bool:
    """Of a schedule that no step uses, nobody hears anyway."""
    reach = [
        one.reach
        for escalation in config.escalations.values()
        for step in escalation.steps
        for one in step.on_call
        if one.schedule == schedule
    ]
    return not reach or any(one.get(person) for one in reach)


def moment_of(text: str, zone: ZoneInfo, field: str) -> float:
    """`2026-12-24T09:00` by the clocks of the zone, or with an offset of its own. Raises
    Invalid."""
    try:
        return parse_instant(text.strip(), zone)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid(f"{field}: {error}") from error


def undisturbed_until(config: Config, person: str, lasts: str, now: float) -> float:
    """`off` is now: the person can be disturbed again. Raises Invalid."""
    if person not in config.people:
        raise Invalid(_unknown("person", person, config.people))
    text = lasts.strip()
    if text == "off":
        return now
    try:
        seconds = Duration.parse(text)
    except ValueError as error:
        raise Invalid(f"for: {error}, or off") from error
    if not 0 < seconds <= LONGEST:
        raise Invalid(
            f"for: found {text}, expected up to {Duration(LONGEST)}: who is away for longer is "
            "better taken out of the schedules"
        )
    return now + seconds


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    meant = nearest(name, names)
    hint = f"did you mean {meant}?" if meant else f"expected {one_of(names)}" if names else ""
    return f"found the {what} {name[:100]!r}, which there is not; {hint or 'there are none'}"
