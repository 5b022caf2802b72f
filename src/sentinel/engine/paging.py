"""Who is told of an incident and when: its routes' steps, reminders, news, and its end.

A paging is what one route tells of the incidents with one group key. It waits `group_wait` for
the first of them, tells news at most every `group_interval`, and runs its escalation until
somebody has acknowledged. Whatever gate closes, nothing is forgotten: what was due then is done
when it opens.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from sentinel.engine import gates
from sentinel.engine.effects import PagingKey
from sentinel.engine.quiet import quiet_until
from sentinel.engine.routing import BY_INCIDENT, Escalation, Route, takers
from sentinel.engine.rules import encode_key
from sentinel.engine.state import State
from sentinel.model.alert import SEVERITY_RANK, Alert, AlertSeverity, Incident
from sentinel.model.delivery import DeliveryIntent, Reason, Recipient
from sentinel.model.paging import Gate, Held, Paging

# A round of an escalation does not begin again sooner than this after its last step.
SHORTEST_ROUND = 300.0


def begin(
    state: State, incident: Incident, alert: Alert, *, hold: float = 0.0, raised: bool = False
) -> None:
    """Let every route that takes the alert tell of its incident, after `hold` seconds at the
    earliest. What other routes have begun for the incident goes on. `raised` begins the
    escalation anew, and does not wait for the group's next turn."""
    routes = _routes_for(state, alert)
    if not routes:
        labels = ", ".join(f'{name}="{value}"' for name, value in alert.labels.items())
        text = f"no route with an escalation takes {{{labels}}}"
        state.decide("not_delivered", "no_route", text, alert=alert.id, incident=incident.id)
    for route in routes:
        _attach(state, route, incident, alert, hold=hold, raised=raised)


def widen(state: State, incident: Incident, alert: Alert) -> None:
    """The incident has another root: the routes that take that one and were not asked are."""
    asked = {route for route, _ in state.pagings_of.get(incident.id, ())}
    for route in _routes_for(state, alert):
        if route.name not in asked:
            _attach(state, route, incident, alert, hold=0.0, raised=False)


def has_begun(state: State, incident: int) -> bool:
    """Whether some route tells of it, or will."""
    return incident in state.pagings_of


def run(state: State, key: PagingKey, *, anew: bool = False) -> None:
    """Do what is due of one paging; `anew` tries a gate that need not be open yet."""
    paging = state.pagings.get(key)
    if paging is None:
        return
    route = state.routes.get(paging.route)
    paging = _tell_ends(state, paging)
    paging = _tell_held(state, paging)
    if paging.gate is not None and (anew or _is_due(state, paging.gate.until)):
        paging = replace(paging, gate=None)
    own = (paging.flush_at, paging.step_at, paging.repeat_at)
    if paging.gate is None and route and any(_is_due(state, time) for time in own):
        paging = _pass(state, paging, route)
    state.put_paging(paging)


def stir(state: State, keys: Iterable[PagingKey] | None = None) -> None:
    """Something that kept pagings quiet has ended, or may have: look at those anew. All that wait
    for something without a known time, if none are named."""
    for key in sorted(state.stalled if keys is None else set(keys) & state.stalled):
        paging = state.pagings[key]
        flush_at = state.now if paging.news and paging.flush_at is None else paging.flush_at
        state.put_paging(replace(paging, flush_at=flush_at))
        run(state, key, anew=True)


def stir_incident(state: State, incident: int) -> None:
    stir(state, state.pagings_of.get(incident, ()))


def end(state: State, incident: int) -> None:
    """The incident is over: whoever was told hears of it, with the group's next turn if others of
    the group go on."""
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = state.pagings[key]
        was_told = incident in paging.heard and bool(paging.told)
        if not was_told:
            text = f"it was over before the route {paging.route} told anybody"
            state.decide("not_delivered", "recovered", text, incident=incident)
        paging = _without(state, paging, incident)
        if was_told:
            last = not paging.incidents
            turn = (paging.flushed or 0.0) + _interval(state, paging)
            over_at = state.now if last else max(state.now, turn)
            severity = _severest(state, [incident])
            paging = replace(
                paging,
                over=(*paging.over, incident),
                over_at=over_at,
                over_severity=_worse(paging.over_severity, severity),
            )
        state.put_paging(paging)
        run(state, key)


