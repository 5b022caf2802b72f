"""Who is told of an incident and when: its routes' steps, reminders, and its end."""

from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.engine.routing import Escalation, Route, takers
from sentinel.engine.state import State
from sentinel.model.alert import Alert, Incident, Paging
from sentinel.model.delivery import DeliveryIntent, Reason, Recipient


def begin(state: State, incident: Incident, alert: Alert) -> None:
    """Start the escalation of every route that takes the alert. Steps without delay run now;
    what other routes have begun for the incident goes on."""
    routes = _routes_for(state, alert)
    if not routes:
        labels = ", ".join(f'{name}="{value}"' for name, value in alert.labels.items())
        text = f"no route with an escalation takes {{{labels}}}"
        state.decide("not_delivered", "no_route", text, alert=alert.id, incident=incident.id)
        return
    anew = [_start(state, route) for route in routes]
    names = {route.name for route in routes}
    going = [one for one in incident.paging if one.route not in names]
    state.put_incident(replace(incident, paging=(*going, *anew)))
    run(state, incident.id)


def widen(state: State, incident: Incident, alert: Alert) -> None:
    """The incident has another root: start the routes that take that one and were not asked."""
    names = {one.route for one in incident.paging}
    more = [_start(state, r) for r in _routes_for(state, alert) if r.name not in names]
    if more:
        state.put_incident(replace(incident, paging=(*incident.paging, *more)))
        run(state, incident.id)


def resume(state: State, now: float) -> None:
    """Fit open incidents to the routes as they are now, after a start or a reload.

    One that none of its routes knows any more is paged by the routes that take it now: rather
    twice than never. A step that fell due while nothing ran is run now, so that the next one
    still leaves its people the time that the policy gives them.
    """
    for incident in [one for one in state.incidents.values() if one.state == "open"]:
        known = tuple(
            replace(one, step_at=None if one.step_at is None else max(one.step_at, now))
            for one in incident.paging
            if _escalation_of(state, one) is not None
        )
        if known != incident.paging:
            state.put_incident(replace(incident, paging=known))
        if not known:
            _begin_again(state, incident)


def run(state: State, number: int) -> None:
    """Run the steps and reminders of an incident that are due."""
    incident = state.incidents[number]
    if incident.state != "open":
        return
    paging = []
    for one in incident.paging:
        route = find(state.book.routes, one.route)
        if route is None or route.escalation is None:
            continue
        if one.step_at is not None and one.step_at <= state.now:
            incident, one = _run_step(state, incident, one, route)
        if one.repeat_at is not None and one.repeat_at <= state.now:
            one = replace(one, repeat_at=_repeat_at(state, route))
            reminded = _told_by(route.escalation, one.step)
            tell(state, incident, reminded, "reminder", "repeat_interval")
        paging.append(one)
    state.put_incident(replace(incident, paging=tuple(paging)))


def acknowledge(state: State, number: int, by: str) -> None:
    """Stop further steps and reminders. An incident that is not open stays as it is."""
    incident = state.incidents.get(number)
    if incident is None or incident.state != "open":
        text = f"{by} acknowledged it, but it is not open any more"
        state.decide("incident_acknowledged", "too_late", text, incident=number)
        return
    for alert in state.alerts_in(number):
        if alert.state == "firing":
            state.put_alert(state.window_of(alert), replace(alert, state="acknowledged"))
    state.put_incident(
        replace(incident, state="acknowledged", acknowledged=state.now, acknowledged_by=by)
    )
    text = f"{by} has it; no further steps or reminders"
    state.decide("incident_acknowledged", "person", text, incident=number)


def tell(
    state: State,
    incident: Incident,
    recipients: Sequence[Recipient],
    reason: Reason,
    why: str,
) -> None:
    for recipient in recipients:
        state.effects.deliveries.append(
            DeliveryIntent(
                recipient=recipient,
                reason=reason,
                incident=incident.id,
                severity=incident.severity,
                at=state.now,
            )
        )
        text = f"{reason} to {recipient.person or recipient.channel} by {recipient.channel}"
        state.decide("delivery_enqueued", why, text, incident=incident.id)


def find(root: Route, name: str) -> Route | None:
    if root.name == name:
        return root
    return next((route for child in root.routes if (route := find(child, name))), None)


def _begin_again(state: State, incident: Incident) -> None:
    alert = state.alerts.get(incident.root) or next(iter(state.alerts_in(incident.id)), None)
    if alert is not None and _routes_for(state, alert):
        begin(state, incident, alert)


def _routes_for(state: State, alert: Alert) -> list[Route]:
    return [route for route in takers(state.book.routes, alert.labels) if route.escalation]


def _escalation_of(state: State, paging: Paging) -> Escalation | None:
    route = find(state.book.routes, paging.route)
    return None if route is None else route.escalation


def _told_by(escalation: Escalation, steps: int) -> list[Recipient]:
    """Those of the first so many steps, each once."""
    return list(dict.fromkeys(r for step in escalation.steps[:steps] for r in step.recipients))


def _start(state: State, route: Route) -> Paging:
    assert route.escalation is not None
    wait = route.group_wait + route.escalation.steps[0].after
    return Paging(route.name, 0, state.now + wait)


def _run_step(
    state: State, incident: Incident, paging: Paging, route: Route
) -> tuple[Incident, Paging]:
    assert route.escalation is not None
    steps = route.escalation.steps
    # A reload may have shortened the escalation below the step that was next.
    if paging.step >= len(steps):
        return incident, replace(paging, step_at=None)
    step = steps[paging.step]
    why = f"step_{paging.step + 1}"
    tell(state, incident, step.recipients, "firing", why)
    following = paging.step + 1
    later = state.now + steps[following].after if following < len(steps) else None
    told = tuple(dict.fromkeys((*incident.told, *step.recipients)))
    advanced = Paging(route.name, following, later, _repeat_at(state, route))
    # Steps without a delay between them go out together.
    if later is not None and later <= state.now:
        return _run_step(state, replace(incident, told=told), advanced, route)
    return replace(incident, told=told), advanced


def _repeat_at(state: State, route: Route) -> float | None:
    return None if route.repeat is None else state.now + route.repeat
