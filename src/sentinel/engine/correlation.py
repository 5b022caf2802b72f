"""Which incident an alert belongs to: the one that shares its root cause.

An alert joins an open incident whose root has the same code, or whose root may have caused it by
the catalog; without a code, one with the same error group, or with what another probe found of the
same component. Where the alert is itself a cause of open incidents, it becomes the root and those
incidents fold into one. Where what depends on one cause fails at once and the cause itself is
silent, these are one incident too. The operator's own correlations then fold what they join.

When a cause is over and its effects are not, they surface after the hold-back time as incidents
of their own.

One rule may hold so many incidents open and no more: a rule by fingerprint or by user would
otherwise page without end under a flood. What goes beyond joins the latest of them.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sentinel.engine import facts, paging
from sentinel.engine.correlations import Correlation
from sentinel.engine.joining import Join
from sentinel.engine.links import may_be_effect
from sentinel.engine.state import State
from sentinel.engine.suspicion import Suspicion, suspicion, whole_of
from sentinel.model.alert import PROBE, SEVERITY_RANK, Alert, AlertSeverity, Incident
from sentinel.model.fact import Fact

MOST_INCIDENTS_OF_A_RULE = 1_000

How = Literal["opened", "joined", "rerooted", "raised"]


class Placed(Struct, frozen=True):
    """`raised`: the alert's severity is above what the incident's was, so that people must be
    paged anew."""

    incident: Incident
    how: How


def place(state: State, alert: Alert) -> Placed:
    """Put a firing alert into its incident."""
    placed = _place(state, alert)
    found = suspicion(state, placed.incident, alert)
    if found is not None:
        placed = _suspect(state, found, alert, placed)
    joins = facts.add_alert(state, state.alerts[alert.id])
    for join in joins:
        placed = _correlate(state, join, placed) or placed
    return placed


def hold_of(state: State, alert: Alert) -> float:
    """How long to wait for a cause of this alert before anybody is told, in seconds."""
    causes = state.book.causes
    holds = [causes.hold] if alert.code in causes.behind else []
    fields = facts.fields_of(alert)
    holds += [one.hold for one in state.book.correlations if may_be_effect(one, fields)]
    return max(holds, default=0.0)


def hold_in(state: State, incident: Incident, alert: Alert) -> float:
    """The same for an alert within an incident: whether a cause may still show is then asked of
    the incident's root."""
    if alert.code == incident.code:
        return hold_of(state, alert)
    causes = state.book.causes
    return causes.hold if incident.code in causes.behind else 0.0


def meet(state: State, joins: Sequence[Join]) -> None:
    """A change or a component's new state completed these joins."""
    for join in joins:
        _correlate(state, join, None)


def leave(state: State, alert: Alert) -> Incident | None:
    """An alert was resolved. Returns its incident if that was the last one firing in it."""
    facts.remove_alert(state, alert)
    incident = state.incidents.get(alert.incident or 0)
    if incident is None:
        return None
    if not state.members.get(incident.id):
        size = incident.size
        text = "its alert is over" if size == 1 else f"all its {size} alerts are over"
        return _close(state, incident, "recovered", text)
    # A cause that was silent all along can't be said to be over before its effects are.
    is_outlived = incident.suspect is None and not state.causes_in.get(incident.id)
    if incident.outlived is None and is_outlived:
        hold = state.book.causes.hold
        state.put_incident(replace(incident, outlived=state.now + hold))
    return None


def dissolve(state: State, incident: Incident) -> list[Alert]:
    """The cause has been over for a while and its cascades are not. Returns these."""
    rest = state.alerts_in(incident.id)
    _close(state, incident, "outlived", "its cause is over; what it had brought about goes on")
    return rest


def surface(state: State, alert: Alert, incident: int) -> tuple[Alert, Placed]:
    """A cascade that outlived its cause becomes an incident of its own, or joins another."""
    text = f"it outlived its cause, the root of incident {incident}"
    state.decide("incident_joined", "outlived", text, alert=alert.id)
    free = replace(alert, incident=None, cascade=None, state="firing")
    state.put_alert(state.window_of(alert), free)
    return free, _place(state, free)


def title_of(alert: Alert) -> str:
    """What the incident is called: the rule's own summary, else the code, else the rule."""
    return alert.annotations.get("summary") or alert.code or alert.rule