def acknowledged(state: State, incident: int) -> None:
    """No further steps or reminders, unless others of the group are still open."""
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = _drop_held(state, state.pagings[key], incident, "acknowledged")
        if incident not in paging.heard:
            text = f"it was taken before the route {paging.route} told anybody"
            state.decide("not_delivered", "acknowledged", text, incident=incident)
        blocked = {n: reason for n, reason in paging.blocked.items() if n != incident}
        paging = replace(paging, news=_less(paging.news, incident), blocked=blocked)
        if not any(state.incidents[n].state == "open" for n in paging.incidents):
            paging = replace(paging, step=0, round=0, step_at=None, repeat_at=None, flush_at=None)
        state.put_paging(replace(paging, gate=None) if not paging.news else paging)


def again(state: State, incident: int) -> None:
    """Nobody has it any more: the escalation begins anew."""
    # A reload may have taken the routes that told of it.
    if not has_begun(state, incident):
        _begin_again(state, state.incidents[incident])
        return
    for key in sorted(state.pagings_of.get(incident, ())):
        _again(state, key, incident)


def _again(state: State, key: PagingKey, incident: int) -> None:
    paging = state.pagings[key]
    news = (*_less(paging.news, incident), incident)
    state.put_paging(replace(paging, news=news, anew=True, flush_at=state.now, gate=None))
    run(state, key)


def wake(state: State, incident: int) -> None:
    """If the incident is open, what an acknowledgement has put to rest begins anew."""
    if state.incidents[incident].state != "open":
        return
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = state.pagings[key]
        if incident not in paging.news and paging.step == 0 and paging.step_at is None:
            _again(state, key, incident)


def fold(state: State, incident: int, into: int) -> None:
    """What was told, and is to be told, of one incident goes on as the other's."""
    own = encode_key({BY_INCIDENT[0]: str(incident)})
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = _folded_held(state, state.pagings[key], incident, into)
        told = any(one in paging.incidents and one not in paging.news for one in (incident, into))
        news = _less(_less(paging.news, incident), into)
        moved = replace(
            paging,
            key=encode_key({BY_INCIDENT[0]: str(into)}) if paging.key == own else paging.key,
            incidents=tuple(dict.fromkeys((*_less(paging.incidents, incident), into))),
            news=news if told else (*news, into),
            heard=_renamed(paging.heard, incident, into),
        )
        if moved.key == paging.key:
            state.put_paging(moved)
            continue
        state.put_paging(replace(paging, incidents=(), news=(), over=(), held=()))
        there = state.pagings.get((moved.route, moved.key))
        state.put_paging(_merged(there, moved, into) if there else moved)


def tell_told(state: State, incident: int, reason: Reason, why: str) -> None:
    """Tell those who were told of the incident something more about it, each once."""
    told: dict[Recipient, PagingKey] = {}
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = state.pagings[key]
        if incident in paging.news or incident not in paging.heard:
            continue
        if paging.gate is not None:
            state.decide("not_delivered", paging.gate.reason, paging.gate.text, incident=incident)
            continue
        told |= {recipient: key for recipient in paging.told if recipient not in told}
    for key in dict.fromkeys(told.values()):
        recipients = [recipient for recipient, where in told.items() if where == key]
        state.put_paging(_tell(state, state.pagings[key], recipients, reason, why, (incident,)))


def remind_of_ack(state: State, incident: int, by: str) -> None:
    """Tell whoever has it, or all who were told if that person was not, that the acknowledgement
    is about to run out."""
    told: dict[Recipient, PagingKey] = {}
    for key in sorted(state.pagings_of.get(incident, ())):
        told |= {one: key for one in state.pagings[key].told if one not in told}
    own = {one: key for one, key in told.items() if one.person == by}
    for recipient, key in (own or told).items():
        paging = _tell(
            state, state.pagings[key], [recipient], "ack_expiring", "ack_timeout", [incident]
        )
        state.put_paging(paging)


