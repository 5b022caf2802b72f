"""What is due of a paging whose gates are open: news, the next step, a reminder."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sentinel.engine import gates
from sentinel.engine.routing import Escalation, Route
from sentinel.engine.state import State
from sentinel.engine.telling import called, is_due, tell
from sentinel.model.paging import Gate, Paging

# A round of an escalation does not begin again sooner than this after its last step.
SHORTEST_ROUND = 300.0


def advance(state: State, paging: Paging, route: Route) -> Paging:
    """Through the gates, and then what is due: news, the next step, a reminder."""
    assert route.escalation is not None
    free, closed = by_gate(state, paging, route)
    if closed and not free:
        return replace(_blocked(state, paging, closed), gate=gates.first_to_open(closed.values()))
    is_freed = paging.flush_at is None and any(number in free for number in paging.news)
    if is_freed or is_due(state, paging.flush_at):
        paging = _flush(state, paging, route, free)
        # What of the news is kept back is looked at again when the first of its gates opens.
        kept = {number: closed[number] for number in paging.news if number in closed}
        until = gates.first_to_open(kept.values()).until if kept else None
        paging = replace(_blocked(state, paging, kept), flush_at=until)
    while paging.step_at is not None and paging.step_at <= state.now:
        paging = _missing(state, paging, closed)
        told = [number for number in free if number not in paging.news]
        # With nobody to be called for, the whole escalation is left to what is told next.
        if not told:
            paging = replace(paging, step=0, round=0, step_at=None, repeat_at=None)
            break
        paging = _step(state, paging, route, told)
    if is_due(state, paging.repeat_at):
        repeat_at = None if route.repeat is None else state.now + route.repeat
        paging = replace(paging, repeat_at=repeat_at)
        told = [number for number in free if number not in paging.news]
        paging = tell(state, paging, paging.told, "reminder", "repeat_interval", told)
    return paging


def by_gate(state: State, paging: Paging, route: Route) -> tuple[list[int], dict[int, Gate]]:
    """The open incidents that may be told of, and those that may not, with what is in the way for
    longest."""
    free, closed = [], {}
    own = gates.of_route(route, state.now)
    for number in paging.incidents:
        incident = state.incidents[number]
        if incident.state != "open":
            continue
        gate = gates.last_to_open(own, gates.of_incident(state, incident))
        if gate is None:
            free.append(number)
        else:
            closed[number] = gate
    return free, closed


def _blocked(state: State, paging: Paging, closed: Mapping[int, Gate]) -> Paging:
    """Note what keeps each incident from being told of, once for each reason."""
    for number, gate in closed.items():
        # Not by its text: which of several alerts inhibits it is no news.
        if paging.blocked.get(number) != gate.reason:
            state.decide("not_delivered", gate.reason, gate.text, incident=number)
    return replace(paging, blocked={number: gate.reason for number, gate in closed.items()})


def _flush(state: State, paging: Paging, route: Route, free: Sequence[int]) -> Paging:
    assert route.escalation is not None
    fresh = [number for number in paging.news if number in free]
    if not fresh:
        return replace(paging, news=tuple(n for n in paging.news if n in state.incidents))
    running = paging.step > 0 and not paging.anew
    news = tuple(number for number in paging.news if number not in fresh)
    paging = replace(paging, news=news, flushed=state.now, anew=False)
    if running:
        paging = tell(state, paging, called(paging), "firing", "group_interval", fresh)
        return replace(paging, repeat_at=_repeat_at(state, route))
    step_at = state.now + route.escalation.steps[0].after
    return replace(paging, step=0, round=0, stood=0, step_at=step_at)


def _missing(state: State, paging: Paging, closed: Mapping[int, Gate]) -> Paging:
    """What is kept quiet while a step runs for others of the group is news again to those whom
    that step calls, once its gate opens."""
    missed = {number: gate for number, gate in closed.items() if number not in paging.news}
    if not missed:
        return paging
    times = (paging.flush_at, gates.first_to_open(missed.values()).until)
    return replace(
        _blocked(state, paging, closed),
        news=(*paging.news, *missed),
        flush_at=min((time for time in times if time is not None), default=None),
    )


def _step(state: State, paging: Paging, route: Route, incidents: Sequence[int]) -> Paging:
    assert route.escalation is not None
    steps = route.escalation.steps
    # A reload may have shortened the escalation below the step that was next.
    if paging.step >= len(steps):
        return replace(paging, step_at=None)
    number = paging.step
    reached = steps[number].reached(state.now, state.stand_ins)
    why = (
        f"step_{number + 1}" if not paging.round else f"step_{number + 1}_round_{paging.round + 1}"
    )
    if reached:
        paging = tell(state, paging, reached, "firing", why, incidents)
        paging = replace(paging, repeat_at=_repeat_at(state, route))
    else:
        text = f"step {number + 1} of {route.escalation.name} reaches nobody at this time"
        for incident in incidents:
            state.decide("not_delivered", "nobody", text, incident=incident)
    return _next_step(state, paging, route.escalation, skipped=not reached)


def _next_step(state: State, paging: Paging, escalation: Escalation, *, skipped: bool) -> Paging:
    """A step that reached nobody is followed by the next one at once."""
    steps, following = escalation.steps, paging.step + 1
    if following < len(steps):
        wait = 0.0 if skipped else steps[following].after
        return replace(paging, step=following, step_at=state.now + wait)
    if paging.round < escalation.repeat:
        wait = max(SHORTEST_ROUND, steps[-1].after, steps[0].after)
        return replace(paging, step=0, round=paging.round + 1, step_at=state.now + wait)
    return replace(paging, step=following, step_at=None)


def _repeat_at(state: State, route: Route) -> float | None:
    return None if route.repeat is None else state.now + route.repeat