def _place(state: State, alert: Alert) -> Placed:
    home = _home_of(state, alert)
    if home is not None:
        return _join(state, home, alert)
    effects = _effects_of(state, alert)
    if effects:
        return _reroot(state, effects, alert)
    others = state.index.with_rule.get(alert.rule, ())
    if len(others) >= MOST_INCIDENTS_OF_A_RULE:
        return _join(state, state.incidents[max(others)], alert, storm=True)
    return Placed(_open(state, alert), "opened")


def _home_of(state: State, alert: Alert) -> Incident | None:
    """The oldest of those that qualify."""
    code = alert.code
    if code is None:
        found = None if alert.group is None else state.index.with_group.get(alert.group)
        return _beside(state, alert) if found is None else state.incidents[found]
    roots = [code, *state.links.causes_of(code)]
    return min(_open_under(state, roots, alert), key=_number, default=None)


def _beside(state: State, alert: Alert) -> Incident | None:
    """What another probe of the same component has found: each is judged by itself, so that one
    that is well hides no other, and what they look at is one."""
    own = _but_probe(alert)
    if own is None:
        return None
    for number in sorted(state.index.with_rule.get(alert.rule, ())):
        others = (state.alerts[one] for one in state.members.get(number, ()))
        if any(one.rule == alert.rule and _but_probe(one) == own for one in others):
            return state.incidents[number]
    return None


def _but_probe(alert: Alert) -> dict[str, str] | None:
    """What an alert is about, whichever probe found it; None where no probe of a component did."""
    if PROBE not in alert.key or "component" not in alert.key:
        return None
    return {name: value for name, value in alert.key.items() if name != PROBE}


def _effects_of(state: State, alert: Alert) -> list[Incident]:
    """Those of which the alert explains all that fails."""
    code = alert.code
    if code is None:
        return []
    effects = state.book.causes.effects.get(code, frozenset())
    found = _open_under(state, state.links.effects_of(code), alert)
    return [incident for incident in found if incident.codes <= effects]


def _open_under(state: State, roots: Sequence[str], alert: Alert) -> list[Incident]:
    numbers = {number for root in roots for number in state.index.with_code.get(root, ())}
    return [
        incident
        for incident in map(state.incidents.__getitem__, sorted(numbers))
        if _same_tenant(state, incident, alert) and _same_host(incident, alert)
    ]


def _number(incident: Incident) -> int:
    return incident.id


def _same_tenant(state: State, incident: Incident, alert: Alert) -> bool:
    own = state.book.causes.per_tenant
    if own.isdisjoint((incident.code, incident.suspect, alert.code)):
        return True
    return incident.tenant == alert.tenant or not (incident.tenant and alert.tenant)


def _same_host(incident: Incident, alert: Alert) -> bool:
    """What happens to two hosts has two causes, where the rules tell hosts apart: a second disk
    that is full is news. An effect may well be seen on another host than its cause."""
    host = alert.key.get("host")
    return alert.code not in incident.codes or not (incident.host and host) or incident.host == host


def _open(state: State, alert: Alert) -> Incident:
    incident = Incident(
        id=state.next_incident(),
        severity=alert.severity,
        title=title_of(alert),
        root=alert.id,
        rule=alert.rule,
        code=alert.code,
        tenant=alert.tenant,
        host=alert.key.get("host") or None,
        group=alert.group,
        opened=state.now,
    )
    state.put_incident(incident)
    _assign(state, alert, incident.id, None)
    text = f"{incident.title}: no open incident shares its cause"
    state.decide("incident_opened", "new_cause", text, alert=alert.id, incident=incident.id)
    return incident