def hurry(state: State, incident: int) -> None:
    """What the incident's people might have been spared is not: they hear now, if nobody has."""
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = state.pagings[key]
        if incident in paging.news and paging.flush_at is not None:
            state.put_paging(replace(paging, flush_at=min(paging.flush_at, state.now)))
            run(state, key)
        waiting = state.pagings.get(key)
        if waiting is not None and not waiting.told and waiting.step_at is not None:
            state.put_paging(replace(waiting, step_at=min(waiting.step_at, state.now)))
            run(state, key)


def escalations_of(state: State, incident: int) -> list[Escalation]:
    routes = (state.routes.get(route) for route, _ in sorted(state.pagings_of.get(incident, ())))
    return [route.escalation for route in routes if route and route.escalation]


def resume(state: State) -> None:
    """Fit pagings to the routes as they are now, after a start or a reload.

    An open incident that none of its routes knows any more is paged by the routes that take it
    now: rather twice than never. A step that fell due while nothing ran is run now, so that the
    next one still leaves its people the time that the policy gives them.
    """
    for _, paging in sorted(state.pagings.items()):
        route = state.routes.get(paging.route)
        if route is None or route.escalation is None:
            text = f"the route {paging.route}, which told of it, is not configured any more"
            for number in paging.incidents:
                state.decide("not_delivered", "no_route", text, incident=number)
            state.put_paging(replace(paging, incidents=(), news=(), over=(), held=()))
        elif paging.step_at is not None and paging.step_at < state.now:
            state.put_paging(replace(paging, step_at=state.now))
    for incident in [one for one in state.incidents.values() if one.state == "open"]:
        if incident.id not in state.pagings_of:
            _begin_again(state, incident)
    # Gates may have changed with the configuration.
    stir(state, [key for key in state.stalled if not _stays_quiet(state, state.pagings[key])])


def _stays_quiet(state: State, paging: Paging) -> bool:
    """Whether it is kept quiet for at least as long as is known of it. A restart then finds no more
    to say than a run that went on."""
    free, closed = _by_gate(state, paging, state.routes[paging.route])
    if paging.gate is None:
        free = [number for number in free if number in paging.news]
        closed = {number: gate for number, gate in closed.items() if number in paging.news}
    if free or not closed:
        return not free
    until = gates.first_to_open(closed.values()).until
    known = None if paging.gate is None else paging.gate.until
    return until is None or (known is not None and until >= known)


def _begin_again(state: State, incident: Incident) -> None:
    root = state.alerts.get(incident.root)
    for alert in ([] if root is None else [root]) + state.alerts_in(incident.id):
        if _routes_for(state, alert):
            begin(state, incident, alert)
            return


def _attach(
    state: State, route: Route, incident: Incident, alert: Alert, *, hold: float, raised: bool
) -> None:
    # One that tells of the incident already goes on, whatever the labels of this alert.
    known = (key for key in sorted(state.pagings_of.get(incident.id, ())) if key[0] == route.name)
    key = next(known, (route.name, _group_key(route, incident, alert)))
    paging = state.pagings.get(key) or Paging(route=key[0], key=key[1])
    if paging.flushed is None or raised:
        at = state.now + max(route.group_wait, hold)
    else:
        at = max(state.now + hold, paging.flushed + route.group_interval)
    if paging.flush_at is not None:
        at = min(at, paging.flush_at)
    number = incident.id
    state.put_paging(
        replace(
            paging,
            incidents=(*_less(paging.incidents, number), number),
            news=(*_less(paging.news, number), number),
            anew=paging.anew or raised,
            flush_at=at,
        )
    )
    stir(state, [key])
    run(state, key)


def _group_key(route: Route, incident: Incident, alert: Alert) -> str:
    own = {**alert.labels, BY_INCIDENT[0]: str(incident.id)}
    return encode_key({name: own.get(name, "") for name in route.group_by})


