"""Which incident an alert belongs to: the one that shares its root cause.

An alert joins an open incident whose root has the same code (or, without a code, the same error
group), or whose root may have caused it by the catalog. Where the alert is itself a cause of
open incidents, it becomes the root and those incidents fold into one.

One rule may hold so many incidents open and no more: a rule by fingerprint or by user would
otherwise page without end under a flood. What goes beyond joins the latest of them.
"""

from msgspec.structs import replace

from sentinel.engine.state import State
from sentinel.model.alert import SEVERITY_RANK, Alert, AlertSeverity, Incident

MOST_INCIDENTS_OF_A_RULE = 1_000


def place(state: State, alert: Alert) -> tuple[Incident, str]:
    """Put a firing alert into its incident, and say how: `opened`, `joined`, `rerooted`, or
    `raised` where its severity is above the incident's, so that people must be paged anew."""
    home = _home_of(state, alert)
    if home is not None:
        return _join(state, home, alert)
    effects = _effects_of(state, alert)
    if effects:
        return _reroot(state, effects, alert)
    others = state.with_rule.get(alert.rule, ())
    if len(others) >= MOST_INCIDENTS_OF_A_RULE:
        return _join(state, state.incidents[max(others)], alert, storm=True)
    return _open(state, alert), "opened"


def leave(state: State, alert: Alert) -> Incident | None:
    """An alert was resolved. Returns its incident if that was the last one firing in it."""
    incident = state.incidents.get(alert.incident or 0)
    if incident is None or state.members.get(incident.id):
        return None
    resolved = replace(incident, state="resolved", resolved=state.now)
    state.put_incident(resolved)
    text = "its alert is over" if incident.size == 1 else f"all its {incident.size} alerts are over"
    state.decide("incident_resolved", "recovered", text, incident=incident.id)
    return resolved


def title_of(alert: Alert) -> str:
    """What the incident is called: the rule's own summary, else the code, else the rule."""
    return alert.annotations.get("summary") or alert.code or alert.rule


def _home_of(state: State, alert: Alert) -> Incident | None:
    """The oldest of those that qualify."""
    code, may_cause = alert.code, state.book.causes.may_cause
    if code is None:
        found = None if alert.group is None else state.with_group.get(alert.group)
        return None if found is None else state.incidents[found]
    roots = [root for root in state.with_code if root == code or may_cause(root, code)]
    return min(_open_under(state, roots, alert), key=_number, default=None)


def _effects_of(state: State, alert: Alert) -> list[Incident]:
    code, may_cause = alert.code, state.book.causes.may_cause
    if code is None:
        return []
    return _open_under(state, [root for root in state.with_code if may_cause(code, root)], alert)


def _open_under(state: State, roots: list[str], alert: Alert) -> list[Incident]:
    incidents = (state.incidents[number] for root in roots for number in state.with_code[root])
    return [incident for incident in incidents if _same_tenant(state, incident, alert)]


def _number(incident: Incident) -> int:
    return incident.id


def _same_tenant(state: State, incident: Incident, alert: Alert) -> bool:
    own = state.book.causes.per_tenant
    if incident.code not in own and alert.code not in own:
        return True
    return incident.tenant == alert.tenant or not (incident.tenant and alert.tenant)


def _open(state: State, alert: Alert) -> Incident:
    incident = Incident(
        id=state.next_incident(),
        severity=alert.severity,
        title=title_of(alert),
        root=alert.id,
        rule=alert.rule,
        code=alert.code,
        tenant=alert.tenant,
        group=alert.group,
        opened=state.now,
    )
    _adopt(state, incident, alert)
    text = f"{incident.title}: no open incident shares its cause"
    state.decide("incident_opened", "new_cause", text, alert=alert.id, incident=incident.id)
    return incident


def _join(
    state: State, incident: Incident, alert: Alert, *, storm: bool = False
) -> tuple[Incident, str]:
    raised = _rank(alert.severity) > _rank(incident.severity)
    joined = replace(
        incident,
        size=incident.size + 1,
        # Once it meets a second tenant it is no longer the first one's.
        tenant=incident.tenant if alert.tenant in (None, incident.tenant) else None,
    )
    if raised:
        joined = _raised(joined, alert.severity)
        if not storm and alert.code == incident.code:
            # It says more of the same cause: its words and its runbook stand in the page.
            joined = replace(joined, root=alert.id, title=title_of(alert), rule=alert.rule)
    _adopt(state, joined, alert)
    reason, text = "same_cause", "it has the same cause as the incident"
    if storm:
        reason = "storm"
        text = (
            f"{MOST_INCIDENTS_OF_A_RULE} incidents of {alert.rule} are open; more join the latest"
        )
    elif alert.code is not None and alert.code != incident.code:
        reason = "cascade"
        text = f"{alert.code} is an effect of {incident.code}, the root of the incident"
    state.decide("incident_joined", reason, text, alert=alert.id, incident=incident.id)
    return joined, "raised" if raised else "joined"


def _reroot(state: State, effects: list[Incident], alert: Alert) -> tuple[Incident, str]:
    """The oldest incident is kept, with what was done about it; the others fold into it."""
    kept, *others = sorted(effects, key=_number)
    everyone = [kept, *others]
    severest = max((incident.severity for incident in everyone), key=_rank)
    raised = _rank(alert.severity) > _rank(severest)
    rooted = replace(
        kept,
        root=alert.id,
        title=title_of(alert),
        code=alert.code,
        tenant=alert.tenant,
        group=alert.group,
        severity=severest,
        rule=alert.rule,
        size=sum(incident.size for incident in everyone) + 1,
        # Who waits for a step of an incident that folds is told of this one instead.
        paging=tuple({p.route: p for one in reversed(everyone) for p in one.paging}.values()),
        told=tuple(dict.fromkeys(r for incident in everyone for r in incident.told)),
    )
    if raised:
        rooted = _raised(rooted, alert.severity)
    for other in others:
        _fold(state, other, rooted)
    _adopt(state, rooted, alert)
    text = f"{alert.code} is the cause of {kept.code}, which stood for the incident until now"
    state.decide("incident_rerooted", "cause_found", text, alert=alert.id, incident=kept.id)
    return rooted, "raised" if raised else "rerooted"


def _fold(state: State, incident: Incident, into: Incident) -> None:
    for alert in state.alerts_in(incident.id):
        _assign(state, alert, into.id)
    state.put_incident(replace(incident, state="resolved", resolved=state.now))
    text = f"it has the same root cause as incident {into.id} and goes on there"
    state.decide("incident_resolved", "folded", text, incident=incident.id)


def _raised(incident: Incident, severity: AlertSeverity) -> Incident:
    """Open again if it was acknowledged: whoever took it took something less severe."""
    return replace(
        incident, severity=severity, state="open", acknowledged=None, acknowledged_by=None
    )


def _adopt(state: State, incident: Incident, alert: Alert) -> None:
    _assign(state, alert, incident.id)
    state.put_incident(incident)


def _assign(state: State, alert: Alert, incident: int) -> None:
    state.put_alert(state.window_of(alert), replace(alert, incident=incident))


def _rank(severity: AlertSeverity) -> int:
    return SEVERITY_RANK[severity]
