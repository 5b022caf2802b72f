"""Weighs who depends on whom, what came first, what was changed, and what it was before."""

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from sentinel.api import Candidate, Evidence, Ranker, hook
from sentinel.rankers._changes import from_changes
from sentinel.rankers._codes import from_codes
from sentinel.rankers._components import from_components
from sentinel.rankers._history import reasons_from
from sentinel.rankers._silent import from_silence


class EvidenceRanker(Ranker):
    type = "evidence"
    summary = "Dependencies, order in time, changes and history, each with its reasons"

    def rank(self, evidence: Evidence) -> Sequence[Candidate]:
        return [_with_history(evidence, one) for one in _found(evidence)]


def _found(evidence: Evidence) -> Iterator[Candidate]:
    yield from from_codes(evidence)
    yield from from_silence(evidence)
    yield from from_components(evidence)
    yield from from_changes(evidence)


def _with_history(evidence: Evidence, one: Candidate) -> Candidate:
    for reason in reasons_from(evidence, one):
        score = 1.0 - (1.0 - one.score) * (1.0 - reason.weight)
        one = replace(one, score=score, reasons=(*one.reasons, reason.text))
    return one


@hook
def register_rankers(register: Callable[[type[Ranker]], None]) -> None:
    register(EvidenceRanker)