def _pass(state: State, paging: Paging, route: Route) -> Paging:
    """Through the gates, and then what is due: news, the next step, a reminder."""
    assert route.escalation is not None
    free, closed = _by_gate(state, paging, route)
    if closed and not free:
        return replace(_blocked(state, paging, closed), gate=gates.first_to_open(closed.values()))
    is_freed = paging.flush_at is None and any(number in free for number in paging.news)
    if is_freed or _is_due(state, paging.flush_at):
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
    if _is_due(state, paging.repeat_at):
        repeat_at = None if route.repeat is None else state.now + route.repeat
        paging = replace(paging, repeat_at=repeat_at)
        told = [number for number in free if number not in paging.news]
        paging = _tell(state, paging, paging.told, "reminder", "repeat_interval", told)
    return paging


def _by_gate(state: State, paging: Paging, route: Route) -> tuple[list[int], dict[int, Gate]]:
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
        paging = _tell(state, paging, _called(paging), "firing", "group_interval", fresh)
        return replace(paging, repeat_at=_repeat_at(state, route))
    step_at = state.now + route.escalation.steps[0].after
    return replace(paging, step=0, round=0, step_at=step_at)


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
    reached = steps[number].reached(state.now)
    why = (
        f"step_{number + 1}" if not paging.round else f"step_{number + 1}_round_{paging.round + 1}"
    )
    if reached:
        paging = _tell(state, paging, reached, "firing", why, incidents)
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


def _tell_ends(state: State, paging: Paging) -> Paging:
    if not paging.over or not _is_due(state, paging.over_at):
        return paging
    over, severity = paging.over, paging.over_severity
    paging = replace(paging, over=(), over_at=None, over_severity="info")
    return _tell(state, paging, paging.told, "resolved", "recovered", over, severity)


def _tell_held(state: State, paging: Paging) -> Paging:
    """Messages whose recipients' quiet hours are over. What has been acknowledged meanwhile is
    no longer among them."""
    due = [one for one in paging.held if one.until <= state.now]
    paging = replace(paging, held=tuple(one for one in paging.held if one.until > state.now))
    for one in due:
        to, why = [one.recipient], "quiet_hours_over"
        paging = _tell(state, paging, to, one.reason, why, one.incidents, one.severity)
    return paging


def _tell(
    state: State,
    paging: Paging,
    recipients: Sequence[Recipient],
    reason: Reason,
    why: str,
    incidents: Sequence[int],
    severity: AlertSeverity | None = None,
) -> Paging:
    """One message to each for all of the incidents; to whom it is quiet now, later. `severity` is
    needed where the incidents may be over."""
    if not incidents:
        return paging
    severity = severity or _severest(state, incidents)
    lead, *others = sorted(incidents, key=lambda number: (-_rank_of(state, number), number))
    for recipient in recipients:
        quiet = state.book.quiet.get(recipient.person or "")
        until = quiet_until(quiet, state.now, severity) if quiet else None
        if until is not None:
            held = Held(until, recipient, reason, tuple(incidents), severity)
            paging = _hold(state, paging, held)
            continue
        if reason == "firing":
            own = [number for number in incidents if number in paging.incidents]
            paging = replace(
                paging,
                told=tuple(dict.fromkeys((*paging.told, recipient))),
                heard=tuple(dict.fromkeys((*paging.heard, *own))),
            )
        state.effects.deliveries.append(
            DeliveryIntent(
                recipient=recipient,
                reason=reason,
                incident=lead,
                severity=severity,
                at=state.now,
                also=tuple(others),
            )
        )
        text = f"{reason} to {recipient.person or recipient.channel} by {recipient.channel}"
        for number in incidents:
            state.decide("delivery_enqueued", why, text, incident=number)
    return paging


def _severest(state: State, incidents: Sequence[int]) -> AlertSeverity:
    found = [state.incidents[n].severity for n in incidents if n in state.incidents]
    return max(found, key=lambda one: SEVERITY_RANK[one], default="info")


def _worse(one: AlertSeverity, other: AlertSeverity) -> AlertSeverity:
    return max(one, other, key=lambda severity: SEVERITY_RANK[severity])


def _rank_of(state: State, incident: int) -> int:
    known = state.incidents.get(incident)
    return -1 if known is None else SEVERITY_RANK[known.severity]


