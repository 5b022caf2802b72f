"""Causes of which no alert tells, inferred from what fails because of them."""

from collections.abc import Iterator, Mapping

from sentinel.api import Candidate, Evidence, Symptom
from sentinel.rankers._reason import Reason, candidate

_TOGETHER = 300.0
# Two effects at once are often chance; the third makes a dependency that they share likelier.
_ENOUGH = 3
# What the incident was folded for is likely, however much else depends on it.
_FOLDED = 0.65


def from_silence(evidence: Evidence) -> Iterator[Candidate]:
    reported = {one.code for one in evidence.symptoms if one.code}
    shared = _nearest(evidence, _shared(evidence, reported))
    for code in sorted(evidence.effects):
        if code in reported or not any(_is_effect(evidence, code, one) for one in evidence.own):
            continue
        reasons = []
        if code in evidence.seen:
            text = "errors with this code came too, though no alert tells of them"
            reasons.append(Reason(0.5, text))
        if code in shared:
            reasons.append(_sharing(evidence, code, shared[code]))
        elif code == evidence.incident.suspect:
            reasons.append(Reason(_FOLDED, "all that fails in the incident depends on it"))
        if reasons:
            title, seen = evidence.titles.get(code, ""), code in evidence.seen
            yield candidate("code", code, reasons, title=title, reported=seen)


def _shared(evidence: Evidence, reported: set[str]) -> dict[str, frozenset[str]]:
    """Silent codes with three or more effects that fail at once. Those that something which fires
    explains say nothing of what may be behind them."""
    found: dict[str, frozenset[str]] = {}
    for code in evidence.effects.keys() - reported:
        failing = _failing(evidence, code)
        unexplained = [
            one
            for one in failing
            if not any(one in evidence.effects.get(other, ()) for other in reported - {one})
        ]
        if len(failing) >= _ENOUGH and len(unexplained) > 1:
            found[code] = failing
    return found


def _failing(evidence: Evidence, code: str) -> frozenset[str]:
    """Its effects that fail within five minutes of those in the incident."""
    effects = [one for one in evidence.symptoms if _is_effect(evidence, code, one)]
    if code in evidence.per_tenant and evidence.incident.tenant is not None:
        effects = [one for one in effects if one.tenant in (None, evidence.incident.tenant)]
    own = [one.began for one in effects if one.incident == evidence.incident.id]
    if not own:
        return frozenset()
    first = min(own)
    return frozenset(
        one.code for one in effects if one.code and abs(one.began - first) <= _TOGETHER
    )


def _nearest(evidence: Evidence, shared: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Without those that could only have brought it about by way of another one of them."""
    return {
        code: failing
        for code, failing in shared.items()
        if not any(
            other in evidence.effects[code] and failing <= theirs
            for other, theirs in shared.items()
        )
    }


def _sharing(evidence: Evidence, code: str, failing: frozenset[str]) -> Reason:
    direct = frozenset(evidence.direct.get(code, ()))
    known = len(direct if failing <= direct else evidence.effects[code])
    quiet = "" if code in evidence.seen else " though it reports nothing"
    text = f"{len(failing)} of its {known} dependants fail at once{quiet}: a shared dependency"
    weight = 0.35 + 0.45 * len(failing) / known
    return Reason(max(weight, _FOLDED) if code == evidence.incident.suspect else weight, text)


def _is_effect(evidence: Evidence, code: str, one: Symptom) -> bool:
    return one.code in evidence.effects[code]
