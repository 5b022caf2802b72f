"""What several rankers say, put together; and where an alert stands."""

from math import inf, nan
from typing import Any

import pytest
from tests.intelligence.report_facts import alert, catalog, incident

from sentinel.intelligence.causes import combine, suspect
from sentinel.intelligence.standing import standing_of
from sentinel.model.cause import Candidate


def candidate(name: str = "TWILIO_API_FAILURE", score: float = 0.5, **changes: Any) -> Candidate:
    values: dict[str, Any] = {"kind": "code", "name": name, "reasons": (f"why {score}",)}
    return Candidate(**{**values, "score": score, **changes})


@pytest.mark.parametrize(
    ("score", "word"),
    [(1.0, "likely"), (0.65, "likely"), (0.649, "possible"), (0.35, "possible"), (0.34, "weak")],
)
def test_the_confidence_follows_the_score(score: float, word: str) -> None:
    assert combine([candidate(score=score, confidence="likely")])[0].confidence == word


def test_what_two_rankers_name_counts_for_more_with_the_reasons_of_both() -> None:
    (both,) = combine([candidate(score=0.5), candidate(score=0.4, title="Twilio")])
    assert both.score == 0.7
    assert both.reasons == ("why 0.5", "why 0.4")
    assert both.title == "Twilio"


@pytest.mark.parametrize("score", [nan, inf, -inf, -3.0, 0.09])
def test_a_score_that_is_none_or_next_to_nothing_is_left_out(score: float) -> None:
    assert combine([candidate(score=score)]) == ()


def test_a_score_above_one_is_one() -> None:
    assert combine([candidate(score=7.0)])[0].score == 1.0


def test_the_likeliest_five_are_kept_in_order() -> None:
    found = combine(candidate(f"C{number}", number / 10) for number in range(1, 10))
    assert [one.name for one in found] == ["C9", "C8", "C7", "C6", "C5"]


def test_text_from_a_plugin_is_bounded_and_on_one_line() -> None:
    (one,) = combine([candidate("a\nb" * 9_000, reasons=("c\u202e\n" * 9_000,) * 50)])
    assert len(one.name) <= 300
    assert len(one.reasons) == 5
    assert all(text.isprintable() and len(text) <= 300 for text in (one.name, *one.reasons))


@pytest.mark.parametrize(
    ("first", "is_suspect"),
    [({}, True), ({"own": True}, False), ({"score": 0.6}, False)],
    ids=["likely", "its own root", "only possible"],
)
def test_people_are_told_of_a_likely_cause_that_is_not_the_root(
    first: dict[str, Any], is_suspect: bool
) -> None:
    found = combine([candidate("A_B", **{"score": 0.8, **first}), candidate("C_D", 0.3)])
    assert (suspect(found) is not None) is is_suspect


def test_a_likely_change_before_the_root_is_told_of_and_another_code_is_not() -> None:
    root = candidate(score=0.9, own=True, confidence="likely")
    code = candidate("DNS_FAILURE", 0.8, confidence="likely")
    deploy = candidate("deploy: shop 1.4.2", 0.7, kind="change", confidence="likely")
    assert suspect([root, code, deploy]) == deploy
    assert suspect([root, code]) is None


def test_a_root_says_what_it_brought_about_and_which_services_fail() -> None:
    root = alert(id=3, code="TWILIO_API_FAILURE", about={"service": "web"})
    effects = [
        alert(id=4, cascade="TWILIO_API_FAILURE", about={"service": "worker"}),
        alert(id=5, code=None, rule="QueueLong", cascade="TWILIO_API_FAILURE"),
    ]
    found = standing_of(root, incident(), [root, *effects], catalog())
    assert (found.role, found.caused) == ("root", ("SMS_DELIVERY_FAILURE", "QueueLong"))
    assert found.services == ("web", "worker")
    assert found.features == ("SMS", "login codes")
    assert found.sentence == (
        "The root cause: it brought about SMS_DELIVERY_FAILURE and QueueLong."
    )


def test_a_cascade_says_of_what_it_is_one() -> None:
    one = alert(id=4, cascade="SMS_DELIVERY_FAILURE")
    found = standing_of(one, incident(), [alert(), one], catalog())
    assert (found.role, found.of, found.caused) == ("cascade", "SMS_DELIVERY_FAILURE", ())
    assert found.sentence == "A cascade: SMS_DELIVERY_FAILURE brought it about."


def test_a_cascade_of_a_correlation_names_it() -> None:
    one = alert(id=4, cascade="deploy-broke-checkout")
    found = standing_of(one, incident(), [alert(), one], catalog())
    assert found.sentence == (
        "A cascade: SMS is failing for acme brought it about, as the correlation "
        "deploy-broke-checkout says."
    )


def test_a_root_alone_says_so_and_what_is_probably_behind_it() -> None:
    behind = combine([candidate(score=0.8)])
    found = standing_of(alert(), incident(), [alert()], catalog(), behind)
    assert found.suspected == "TWILIO_API_FAILURE"
    assert found.sentence == (
        "The root: no known cause of it fires, and nothing else broke because of it. "
        "Probably because of TWILIO_API_FAILURE: why 0.8."
    )