def _join(state: State, incident: Incident, alert: Alert, *, storm: bool = False) -> Placed:
    raised = _rank(alert.severity) > _rank(incident.severity)
    is_effect = not storm and alert.code is not None and alert.code not in incident.codes
    cascade = incident.suspect
    if is_effect:
        cascade = cascade or incident.code
    joined = replace(
        incident,
        size=incident.size + 1,
        # Once it meets a second tenant it is no longer the first one's.
        tenant=incident.tenant if alert.tenant in (None, incident.tenant) else None,
        outlived=incident.outlived if is_effect else None,
    )
    if is_effect and incident.suspect is not None:
        joined = replace(joined, dependants=tuple(sorted({*incident.dependants, alert.code})))
    if raised:
        joined = _raised(joined, alert.severity)
        if not storm and alert.code == incident.code:
            # It says more of the same cause: its words and its runbook stand in the page.
            joined = replace(joined, root=alert.id, title=title_of(alert), rule=alert.rule)
    reason, text = "same_cause", "it has the same cause as the incident"
    if alert.code is None and _but_probe(alert) is not None:
        text = f"another probe of {alert.key['component']} has found the same"
    if storm:
        reason = "storm"
        text = (
            f"{MOST_INCIDENTS_OF_A_RULE} incidents of {alert.rule} are open; more join the latest"
        )
    elif is_effect:
        reason = "cascade"
        text = f"{alert.code} is an effect of {incident.code}, the root of the incident"
        if incident.suspect is not None:
            text = f"{alert.code} is an effect of what fails in the incident"
    state.put_incident(joined)
    _assign(state, alert, incident.id, cascade)
    state.decide("incident_joined", reason, text, alert=alert.id, incident=incident.id)
    return Placed(joined, "raised" if raised else "joined")


def _reroot(state: State, effects: list[Incident], alert: Alert) -> Placed:
    """The oldest incident is kept, with what was done about it; the others fold into it."""
    kept, *others = sorted(effects, key=_number)
    rooted = replace(
        kept,
        root=alert.id,
        title=title_of(alert),
        code=alert.code,
        tenant=alert.tenant,
        host=alert.key.get("host") or None,
        group=alert.group,
        rule=alert.rule,
        size=kept.size + 1,
        suspect=None,
        dependants=(),
        outlived=None,
    )
    for one in state.alerts_in(kept.id):
        _assign(state, one, kept.id, alert.code)
    state.put_incident(rooted)
    for other in others:
        rooted = _fold(state, other, rooted, alert.code)
    raised = _rank(alert.severity) > _rank(rooted.severity)
    if raised:
        rooted = _raised(rooted, alert.severity)
        state.put_incident(rooted)
    _assign(state, alert, kept.id, None)
    text = f"{alert.code} is the cause of {kept.code}, which stood for the incident until now"
    state.decide("incident_rerooted", "cause_found", text, alert=alert.id, incident=kept.id)
    return Placed(rooted, "raised" if raised else "rerooted")


def _suspect(state: State, found: Suspicion, alert: Alert, placed: Placed) -> Placed:
    """Fold what depends on a silent cause into the oldest of its incidents. Who was told of one of
    these hears no more of it, unless it is severer now than what anybody knows."""
    kept, *others = found.incidents
    home = placed.incident.id
    before = [_rank(one.severity) for one in found.incidents if one.id != home]
    told = [_rank(one.severity) for one in found.incidents if paging.has_told(state, one.id)]
    if placed.how == "raised" and paging.has_told(state, home):
        told.remove(_rank(alert.severity))
        told.append(_rank(alert.severity) - 1)
    whole = whole_of(state, found)
    state.put_incident(whole)
    for one in state.alerts_in(kept.id):
        _assign(state, one, kept.id, found.cause)
    for other in others:
        whole = _fold(state, other, whole, found.cause)
    # Said of one alert of each code: there may be hundreds, of as many tenants.
    first = {one.code: one.id for one in reversed(state.alerts_in(kept.id))}
    for number in sorted({alert.id, *(first[code] for code in found.failing)}):
        state.decide("incident_joined", "shared_cause", found.text, alert=number, incident=kept.id)
    is_severest = placed.how in ("opened", "raised") and _rank(alert.severity) > max(before)
    is_unheard = bool(told) and _rank(whole.severity) > max(told)
    return Placed(whole, "raised" if is_severest or is_unheard else "joined")