def _hold(state: State, paging: Paging, held: Held) -> Paging:
    """A reminder is not kept for later, and the same is kept once."""
    person = held.recipient.person
    text = f"{person} has quiet hours: {held.reason} by {held.recipient.channel} waits"
    if held.reason == "reminder":
        text = f"{person} has quiet hours: the reminder is left out"
    for number in held.incidents:
        state.decide("not_delivered", "quiet_hours", text, incident=number)
    if held.reason == "reminder":
        return paging
    return _keep(paging, held)


def _keep(paging: Paging, held: Held) -> Paging:
    same = [
        one for one in paging.held if (one.recipient, one.reason) == (held.recipient, held.reason)
    ]
    incidents = tuple(dict.fromkeys(n for one in (*same, held) for n in one.incidents))
    others = tuple(one for one in paging.held if one not in same)
    return replace(paging, held=(*others, replace(held, incidents=incidents)))


def _drop_held(state: State, paging: Paging, incident: int, reason: str) -> Paging:
    """What was kept for the end of quiet hours is not wanted any more."""
    kept = []
    for one in paging.held:
        if incident not in one.incidents or one.reason == "resolved":
            kept.append(one)
            continue
        text = f"{one.reason} to {one.recipient.person} had waited for the end of quiet hours"
        state.decide("not_delivered", reason, text, incident=incident)
        if rest := _less(one.incidents, incident):
            kept.append(replace(one, incidents=rest))
    return replace(paging, held=tuple(kept))


def _folded_held(state: State, paging: Paging, incident: int, into: int) -> Paging:
    """Who is to hear of an incident after quiet hours hears of that in which it goes on, unless
    somebody has that one."""
    if state.incidents[into].state != "open":
        return _drop_held(state, paging, incident, "folded")
    held = (replace(one, incidents=_renamed(one.incidents, incident, into)) for one in paging.held)
    return replace(paging, held=tuple(held))


def _called(paging: Paging) -> tuple[Recipient, ...]:
    """Who was called so far, those included who are to hear of it after their quiet hours."""
    waiting = (one.recipient for one in paging.held if one.reason == "firing")
    return tuple(dict.fromkeys((*paging.told, *waiting)))


def _without(state: State, paging: Paging, incident: int) -> Paging:
    paging = _drop_held(state, paging, incident, "recovered")
    return replace(
        paging,
        incidents=_less(paging.incidents, incident),
        news=_less(paging.news, incident),
        heard=_less(paging.heard, incident),
        blocked={n: reason for n, reason in paging.blocked.items() if n != incident},
    )


def _merged(kept: Paging, other: Paging, incident: int) -> Paging:
    """Two pagings of one route for one incident: what has come further decides."""
    told = tuple(dict.fromkeys((*kept.told, *other.told)))
    further = kept if _called(kept) or not _called(other) else other
    both_new = incident in kept.news and incident in other.news
    whole = replace(further, held=kept.held)
    for held in other.held:
        whole = _keep(whole, held)
    return replace(
        whole,
        incidents=tuple(dict.fromkeys((*kept.incidents, *other.incidents))),
        news=tuple(n for n in dict.fromkeys((*kept.news, *other.news)) if n != incident)
        + ((incident,) if both_new else ()),
        heard=tuple(dict.fromkeys((*kept.heard, *other.heard))),
        over=tuple(dict.fromkeys((*kept.over, *other.over))),
        over_at=kept.over_at if kept.over_at is not None else other.over_at,
        over_severity=_worse(kept.over_severity, other.over_severity),
        told=told,
    )


def _routes_for(state: State, alert: Alert) -> list[Route]:
    return [route for route in takers(state.book.routes, alert.labels) if route.escalation]


def _interval(state: State, paging: Paging) -> float:
    route = state.routes.get(paging.route)
    return 0.0 if route is None else route.group_interval


def _repeat_at(state: State, route: Route) -> float | None:
    return None if route.repeat is None else state.now + route.repeat


def _is_due(state: State, time: float | None) -> bool:
    return time is not None and time <= state.now


def _renamed(numbers: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(new if number == old else number for number in numbers))


def _less(numbers: tuple[int, ...], gone: int) -> tuple[int, ...]:
    return tuple(number for number in numbers if number != gone)
