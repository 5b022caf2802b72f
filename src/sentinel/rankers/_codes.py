"""Causes among the codes of the catalog that fire."""

from collections.abc import Iterator, Sequence, Set

from sentinel.api import Candidate, Evidence, Symptom
from sentinel.rankers._reason import Reason, candidate, when


def from_codes(evidence: Evidence) -> Iterator[Candidate]:
    own = evidence.own
    reported = {one.code for one in evidence.symptoms if one.code}
    firing = dict.fromkeys(one.code for one in own if one.code)
    # What the incident was folded for explains them though it does not fire.
    known = firing.keys() | {evidence.incident.suspect or ""}
    for code in firing:
        if not _explained(evidence, code, known):
            yield _firing(evidence, code)
    for code in sorted(evidence.effects):
        if code in reported and all(one.code != code for one in own):
            yield from _elsewhere(evidence, code)


def _firing(evidence: Evidence, code: str) -> Candidate:
    """One of the incident itself that no other of its codes brings about."""
    began = min(one.began for one in evidence.own if one.code == code)
    effects = _effects_of(evidence, code, evidence.own)
    reasons = [Reason(0.35, "it fires, and no known cause of it does")]
    if effects:
        first = min(one.began for one in effects)
        number = len({one.code for one in effects})
        weight = (0.4 if began <= first else 0.3) + 0.1 * min(number, 3)
        what = "its effect" if number == 1 else f"the first of the {number} effects"
        reasons.append(Reason(weight, f"it began {when(began, first, what)}"))
    return candidate(
        "code",
        code,
        reasons,
        title=evidence.titles.get(code, ""),
        own=code == evidence.incident.code,
    )


def _elsewhere(evidence: Evidence, code: str) -> Iterator[Candidate]:
    """A cause that fires in another incident."""
    effects = _effects_of(evidence, code, evidence.own)
    causes = [
        one
        for one in evidence.symptoms
        if one.code == code and any(_may_meet(evidence, code, one, effect) for effect in effects)
    ]
    if not effects or not causes:
        return
    cause = min(causes, key=lambda one: one.began)
    first = min(one.began for one in effects)
    text = f"it fires in incident {cause.incident}, and began {when(cause.began, first)}"
    weight = 0.55 if cause.began <= first else 0.4
    yield candidate("code", code, [Reason(weight, text)], title=evidence.titles.get(code, ""))


def _effects_of(evidence: Evidence, code: str, among: Sequence[Symptom]) -> list[Symptom]:
    effects = evidence.effects.get(code, frozenset())
    return [one for one in among if one.code in effects]


def _explained(evidence: Evidence, code: str, by: Set[str]) -> bool:
    return any(code in evidence.effects.get(other, ()) for other in by - {code})


def _may_meet(evidence: Evidence, code: str, cause: Symptom, effect: Symptom) -> bool:
    """What concerns one tenant brings about nothing for another."""
    if code not in evidence.per_tenant and effect.code not in evidence.per_tenant:
        return True
    return None in (cause.tenant, effect.tenant) or cause.tenant == effect.tenant
