"""Who is told of an incident and when: its routes' steps, reminders, news, and its end.

A paging is what one route tells of the incidents with one group key. It waits `group_wait` for
the first of them, tells news at most every `group_interval`, and runs its escalation until
somebody has acknowledged. Whatever gate closes, nothing is forgotten: what was due then is done
when it opens.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from sentinel.engine import escalation, gates
from sentinel.engine.effects import PagingKey
from sentinel.engine.routing import BY_INCIDENT, Escalation, Route, takers
from sentinel.engine.rules import encode_key
from sentinel.engine.state import State
from sentinel.engine.telling import (
    called,
    drop_held,
    folded_held,
    is_due,
    keep,
    less,
    renamed,
    tell,
    tell_ends,
    tell_held,
    worse,
)
from sentinel.model.alert import Alert, Incident
from sentinel.model.delivery import Reason, Recipient
from sentinel.model.paging import Paging


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


def widen(state: State, incident: Incident, alert: Alert, *, hold: float = 0.0) -> None:
    """The incident has another root: the routes that take that one and were not asked are."""
    asked = {route for route, _ in state.pagings_of.get(incident.id, ())}
    for route in _routes_for(state, alert):
        if route.name not in asked:
            _attach(state, route, incident, alert, hold=hold, raised=False)


def has_begun(state: State, incident: int) -> bool:
    """Whether some route tells of it, or will."""
    return incident in state.pagings_of


def has_told(state: State, incident: int) -> bool:
    """Whether somebody was called for it, those included who hear of it after their quiet hours."""
    return any(
        incident in paging.heard or any(incident in held.incidents for held in paging.held)
        for paging in (state.pagings[key] for key in state.pagings_of.get(incident, ()))
    )


def run(state: State, key: PagingKey, *, anew: bool = False) -> None:
    """Do what is due of one paging; `anew` tries a gate that need not be open yet."""
    paging = state.pagings.get(key)
    if paging is None:
        return
    route = state.routes.get(paging.route)
    paging = tell_ends(state, paging)
    paging = tell_held(state, paging)
    if paging.gate is not None and (anew or is_due(state, paging.gate.until)):
        paging = replace(paging, gate=None)
    own = (paging.flush_at, paging.step_at, paging.repeat_at)
    if paging.gate is None and route and any(is_due(state, time) for time in own):
        paging = escalation.advance(state, paging, route)
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


def end(state: State, ended: Incident) -> None:
    """The incident is over: whoever was told hears of it, with the group's next turn if others of
    the group go on."""
    incident = ended.id
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
            paging = replace(
                paging,
                over=(*paging.over, incident),
                over_at=over_at,
                over_severity=worse(paging.over_severity, ended.severity),
            )
        state.put_paging(paging)
        run(state, key)


def acknowledged(state: State, incident: int) -> None:
    """No further steps or reminders, unless others of the group are still open."""
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = drop_held(state, state.pagings[key], incident, "acknowledged")
        if incident not in paging.heard:
            text = f"it was taken before the route {paging.route} told anybody"
            state.decide("not_delivered", "acknowledged", text, incident=incident)
        blocked = {n: reason for n, reason in paging.blocked.items() if n != incident}
        paging = replace(paging, news=less(paging.news, incident), blocked=blocked)
        if not any(state.incidents[n].state == "open" for n in paging.incidents):
            stood = paging.step or paging.stood
            paging = replace(paging, step=0, round=0, stood=stood)
            paging = replace(paging, step_at=None, repeat_at=None, flush_at=None)
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
    news = (*less(paging.news, incident), incident)
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


def escalate(state: State, incident: int) -> None:
    """Run the next step of each of the open incident's pagings now. After the last step the first
    one is next. What an acknowledgement has put to rest goes on from where it stood."""
    if not has_begun(state, incident):
        _begin_again(state, state.incidents[incident])
    for key in sorted(state.pagings_of.get(incident, ())):
        _escalate(state, key, incident)
    # What is kept quiet begins anew when that ends.
    wake(state, incident)


def _escalate(state: State, key: PagingKey, incident: int) -> None:
    paging = state.pagings[key]
    route = state.routes.get(paging.route)
    if route is None or route.escalation is None:
        return
    gate = gates.last_to_open(
        gates.of_route(route, state.now), gates.of_incident(state, state.incidents[incident])
    )
    if gate is not None:
        state.decide("not_delivered", gate.reason, gate.text, incident=incident)
        return
    if incident in paging.news:
        begins = paging.step == 0 or paging.anew
        state.put_paging(replace(paging, flush_at=state.now, gate=None))
        run(state, key)
        paging = state.pagings[key]
        if begins and paging.step > 0:
            # Its first step has just run.
            return
    step, round = paging.step or paging.stood, paging.round
    if step >= len(route.escalation.steps):
        step, round = 0, round + 1
    state.put_paging(replace(paging, step=step, round=round, step_at=state.now, gate=None))
    run(state, key)


def fold(state: State, incident: int, into: int) -> None:
    """What was told, and is to be told, of one incident goes on as the other's. Who was told of it
    hears that, lest they wait for its end."""
    apart = _told_apart(state, incident, into)
    own = encode_key({BY_INCIDENT[0]: str(incident)})
    for key in sorted(state.pagings_of.get(incident, ())):
        paging = folded_held(state, state.pagings[key], incident, into)
        told = any(one in paging.incidents and one not in paging.news for one in (incident, into))
        news = less(less(paging.news, incident), into)
        moved = replace(
            paging,
            key=encode_key({BY_INCIDENT[0]: str(into)}) if paging.key == own else paging.key,
            incidents=tuple(dict.fromkeys((*less(paging.incidents, incident), into))),
            news=news if told else (*news, into),
            heard=renamed(paging.heard, incident, into),
        )
        if moved.key == paging.key:
            state.put_paging(moved)
            continue
        state.put_paging(replace(paging, incidents=(), news=(), over=(), held=()))
        there = state.pagings.get((moved.route, moved.key))
        state.put_paging(_merged(there, moved, into) if there else moved)
    if apart:
        key = min(state.pagings_of[into])
        state.put_paging(tell(state, state.pagings[key], apart, "folded", "folded", [incident]))


def _told_apart(state: State, incident: int, into: int) -> tuple[Recipient, ...]:
    """Who was told of the incident, but for those who heard of both in the messages of one group,
    and for what is kept quiet."""
    told: dict[Recipient, None] = {}
    for key in sorted(state.pagings_of.get(incident, ())):
        paging, route = state.pagings[key], state.routes.get(key[0])
        if incident not in paging.heard or into in paging.heard or route is None:
            continue
        gate = gates.last_to_open(
            gates.of_route(route, state.now), gates.of_incident(state, state.incidents[incident])
        )
        if gate is None:
            told |= dict.fromkeys(paging.told)
        else:
            state.decide("not_delivered", gate.reason, gate.text, incident=incident)
    return tuple(told)


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
    _tell_each(state, told, incident, reason, why)


def tell_others(state: State, incident: int, informed: Collection[str]) -> None:
    """Tell those who were told of the incident who has it now, each once; but for the people who
    are `informed`, and for what is kept quiet."""
    told: dict[Recipient, PagingKey] = {}
    for key in sorted(state.pagings_of.get(incident, ())):
        paging, route = state.pagings[key], state.routes.get(key[0])
        if incident not in paging.heard or route is None:
            continue
        own = [one for one in paging.told if one.person not in informed]
        gate = gates.last_to_open(
            gates.of_route(route, state.now), gates.of_incident(state, state.incidents[incident])
        )
        if gate is None:
            told |= dict.fromkeys(own, key)
        elif own:
            state.decide("not_delivered", gate.reason, gate.text, incident=incident)
    _tell_each(state, told, incident, "acknowledged", "acknowledged")


def tell_assigned(state: State, incident: int, recipients: Sequence[Recipient]) -> None:
    """Tell somebody who was given the incident, and who hears of it from now on."""
    key = min(state.pagings_of.get(incident, ()), default=None)
    # Where no route tells of it there is nobody else who would hear of its end, either.
    paging = Paging(route="", key="") if key is None else state.pagings[key]
    paging = tell(state, paging, recipients, "assigned", "assigned", [incident])
    if key is not None:
        state.put_paging(paging)


def remind_of_ack(state: State, incident: int, by: str) -> None:
    """Tell whoever has it, or all who were told if that person was not, that the acknowledgement
    is about to run out."""
    told: dict[Recipient, PagingKey] = {}
    for key in sorted(state.pagings_of.get(incident, ())):
        told |= {one: key for one in state.pagings[key].told if one not in told}
    own = {one: key for one, key in told.items() if one.person == by}
    for recipient, key in (own or told).items():
        paging = tell(
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
    free, closed = escalation.by_gate(state, paging, state.routes[paging.route])
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
            incidents=(*less(paging.incidents, number), number),
            news=(*less(paging.news, number), number),
            anew=paging.anew or raised,
            flush_at=at,
        )
    )
    stir(state, [key])
    run(state, key)


def _group_key(route: Route, incident: Incident, alert: Alert) -> str:
    own = {**alert.labels, BY_INCIDENT[0]: str(incident.id)}
    return encode_key({name: own.get(name, "") for name in route.group_by})


def _without(state: State, paging: Paging, incident: int) -> Paging:
    paging = drop_held(state, paging, incident, "recovered")
    return replace(
        paging,
        incidents=less(paging.incidents, incident),
        news=less(paging.news, incident),
        heard=less(paging.heard, incident),
        blocked={n: reason for n, reason in paging.blocked.items() if n != incident},
    )


def _merged(kept: Paging, other: Paging, incident: int) -> Paging:
    """Two pagings of one route for one incident: what has come further decides."""
    told = tuple(dict.fromkeys((*kept.told, *other.told)))
    further = kept if called(kept) or not called(other) else other
    both_new = incident in kept.news and incident in other.news
    whole = replace(further, held=kept.held)
    for held in other.held:
        whole = keep(whole, held)
    return replace(
        whole,
        incidents=tuple(dict.fromkeys((*kept.incidents, *other.incidents))),
        news=tuple(n for n in dict.fromkeys((*kept.news, *other.news)) if n != incident)
        + ((incident,) if both_new else ()),
        heard=tuple(dict.fromkeys((*kept.heard, *other.heard))),
        over=tuple(dict.fromkeys((*kept.over, *other.over))),
        over_at=kept.over_at if kept.over_at is not None else other.over_at,
        over_severity=worse(kept.over_severity, other.over_severity),
        told=told,
    )


def _tell_each(
    state: State, told: Mapping[Recipient, PagingKey], incident: int, reason: Reason, why: str
) -> None:
    """To each as a part of the paging that it goes with."""
    for key in dict.fromkeys(told.values()):
        recipients = [recipient for recipient, where in told.items() if where == key]
        state.put_paging(tell(state, state.pagings[key], recipients, reason, why, (incident,)))


def _routes_for(state: State, alert: Alert) -> list[Route]:
    return [route for route in takers(state.book.routes, alert.labels) if route.escalation]


def _interval(state: State, paging: Paging) -> float:
    route = state.routes.get(paging.route)
    return 0.0 if route is None else route.group_interval