def _fold(state: State, incident: Incident, into: Incident, cascade: str | None) -> Incident:
    """Returns the incident that is left."""
    for alert in state.alerts_in(incident.id):
        _assign(state, alert, into.id, cascade)
    whole = replace(into, size=into.size + incident.size, cause=into.cause or incident.cause)
    if _rank(incident.severity) > _rank(into.severity):
        taken = incident.state == "acknowledged"
        severity = incident.severity
        whole = replace(whole, severity=severity) if taken else _raised(whole, severity)
    # With what it joins, an incident may not be one that is kept quiet any more.
    state.freed = True
    state.put_incident(whole)
    paging.fold(state, incident.id, into.id)
    state.broadcasts.folded[incident.id] = into.id
    text = f"it has the same root cause as incident {into.id} and goes on there"
    _close(state, replace(incident, folded_into=into.id), "folded", text)
    return whole


def _correlate(state: State, join: Join, placed: Placed | None) -> Placed | None:
    """Fold what an operator's correlation joins into the incident of its root.

    `placed` is what became so far of the alert that is being placed, if one is; an incident that
    it opened has told nobody yet. Returns what becomes of it now.
    """
    correlation = state.links.correlations[join.pattern]
    joined = {alias: facts.find(state, id) for alias, id in join.facts.items()}
    members = {alias: one for alias, one in joined.items() if isinstance(one, Alert)}
    known = {alias: one for alias, one in joined.items() if one is not None}
    if len(known) < len(join.facts) or not members or not _within(correlation, known):
        return placed
    root = joined[correlation.root]
    homes = {
        alias: state.incidents[one.incident]
        for alias, one in members.items()
        if one.incident in state.incidents
    }
    if not homes:
        return placed
    if correlation.root in homes:
        into = homes[correlation.root]
    else:
        into = min(homes.values(), key=_number)
    changed = folded = False
    if isinstance(root, Fact) and into.cause != root.text:
        into = replace(into, cause=root.text)
        state.put_incident(into)
        changed = True
    for alias, home in homes.items():
        if home.id == into.id or home.id not in state.incidents:
            continue
        into = _fold(state, home, into, correlation.name)
        changed = folded = True
        text = f"{alias} belongs to incident {into.id} by the correlation {correlation.name}"
        state.decide(
            "incident_joined", "correlation", text, alert=members[alias].id, incident=into.id
        )
    if not changed:
        return placed
    text = f"{correlation.name}: {_text_of(root)} is the cause of {into.title}"
    if isinstance(root, Alert):
        text = f"{correlation.name}: what it joins has one cause, {_text_of(root)}"
    state.decide("incident_rerooted", "correlation", text, incident=into.id)
    opened = placed is not None and placed.how == "opened"
    if not opened:
        paging.tell_told(state, into.id, "cause_found", "cause_found")
    if placed is None:
        paging.wake(state, into.id)
        return None
    if not opened:
        return Placed(into, placed.how)
    if not folded:
        return Placed(into, "opened")
    others = [_rank(one.severity) for one in homes.values() if one.id != placed.incident.id]
    if _rank(placed.incident.severity) > max(others):
        return Placed(into, "raised")
    return Placed(into, "rerooted" if placed.incident.id == into.id else "joined")


def _within(correlation: Correlation, joined: Mapping[str, Alert | Fact]) -> bool:
    if correlation.within is None:
        return True
    times = [one.started if isinstance(one, Alert) else one.at for one in joined.values()]
    return max(times) - min(times) <= correlation.within


def _text_of(root: Alert | Fact | None) -> str:
    if isinstance(root, Alert):
        return title_of(root)
    return "" if root is None else root.text


def _close(state: State, incident: Incident, reason: str, text: str) -> Incident:
    closed = replace(incident, state="resolved", resolved=state.now)
    state.put_incident(closed)
    state.decide("incident_resolved", reason, text, incident=incident.id)
    return closed


def _raised(incident: Incident, severity: AlertSeverity) -> Incident:
    """Open again if it was acknowledged: whoever took it took something less severe."""
    return replace(reopened(incident), severity=severity)


def reopened(incident: Incident) -> Incident:
    return replace(
        incident,
        state="open",
        acknowledged=None,
        acknowledged_by=None,
        assigned_by=None,
        ack_remind=None,
        ack_until=None,
    )


def _assign(state: State, alert: Alert, incident: int, cascade: str | None) -> None:
    here = state.alerts.get(alert.id, alert)
    state.put_alert(state.window_of(alert), replace(here, incident=incident, cascade=cascade))


def _rank(severity: AlertSeverity) -> int:
    return SEVERITY_RANK[severity]
