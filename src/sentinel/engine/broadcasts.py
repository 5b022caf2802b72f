"""What clients are told of incidents: a broadcast begins with what an entry of `broadcasts:` takes,
says what is found out, and ends once its incident has been over for a while.

Every update goes the same way: it is held, published or left as a draft, and whatever has not gone
out when it is overtaken never does. Where nothing was ever published nobody hears of the end.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.engine import correlation, gates, remedies
from sentinel.engine.broadcast_rules import BroadcastRule
from sentinel.engine.broadcast_state import all_clear_at
from sentinel.engine.broadcast_words import LAST_WORDS, SUMMARY, listed, moment, worded
from sentinel.engine.rests import wait_of
from sentinel.engine.routing import takers
from sentinel.engine.state import State
from sentinel.engine.timers import Subject
from sentinel.model.alert import SEVERITY_RANK, Alert, AlertSeverity, Incident
from sentinel.model.broadcast import LAST_PHASES, Broadcast, Phase, Update
from sentinel.model.delivery import DeliveryIntent, Recipient
from sentinel.model.values import Duration

HIDDEN = "[…]"
_INTERNAL = ("host", "service", "component", "environment", "release", "project")
_OWN: tuple[Phase, ...] = ("correction", "postmortem")
"""These say nothing of how far it has come."""


def follow(state: State) -> None:
    """Bring the broadcasts in line with the incidents that have changed."""
    told = state.broadcasts
    touched, told.touched = told.touched, {}
    folded, told.folded = told.folded, {}
    for number, into in folded.items():
        _fold(state, number, into)
    for number, changed in sorted(touched.items()):
        _follow(state, number, _among(state, number, changed))


def stir(state: State) -> None:
    """Something that kept alerts quiet has ended, or may have."""
    state.broadcasts.touched.update(dict.fromkeys(state.incidents))


def on_timer(state: State, number: int) -> None:
    """A held update is due, or the end is certain enough to be told."""
    for update in state.broadcasts.said(number):
        due = update.publish_at
        if update.state == "held" and due is not None and due <= state.now:
            publish(state, update, "", "nobody stopped it")
    broadcast = state.broadcasts.known.get(number)
    if broadcast is None or broadcast.ended is not None or broadcast.cleared is None:
        return
    if all_clear_at(broadcast, state.book.broadcast(broadcast.rule)) <= state.now:
        _all_clear(state, broadcast)


def publish(state: State, update: Update, by: str, why: str) -> None:
    """From now on it goes out. What an automatic update has overtaken never does."""
    told = state.broadcasts
    broadcast = told.known[update.broadcast]
    published = replace(update, state="published", published=state.now, publish_at=None, by=by)
    ends = update.phase in LAST_PHASES
    if update.phase not in _OWN:
        broadcast = replace(
            broadcast,
            phase=update.phase,
            ended=state.now if ends and broadcast.ended is None else broadcast.ended,
        )
    reason = "person" if by else "automatic"
    text = f"update {update.id} of broadcast {broadcast.id}, {_name(update.phase)}: "
    state.decide(
        "update_published", reason, text + (by or why), incident=broadcast.incident, rule=None
    )
    state.put_update(published)
    if update.phase not in _OWN:
        overtaken = f"{_name(update.phase)} was published"
        for other in told.said(broadcast.id):
            if other.waits and (ends or other.id < update.id):
                drop(state, other, "overtaken", overtaken)
    if broadcast.incident is not None:
        # What was found out while it was held can be said now.
        told.touch(broadcast.incident)
    state.put_broadcast(broadcast)


def drop(state: State, update: Update, reason: str, text: str, by: str = "") -> None:
    """It never goes out."""
    said = f"{by} stopped it" if by else text
    state.put_update(replace(update, state="vetoed", publish_at=None, by=by, reason=said))
    state.decide(
        "update_vetoed",
        reason,
        f"update {update.id} of broadcast {update.broadcast}, {_name(update.phase)}: {said}",
        incident=state.broadcasts.known[update.broadcast].incident,
    )


def end(state: State, broadcast: Broadcast, reason: str, text: str) -> None:
    """Nothing more is said; whatever waits never goes out."""
    for update in state.broadcasts.said(broadcast.id):
        if update.waits:
            drop(state, update, reason, text)
    state.put_broadcast(replace(broadcast, ended=state.now))
    state.decide(
        "broadcast_ended",
        reason,
        f"broadcast {broadcast.id} ({broadcast.title}): {text}",
        incident=broadcast.incident,
    )


def unseen(state: State, seconds: float) -> None:
    """Nobody could stop anything for so long, nor see that it is over."""
    for broadcast in list(state.broadcasts.known.values()):
        for update in state.broadcasts.said(broadcast.id):
            if update.state == "held" and update.publish_at is not None:
                state.put_update(replace(update, publish_at=update.publish_at + seconds))
        if broadcast.ended is None and broadcast.cleared is not None:
            state.put_broadcast(replace(broadcast, cleared=broadcast.cleared + seconds))


def stepped_back(state: State) -> None:
    """What was over by a clock that was far ahead is over since now."""
    for broadcast in list(state.broadcasts.known.values()):
        if broadcast.ended is None and broadcast.cleared is not None:
            cleared = min(broadcast.cleared, state.now)
            state.put_broadcast(replace(broadcast, cleared=cleared))


def is_told(state: State, number: int) -> bool:
    """Whether anything of the broadcast was published."""
    return any(one.state == "published" for one in state.broadcasts.said(number))


def _among(state: State, incident: int, changed: set[int] | None) -> list[Alert]:
    """The alerts of an incident that changed, oldest first: of a storm it has thousands, and each
    comes by here."""
    if changed is None:
        return state.alerts_in(incident)
    members = state.members.get(incident, set())
    return [state.alerts[number] for number in sorted(changed & members)]


def _follow(state: State, number: int, changed: Sequence[Alert]) -> None:
    incident = state.incidents.get(number)
    found = state.broadcasts.about(number)
    for broadcast in found:
        if broadcast.ended is not None:
            # Kept as long as its incident went on.
            state.put_broadcast(broadcast)
        elif incident is None:
            _is_over(state, broadcast)
        else:
            _goes_on(state, broadcast, incident, changed)
    times: list[float | None] = []
    if incident is not None:
        begun = {one.rule for one in found}
        rules = (rule for rule in state.book.broadcasts if rule.name not in begun)
        times = [_consider(state, rule, incident, changed) for rule in rules]
        # What others wait for, of which nothing has changed.
        times.append(state.timers.due_of(_look_at(number)))
    due = min((time for time in times if time is not None), default=None)
    state.timers.set(_look_at(number), due)


def _look_at(incident: int) -> Subject:
    return "broadcast_look", f"{incident:012d}", ""


def _consider(
    state: State, rule: BroadcastRule, incident: Incident, changed: Sequence[Alert]
) -> float | None:
    """Begin, if an alert of the incident asks for it that nothing keeps quiet. When to look again
    where something does, if that is known."""
    taken = [one for one in changed if rule.takes(one)]
    loud = [one for one in taken if not gates.is_quiet(state, one)]
    if not loud:
        ends = [gate.until for one in taken if (gate := gates.of_alert(state, one)) is not None]
        return min((end for end in ends if end is not None), default=None)
    before = _waiting_for_more(state, rule, _tenants_of(changed))
    if before is not None:
        _continue(state, before, incident, changed)
    else:
        _begin(state, rule, incident, loud[0])
    return None


def _waiting_for_more(
    state: State, rule: BroadcastRule, tenants: Sequence[str]
) -> Broadcast | None:
    """A broadcast of the same entry whose incident ended a short while ago: for clients it is
    back, and was never over."""
    for _, one in sorted(state.broadcasts.known.items()):
        if one.rule != rule.name or one.cleared is None or one.ended is not None:
            continue
        if one.audience != "affected" or not tenants or not one.tenants:
            return one
        if not set(tenants).isdisjoint(one.tenants):
            return one
    return None


def _continue(
    state: State, broadcast: Broadcast, incident: Incident, changed: Sequence[Alert]
) -> None:
    for update in state.broadcasts.said(broadcast.id):
        if update.waits and update.phase == "monitoring" and not update.by:
            drop(state, update, "came_back", f"incident {incident.id} has brought it back")
    moved = replace(broadcast, incident=incident.id, cleared=None)
    state.put_broadcast(_with_reach(moved, incident, changed))
    text = f"broadcast {broadcast.id} ({broadcast.title}) goes on: it is back so soon"
    state.decide("broadcast_begun", "came_back", text, incident=incident.id)


def _begin(state: State, rule: BroadcastRule, incident: Incident, alert: Alert) -> None:
    broadcast = Broadcast(
        id=state.next_broadcast(),
        rule=rule.name,
        incident=incident.id,
        title=rule.title,
        severity=incident.severity,
        components=rule.components,
        audience=rule.audience,
        tenants=_tenants_of(state.alerts_in(incident.id)),
        opened=state.now,
        origin=_origin_of(incident),
    )
    state.put_broadcast(broadcast)
    text = f"broadcast {broadcast.id} ({rule.title}), as the entry {rule.name} asks"
    state.decide("broadcast_begun", "rule", text, alert=alert.id, incident=incident.id)
    wait = max(correlation.hold_in(state, incident, alert), remedies.hold_of(state, alert))
    _say(state, rule, broadcast, "investigating", wait=wait)


def _goes_on(
    state: State, broadcast: Broadcast, incident: Incident, changed: Sequence[Alert]
) -> None:
    broadcast = _with_reach(broadcast, incident, changed)
    if broadcast != state.broadcasts.known[broadcast.id]:
        state.put_broadcast(broadcast)
    rule = state.book.broadcast(broadcast.rule)
    if rule is None or not is_told(state, broadcast.id):
        return
    members = state.members.get(incident.id, ())
    gone = all(state.alerts[number].cleared is not None for number in members)
    if not gone:
        for update in state.broadcasts.said(broadcast.id):
            if update.waits and update.phase == "monitoring" and not update.by:
                drop(state, update, "came_back", "it is not gone any more")
    if gone:
        _say_once(state, rule, broadcast, "monitoring")
    elif _origin_of(incident) != broadcast.origin:
        _say_once(state, rule, broadcast, "identified")


def _is_over(state: State, broadcast: Broadcast) -> None:
    """Its incident is: that is told once it seems to last, to those who were told of it."""
    if broadcast.cleared is not None or not broadcast.rule:
        return
    if not is_told(state, broadcast.id):
        end(state, broadcast, "recovered", "it was over before anything went out")
        return
    for update in state.broadcasts.said(broadcast.id):
        if update.waits and not update.by and update.phase != "monitoring":
            drop(state, update, "recovered", "the incident was over before it went out")
    state.put_broadcast(replace(broadcast, cleared=state.now))
    rule = state.book.broadcast(broadcast.rule)
    if rule is not None and rule.resolve_after > 0:
        _say_once(state, rule, state.broadcasts.known[broadcast.id], "monitoring")


def _all_clear(state: State, broadcast: Broadcast) -> None:
    rule = state.book.broadcast(broadcast.rule)
    update = _written(state, rule, broadcast, "resolved")
    state.put_update(update)
    publish(state, update, "", "the incident is over")
    text = f"broadcast {broadcast.id} ({broadcast.title}): its incident is over, and that was said"
    state.decide("broadcast_ended", "recovered", text, incident=broadcast.incident)


def _say_once(state: State, rule: BroadcastRule, broadcast: Broadcast, phase: Phase) -> None:
    """Unless that, or what comes later, was said or stopped by a person, or waits."""
    later = ("monitoring",) if phase == "monitoring" else ("identified", "monitoring")
    for update in state.broadcasts.said(broadcast.id):
        if update.phase in later and (update.state != "vetoed" or update.by):
            return
    if phase in rule.messages:
        _say(state, rule, broadcast, phase)


def _say(
    state: State, rule: BroadcastRule, broadcast: Broadcast, phase: Phase, *, wait: float = 0.0
) -> None:
    """`wait` is for a cause that may yet show, whatever the entry says, in seconds."""
    update = _written(state, rule, broadcast, phase)
    if rule.mode == "draft":
        state.put_update(update)
        _ask(state, rule, broadcast, update, "a draft: it goes out once somebody publishes it")
        return
    hold = max(wait, rule.hold if rule.mode == "hold" else 0.0)
    if hold <= 0:
        state.put_update(update)
        publish(state, update, "", f"{rule.name} publishes at once")
        return
    held = replace(update, state="held", publish_at=state.now + hold)
    state.put_update(held)
    text = f"it goes out in {Duration(hold)} unless somebody stops it"
    if rule.mode == "hold":
        _ask(state, rule, broadcast, held, text)
    else:
        _note_held(state, broadcast, held, f"it goes out in {Duration(hold)}: a cause may show")


def _note_held(state: State, broadcast: Broadcast, update: Update, text: str) -> None:
    text = f"update {update.id} of broadcast {broadcast.id}, {_name(update.phase)}: {text}"
    state.decide("update_held", update.state, text, incident=broadcast.incident)


def _ask(
    state: State, rule: BroadcastRule, broadcast: Broadcast, update: Update, text: str
) -> None:
    """Let the people know who may stop it, or let it go."""
    _note_held(state, broadcast, update, text)
    recipients = _asked(state, rule, broadcast)
    if not recipients:
        text = f"nobody is reached who could be asked about broadcast {broadcast.id}"
        state.decide("not_delivered", "nobody", text, incident=broadcast.incident)
    for to in recipients:
        only = state.book.only.get(to.channel)
        wait = wait_of(state, to.person, "veto", broadcast.severity, kept=False)
        if only is not None and "veto" not in only:
            text = f"the channel {to.channel} is not used for veto"
            state.decide("not_delivered", "not_by_channel", text, incident=broadcast.incident)
        elif wait is not None:
            # By then it has gone out, or is over.
            text = f"{wait.text}: veto by {to.channel} is left out"
            state.decide("not_delivered", wait.reason, text, incident=broadcast.incident)
        else:
            state.effects.deliveries.append(
                DeliveryIntent(
                    recipient=to,
                    reason="veto",
                    incident=broadcast.incident,
                    severity=broadcast.severity,
                    at=state.now,
                    update=update.id,
                )
            )
            text = f"veto to {to.person or to.channel} by {to.channel}"
            state.decide("delivery_enqueued", "veto", text, incident=broadcast.incident)


def _asked(state: State, rule: BroadcastRule, broadcast: Broadcast) -> Sequence[Recipient]:
    if rule.ask is not None:
        return rule.ask.reached(state.now, state.stand_ins)
    found: dict[Recipient, None] = {}
    for alert in state.alerts_in(broadcast.incident or 0):
        for route in takers(state.book.routes, alert.labels):
            if route.escalation is not None:
                first = route.escalation.steps[0]
                found |= dict.fromkeys(first.reached(state.now, state.stand_ins))
    return tuple(found)


def _written(
    state: State, rule: BroadcastRule | None, broadcast: Broadcast, phase: Phase
) -> Update:
    shown = rule.shown if rule else ()
    values = {"title": broadcast.title, "components": listed(shown), "summary": ""}
    if rule is not None:
        values["since"] = moment(broadcast.opened, rule.zone)
        values["summary"] = _summary_of(state, broadcast)
    lasted = (broadcast.cleared or state.now) - broadcast.opened
    messages = rule.messages if rule else LAST_WORDS
    text, translations = worded(messages, phase, values, lasted)
    return Update(
        id=state.next_update(),
        broadcast=broadcast.id,
        phase=phase,
        text=text,
        translations=translations,
        state="draft",
        created=state.now,
    )


def _summary_of(state: State, broadcast: Broadcast) -> str:
    """With nothing of the signal in it that the rule's author may have put there unawares."""
    for alert in state.alerts_in(broadcast.incident or 0):
        if text := alert.annotations.get(SUMMARY):
            behind = (alert.tenant, alert.code, alert.rule, *map(alert.about.get, _INTERNAL))
            for name in sorted((one for one in behind if one), key=len, reverse=True):
                text = text.replace(name, HIDDEN)
            return state.book.redact(text)
    return ""


