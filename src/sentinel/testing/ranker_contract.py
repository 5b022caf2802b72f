"""The contract of rankers."""

from typing import get_args

import msgspec

from sentinel.api import Candidate, CauseKind, Evidence, Ranker
from sentinel.plugins.checks import class_faults
from sentinel.testing.evidence import an_incident

_LONGEST_SENTENCE = 300


class RankerContract:
    """Override `ranker` and `evidence`."""

    def ranker(self) -> Ranker:
        raise NotImplementedError

    def evidence(self) -> Evidence:
        """Evidence of which the ranker makes at least one candidate."""
        raise NotImplementedError

    def _candidates(self) -> list[Candidate]:
        found = list(self.ranker().rank(self.evidence()))
        assert found, "expected a candidate for the evidence that the test gives"
        return found

    def test_it_can_be_registered(self) -> None:
        assert class_faults("ranker", type(self.ranker())) == []

    def test_the_same_evidence_gives_the_same_candidates(self) -> None:
        evidence = self.evidence()
        before = msgspec.json.encode(evidence, order="deterministic")
        ranker = self.ranker()
        first, second = list(ranker.rank(evidence)), list(ranker.rank(evidence))
        assert first == second == list(self.ranker().rank(evidence))
        assert msgspec.json.encode(evidence, order="deterministic") == before, "it was changed"

    def test_scores_lie_between_0_and_1(self) -> None:
        assert all(0.0 <= one.score <= 1.0 for one in self._candidates())

    def test_each_candidate_has_a_known_kind_a_name_and_a_plain_reason(self) -> None:
        for one in self._candidates():
            assert one.kind in get_args(CauseKind)
            assert one.name
            assert one.reasons
            for text in one.reasons:
                assert text
                assert text.isprintable()
                assert len(text) <= _LONGEST_SENTENCE
                assert not text.endswith("."), "reasons are put into sentences"

    def test_no_evidence_is_survived(self) -> None:
        for code in ("SMS_DELIVERY_FAILURE", None):
            list(self.ranker().rank(Evidence(incident=an_incident(code))))
