"""Causes among what was changed before: deploys, configuration, flags."""

from collections.abc import Iterator

from sentinel.api import Candidate, Change, Evidence
from sentinel.rankers._reason import Reason, candidate, when

_NEAR = ((300.0, 0.45), (900.0, 0.35), (3_600.0, 0.15))


def from_changes(evidence: Evidence) -> Iterator[Candidate]:
    found = evidence.incident.cause
    named = set()
    for one in evidence.changes:
        name = one.title
        if name not in named and _matters(evidence, one):
            named.add(name)
            yield _made(evidence, one, correlated=name == found)
    if found and found not in named:
        yield candidate("correlation", found, [_correlated()], own=True)


def _made(evidence: Evidence, one: Change, correlated: bool) -> Candidate:
    passed = evidence.incident.opened - one.at
    weight = next((weight for within, weight in _NEAR if passed <= within), 0.05)
    by = f" by {one.author}" if one.author else ""
    # Of one that errors were seen of, nobody knows when it was made.
    done = "first seen" if one.kind == "release" and not by else f"made{by}"
    reasons = [Reason(weight, f"{done} {when(one.at, evidence.incident.opened)} began")]
    if correlated:
        reasons.append(_correlated())
    services = {service for own in evidence.own for service in own.services}
    same = sorted({one.service, one.component} & services - {None}, key=str)
    if same:
        reasons.append(Reason(0.4, f"it is a change of {same[0]}, where this fails"))
    about = " ".join(filter(None, (one.service or one.component, one.release)))
    return candidate("change", one.title, reasons, title=about, own=correlated, url=one.url or None)


def _correlated() -> Reason:
    return Reason(0.9, "a correlation of yours joins the two")


def _matters(evidence: Evidence, one: Change) -> bool:
    """Not of another tenant or environment."""
    tenants = {own.tenant for own in evidence.own}
    places = {own.environment for own in evidence.own if own.environment}
    if one.environment and places and one.environment not in places:
        return False
    return one.tenant is None or None in tenants or one.tenant in tenants
