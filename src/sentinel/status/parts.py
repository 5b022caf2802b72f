"""From what was measured, and what was told, to the states of the page's lines. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sentinel.config.model_status import StatusPartConfig
from sentinel.health.planned import Window, apart
from sentinel.health.spans import combined, divided, tally
from sentinel.model.alert import AlertSeverity
from sentinel.model.signal import State
from sentinel.model.uptime import RANK as STATE_RANK
from sentinel.model.uptime import Seconds, Span
from sentinel.status.facts import RANK, WINDOWS, Day, Part, PartState, Story
from sentinel.status.stories import is_working, window
from sentinel.store.status import Course

DAY = 86_400.0
_OF_SEVERITY: dict[AlertSeverity, PartState] = {
    "info": "degraded",
    "warning": "partial",
    "critical": "down",
}


def part(
    config: StatusPartConfig,
    courses: Mapping[str, Course],
    probed: frozenset[str],
    stories: Sequence[Story],
    days: Sequence[float],
    now: float,
    announced: Mapping[str, Sequence[Window]],
) -> Part:
    """`courses` are those of its components that were heard of; `probed` are the names of those
    that are looked at. `days` are the beginnings of days, as of `beginnings`; `announced` is when
    the configuration has maintenance of which."""
    heard = {name: courses[name] for name in config.components if name in courses}
    measured = bool(heard) or any(name in probed for name in config.components)
    own = [one for one in stories if config.id in one.parts]
    state = _told(_measured(config.components, courses, probed), own, now)
    found = Part(
        id=config.id,
        title=config.title,
        group=config.group,
        description=config.description,
        state=state,
        changed=max((one.changed for one in own), default=None),
    )
    if not measured:
        return found
    told = [held for one in own if one.kind == "maintenance" and (held := window(one, now))]
    whole = {name: combined(one.spans) for name, one in heard.items()}
    split = [
        apart(spans, _merged([*told, *announced.get(name, ())])) for name, spans in whole.items()
    ]
    turned = [one[-1].began for one in whole.values() if one]
    return replace(
        found,
        changed=max([*turned, *(one.changed for one in own)], default=None),
        days=tuple(_days(split, told, days, now)),
        uptime=tuple(
            _share([tally(kept, now - length * DAY, now) for kept, _ in split])
            for length in WINDOWS
        ),
    )


def beginnings(zone: ZoneInfo, days: int, now: float) -> list[float]:
    """When the last days begin by the clocks of a zone, the last one being today."""
    today = datetime.fromtimestamp(now, zone).date()
    return [
        datetime.combine(today - timedelta(days=back), time(), zone).timestamp()
        for back in reversed(range(days))
    ]


def overall(parts: Sequence[Part], stories: Sequence[Story], now: float) -> PartState:
    """The state of all together: part of it is out where some of it is down."""
    found = [one.state for one in parts]
    loose = [one for one in stories if not one.parts]
    found += [_effect(one) for one in loose if one.is_open and one.kind == "incident"]
    if any(is_working(one, now) for one in loose):
        found.append("maintenance")
    worst = max(found, key=lambda state: RANK[state]) if found else "up"
    if worst == "down" and any(state != "down" for state in found):
        return "partial"
    return worst


def _measured(
    names: Iterable[str], courses: Mapping[str, Course], probed: frozenset[str]
) -> PartState:
    """What is not measured at all has no trouble that anybody knows of."""
    states: list[State] = []
    for name in names:
        course = courses.get(name)
        if course is not None and course.now:
            states.append(max(course.now, key=lambda state: STATE_RANK[state]))
        elif course is not None or name in probed:
            states.append("unknown")
    if states and all(state == "down" for state in states):
        return "down"
    if "down" in states:
        return "partial"
    if "degraded" in states:
        return "degraded"
    return "unknown" if "unknown" in states else "up"


def _told(measured: PartState, stories: Iterable[Story], now: float) -> PartState:
    """What people publish holds over what is measured. Once they only watch whether it is over,
    what is measured counts again, though as degraded at least."""
    said: list[PartState] = []
    for one in stories:
        if is_working(one, now):
            said.append("maintenance")
        elif one.is_open and one.kind == "incident":
            effect = _effect(one)
            if one.stage == "monitoring" and RANK[measured] > RANK[effect]:
                effect = measured
            said.append(effect)
    return max(said, key=lambda state: RANK[state], default=measured)


def _effect(one: Story) -> PartState:
    return "degraded" if one.stage == "monitoring" else _OF_SEVERITY[one.severity]


def _days(
    split: Sequence[tuple[list[Span], list[Span]]],
    told: Sequence[Window],
    days: Sequence[float],
    now: float,
) -> Iterable[Day]:
    edges = [*days, now]
    each = [list(divided(kept, edges, planned)) for kept, planned in split]
    for index, at in enumerate(days):
        found = [of_component[index] for of_component in each]
        worked = any(began < edges[index + 1] and ended > at for began, ended in told)
        yield _day(at, found, worked or any(one.planned for one in found))


def _day(at: float, found: Sequence[Seconds], worked: bool) -> Day:
    known = sum(one.known for one in found)
    if not known:
        return Day(at=at, state="maintenance" if worked else "unknown")
    down = sum(one.down for one in found) / len(found)
    degraded = sum(one.degraded for one in found) / len(found)
    state: PartState = "maintenance" if worked else "up"
    if down:
        state = "down" if down * len(found) * 2 >= known else "partial"
    elif degraded:
        state = "degraded"
    return Day(at=at, state=state, down=down, degraded=degraded)


def _share(found: Sequence[Seconds]) -> float | None:
    known = sum(one.known for one in found)
    return sum(one.up + one.degraded for one in found) / known if known else None


def _merged(windows: Iterable[Window]) -> list[Window]:
    """In order, and without overlaps."""
    found: list[Window] = []
    for began, ended in sorted(windows):
        if found and began <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ended)
        else:
            found.append((began, ended))
    return found
