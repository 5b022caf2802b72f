"""Gates: what keeps an incident from being told of. Each gives its reason and, where that is
known, the moment at which it opens."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from sentinel.engine.book import Book
from sentinel.engine.inhibition import Inhibition
from sentinel.engine.intervals import covered_until, covers, next_cover
from sentinel.engine.matchers import Matchers, all_hold
from sentinel.engine.routing import Route
from sentinel.engine.state import State
from sentinel.model.alert import Alert, Incident
from sentinel.model.paging import Gate
from sentinel.model.silence import Silence


class Surroundings(Protocol):
    """What the gates of an alert depend on: a part of the engine's state."""

    @property
    def book(self) -> Book: ...
    @property
    def now(self) -> float: ...
    @property
    def alerts(self) -> Mapping[int, Alert]: ...
    @property
    def silences(self) -> Mapping[int, Silence]: ...
    @property
    def matchers_of(self) -> Mapping[int, Matchers]: ...
    @property
    def inhibition(self) -> Inhibition: ...


def of_route(route: Route, now: float) -> Gate | None:
    """Mute times, and the times outside which a route is not active."""
    if covers(route.muted, now):
        until = covered_until(route.muted, now)
        return Gate("muted", f"the route {route.name} is muted at this time", until)
    if route.active and not covers(route.active, now):
        until = next_cover(route.active, now)
        return Gate("muted", f"the route {route.name} is not active at this time", until)
    return None


def of_incident(state: State, incident: Incident) -> Gate | None:
    """An incident is kept quiet while each of its alerts is."""
    gates = []
    for alert in state.alerts_in(incident.id):
        gate = of_alert(state, alert)
        if gate is None:
            return None
        gates.append(gate)
    return _joined(gates)


def of_alert(state: State, alert: Alert) -> Gate | None:
    """The gate that stays closed for longest; one without a known end goes before all."""
    return last_to_open(*closed_for(state, alert))


def is_quiet(state: State, alert: Alert) -> bool:
    return next(closed_for(state, alert), None) is not None


def last_to_open(*found: Gate | None) -> Gate | None:
    """None where there is no gate at all."""
    return max((gate for gate in found if gate is not None), key=_end, default=None)


def first_to_open(gates: Iterable[Gate]) -> Gate:
    return min(gates, key=_end)


def closed_for(state: Surroundings, alert: Alert) -> Iterator[Gate]:
    """Every gate that keeps the alert quiet now, but for those of its routes."""
    for number, matchers in state.matchers_of.items():
        silence = state.silences[number]
        if silence.starts <= state.now and all_hold(matchers, alert.labels):
            words = f": {silence.comment}" if silence.comment else ""
            text = f"{silence.author} has silenced it (silence {number}{words})"
            yield Gate("silenced", text, silence.ends)
    for one in state.book.maintenance:
        if covers(one.during, state.now) and all_hold(one.matchers, alert.labels):
            text = f"the maintenance {one.name} is on"
            yield Gate("maintenance", text, covered_until(one.during, state.now))
    for rule, source in state.inhibition.sources_of(alert):
        firing = state.alerts[source]
        text = f"alert {source} ({firing.rule}) inhibits it by {rule.name}"
        yield Gate("inhibited", text)


def _joined(gates: list[Gate]) -> Gate | None:
    """What is kept quiet for several reasons is free as soon as one alert is."""
    return first_to_open(gates) if gates else None


def _end(gate: Gate) -> float:
    return float("inf") if gate.until is None else gate.until
