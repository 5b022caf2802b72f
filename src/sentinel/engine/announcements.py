"""What clients are told of maintenance: ahead of it, when it begins, and when it is done. Each
occurrence of work that recurs is a broadcast of its own, known by its end."""

from collections.abc import Iterator

from msgspec.structs import replace

from sentinel.engine import broadcasts
from sentinel.engine.broadcast_rules import Announcement
from sentinel.engine.broadcast_words import LAST_WORDS, listed, moment, worded
from sentinel.engine.intervals import HORIZON, Span, covered_until, spans
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.state import State
from sentinel.model.broadcast import Broadcast, Phase, Update

_A_SECOND = 1.0
# What is due at one moment by any sum of fractions of a second.
_LAST_DIGITS = 0.001


def restore(state: State) -> None:
    """Fit what was announced to the configuration as it is now."""
    for broadcast in list(state.broadcasts.known.values()):
        if broadcast.kind == "maintenance" and broadcast.rule and broadcast.ended is None:
            one = _named(state, broadcast.rule)
            if one is None or one.announce is None:
                _call_off(state, broadcast)
            elif not _takes_place(one, broadcast):
                _move(state, one, broadcast)
    for one in state.book.maintenance:
        if one.announce is not None:
            run(state, one.name)


def run(state: State, name: str) -> None:
    """Say what is due of one maintenance, and set the time of what is next."""
    one = _named(state, name)
    if one is None or one.announce is None:
        return
    times = []
    for span in _in_sight(state, one, one.announce):
        _announce(state, one, one.announce, span)
        times += [span[1], *_moments(one.announce, span)]
    for broadcast in list(state.broadcasts.known.values()):
        if broadcast.kind == "maintenance" and broadcast.rule == name:
            _finish(state, one.announce, broadcast)
    horizon = state.now + one.announce.before[0]
    later = next(spans(one.during, horizon, horizon + HORIZON), None)
    # One that is on by then is in sight already.
    if later is not None and later[0] > horizon + _LAST_DIGITS:
        times.append(later[0] - one.announce.before[0])
    due = min((time for time in times if time > state.now), default=None)
    state.timers.set(("announcement", name, ""), due)


def _in_sight(state: State, one: Maintenance, announce: Announcement) -> Iterator[Span]:
    """The occurrences that are on, or near enough to be told of. The beginning of one that is on
    is not that of the span, which is cut off at the present."""
    for span in spans(one.during, state.now, state.now + HORIZON):
        if span[0] > state.now + announce.before[0] + _LAST_DIGITS:
            return
        yield span


def _announce(state: State, one: Maintenance, announce: Announcement, span: Span) -> None:
    start, end = span
    broadcast = _of_occurrence(state, one.name, end)
    if broadcast is None:
        has_begun = start <= state.now
        if has_begun and "in_progress" not in announce.messages:
            return
        broadcast = Broadcast(
            id=state.next_broadcast(),
            kind="maintenance",
            rule=one.name,
            title=announce.title,
            severity=announce.severity,
            components=announce.components,
            audience=announce.audience,
            opened=state.now,
            starts=start,
            ends=end,
        )
        state.put_broadcast(broadcast)
        text = f"broadcast {broadcast.id} ({announce.title}), as the maintenance {one.name} asks"
        state.decide("broadcast_begun", "maintenance", text)
        _say(state, announce, broadcast, "in_progress" if has_begun else "scheduled")
    elif broadcast.ended is None and broadcast.starts is not None:
        _go_on(state, announce, broadcast, broadcast.starts)


def _go_on(state: State, announce: Announcement, broadcast: Broadcast, start: float) -> None:
    said = state.broadcasts.said(broadcast.id)
    if start <= state.now:
        has_said = any(update.phase == "in_progress" for update in said)
        if "in_progress" in announce.messages and not has_said:
            _say(state, announce, broadcast, "in_progress")
        return
    latest = max((one.created for one in said if one.phase == "scheduled"), default=0.0)
    if any(latest < start - ahead <= state.now for ahead in announce.before):
        _say(state, announce, broadcast, "scheduled")


def _finish(state: State, announce: Announcement, broadcast: Broadcast) -> None:
    if broadcast.ends is None or broadcast.ends > state.now:
        return
    if broadcast.ended is None:
        _say(state, announce, broadcast, "completed")
    else:
        # It was kept so that the occurrence would not be announced again.
        state.put_broadcast(broadcast)


def _move(state: State, one: Maintenance, broadcast: Broadcast) -> None:
    """Work that has begun may take longer than was said; other times are other work."""
    has_begun = broadcast.starts is not None and broadcast.starts <= state.now
    until = covered_until(one.during, state.now)
    if has_begun and until is not None and until > state.now:
        state.put_broadcast(replace(broadcast, ends=until))
    else:
        _call_off(state, broadcast)


def _call_off(state: State, broadcast: Broadcast) -> None:
    """The configuration does not know it any more."""
    has_begun = broadcast.starts is not None and broadcast.starts <= state.now
    if not broadcasts.is_told(state, broadcast.id):
        broadcasts.end(state, broadcast, "rule_changed", "it is not configured any more")
    else:
        _say(state, None, broadcast, "completed" if has_begun else "retraction")


def _say(state: State, announce: Announcement | None, broadcast: Broadcast, phase: Phase) -> None:
    starts, ends = broadcast.starts or 0.0, broadcast.ends or 0.0
    values = {"title": broadcast.title}
    if announce is not None:
        values |= {
            "components": listed(announce.shown),
            "starts": moment(starts, announce.zone),
            "ends": moment(ends, announce.zone),
        }
    messages = announce.messages if announce else LAST_WORDS
    text, translations = worded(messages, phase, values, ends - starts)
    update = Update(
        id=state.next_update(),
        broadcast=broadcast.id,
        phase=phase,
        text=text,
        translations=translations,
        state="draft",
        created=state.now,
    )
    state.put_update(update)
    broadcasts.publish(state, update, "", f"the maintenance {broadcast.rule} announces it")


def _of_occurrence(state: State, name: str, end: float) -> Broadcast | None:
    """By the end: who restarts in the middle sees no beginning."""
    for one in state.broadcasts.known.values():
        is_it = one.kind == "maintenance" and one.rule == name and one.ends is not None
        if is_it and abs((one.ends or 0.0) - end) < _A_SECOND:
            return one
    return None


def _takes_place(one: Maintenance, broadcast: Broadcast) -> bool:
    starts, ends = broadcast.starts or 0.0, broadcast.ends or 0.0
    found = next(spans(one.during, starts, ends + HORIZON), None)
    return found is not None and all(
        abs(each - wanted) < _A_SECOND for each, wanted in zip(found, (starts, ends), strict=True)
    )


def _moments(announce: Announcement, span: Span) -> tuple[float, ...]:
    return (span[0], *(span[0] - ahead for ahead in announce.before))


def _named(state: State, name: str) -> Maintenance | None:
    return next((one for one in state.book.maintenance if one.name == name), None)