def _fold(state: State, number: int, into: int) -> None:
    """What was said, and is to be said, of one incident goes on as the other's."""
    for broadcast in state.broadcasts.about(number):
        twins = [
            one
            for one in state.broadcasts.about(into)
            if one.rule and one.rule == broadcast.rule and one.ended is None
        ]
        moved = replace(broadcast, incident=into)
        if not twins or broadcast.ended is not None:
            state.put_broadcast(moved)
        else:
            _merge(state, moved, twins[0])


def _merge(state: State, one: Broadcast, other: Broadcast) -> None:
    """Of two that say the same of one incident, one is left: that of which clients have heard."""
    first, second = sorted((one, other), key=lambda each: each.id)
    if is_told(state, second.id) and not is_told(state, first.id):
        first, second = second, first
    state.put_broadcast(second)
    text = f"it goes on in broadcast {first.id}, which is about the same incident"
    end(state, replace(second, merged=first.id), "folded", text)
    state.put_broadcast(
        replace(
            first,
            opened=min(first.opened, second.opened),
            tenants=tuple(dict.fromkeys((*first.tenants, *second.tenants))),
            severity=_worse(first.severity, second.severity),
        )
    )


def _with_reach(broadcast: Broadcast, incident: Incident, changed: Sequence[Alert]) -> Broadcast:
    tenants = (*broadcast.tenants, *_tenants_of(changed))
    return replace(
        broadcast,
        tenants=tuple(dict.fromkeys(tenants)),
        severity=_worse(broadcast.severity, incident.severity),
    )


def _tenants_of(alerts: Sequence[Alert]) -> tuple[str, ...]:
    found = (alert.tenant for alert in alerts)
    return tuple(dict.fromkeys(tenant for tenant in found if tenant))


def _origin_of(incident: Incident) -> str:
    return f"{incident.code or ''}/{incident.cause}"


def _worse(one: AlertSeverity, other: AlertSeverity) -> AlertSeverity:
    return max(one, other, key=lambda severity: SEVERITY_RANK[severity])


def _name(phase: Phase) -> str:
    return phase.replace("_", " ")
