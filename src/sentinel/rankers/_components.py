"""Causes among the components: those in trouble, and those that components in trouble share."""

from collections.abc import Iterator

from sentinel.api import Candidate, ComponentFact, Evidence
from sentinel.rankers._reason import Reason, candidate, span, when

_LATE = 60.0
_LONG_AGO = 3_600.0
_ENOUGH = 3
_TROUBLE = ("down", "degraded")


def from_components(evidence: Evidence) -> Iterator[Candidate]:
    troubled = {one.name: one for one in evidence.components if _matters(evidence, one)}
    for one in troubled.values():
        yield _troubled(evidence, one)
    for name in sorted({need for needs in evidence.depends_on.values() for need in needs}):
        if name in troubled:
            continue
        dependants = sorted(one for one, needs in evidence.depends_on.items() if name in needs)
        failing = [one for one in dependants if one in troubled]
        if len(failing) >= _ENOUGH:
            text = (
                f"{len(failing)} of the {len(dependants)} components that depend on it are in "
                "trouble at once though it reports none: a shared dependency"
            )
            weight = 0.35 + 0.45 * len(failing) / len(dependants)
            yield candidate("component", name, [Reason(weight, text)], reported=False)


def _troubled(evidence: Evidence, one: ComponentFact) -> Candidate:
    incident = evidence.incident
    services = {service for own in evidence.own for service in own.services}
    weight = 0.45 if one.state == "down" else 0.25
    if incident.opened - one.since > _LONG_AGO:
        reasons = [Reason(weight / 3, f"it has been {one.state} for {_lasted(evidence, one)}")]
    else:
        text = f"it became {one.state} {when(one.since, incident.opened, 'the incident began')}"
        reasons = [Reason(weight, text)]
    if one.name in services:
        reasons.append(Reason(0.35, "what fails is of this component"))
    needing = sorted(name for name in services if one.name in evidence.depends_on.get(name, ()))
    if needing:
        reasons.append(Reason(0.4, f"{' and '.join(needing[:3])} depends on it"))
    # What the incident says itself is no cause of it.
    own = any(one.name == symptom.subject for symptom in evidence.own)
    return candidate("component", one.name, reasons, title=one.message, own=own)


def _lasted(evidence: Evidence, one: ComponentFact) -> str:
    return span(evidence.incident.opened - one.since)


def _matters(evidence: Evidence, one: ComponentFact) -> bool:
    """In trouble before the incident, or hardly after it, and not of another tenant."""
    if one.state not in _TROUBLE or one.since > evidence.incident.opened + _LATE:
        return False
    tenant = evidence.incident.tenant
    places = {own.environment for own in evidence.own if own.environment}
    if one.environment and places and one.environment not in places:
        return False
    return one.tenant is None or tenant is None or one.tenant == tenant
