"""What a rule watches, and why it fires or does not."""

from pathlib import Path

from sentinel.explanation import RuleExplanation, explain_rule
from sentinel.model.decision import Decision, Match
from sentinel.model.signal import Metric
from sentinel.store import decisions
from tests.explanation.stored import START, Stored, book_of, payment


def explain(stored: Stored, name: str = "Payment", at: float | None = None) -> RuleExplanation:
    found = explain_rule(stored.conn, name, stored.book, stored.now, at)
    assert found is not None
    return found


def test_a_rule_that_fires_says_for_how_many_groups(stored: Stored) -> None:
    stored.take(payment(), payment(), payment("globex"), payment("globex"))
    found = explain(stored)
    assert found.headline == "Payment fires for 2 groups."
    assert [one.key["tenant"] for one in found.alerts] == ["globex", "acme"]


def test_many_alerts_are_counted_and_the_latest_shown(stored: Stored) -> None:
    for number in range(25):
        stored.take(*[payment(f"tenant-{number}")] * 2)
    found = explain(stored)
    assert found.headline == "Payment fires for 25 groups."
    assert (len(found.alerts), found.alerts[0].key["tenant"]) == (20, "tenant-24")


def test_a_rule_of_whose_kind_nothing_ever_came_says_so(stored: Stored) -> None:
    assert explain(stored).headline == (
        "Payment does not fire: no error signal has ever come. It has never fired."
    )
    stored.take(Metric(project="shop", name="disk", value=1.0))
    assert explain(stored, "Slow").kind_seen == START
    assert "no signal has met its conditions lately" in explain(stored, "Slow").headline


def test_a_rule_that_only_just_does_not_fire_tells_what_is_in_its_window(stored: Stored) -> None:
    stored.take(payment())
    found = explain(stored)
    assert found.headline == (
        "Payment does not fire: 1 signal met its conditions. The latest window: 1 signal within "
        "5m, the bound is 2. It has never fired."
    )
    assert (found.windows, [one.group for one in found.latest]) == (1, ["tenant=acme"])


def test_the_latest_windows_come_first_and_the_others_are_counted(stored: Stored) -> None:
    for number in range(12):
        stored.take(payment(f"tenant-{number}"))
        stored.pass_time(1)
    found = explain(stored)
    assert (found.windows, len(found.latest)) == (12, 10)
    assert found.latest[0].group == "tenant=tenant-11"


def test_matches_are_counted_by_outcome_over_the_last_day(stored: Stored) -> None:
    stored.take(payment())
    stored.pass_time(2 * 86_400)
    stored.take(payment(), payment(), payment())
    assert {one.outcome: one.number for one in explain(stored).matches} == {
        "waiting": 1,
        "opened": 1,
        "merged": 1,
    }


def test_a_rule_whose_detector_failed_is_off(stored: Stored) -> None:
    stored.take(payment())
    text = "frequency raised ValueError: no; the rule is off"
    failed = Decision(
        at=START, verb="detector_failed", reason="ValueError", text=text, rule="Payment"
    )
    decisions.record(stored.conn, [failed])
    assert explain(stored).headline == f"Payment is off since 08:00 UTC: {text}."


def test_a_rule_that_judged_a_signal_since_is_on_again(stored: Stored) -> None:
    failed = Decision(at=START, verb="detector_failed", reason="E", text="t", rule="Payment")
    decisions.record(stored.conn, [failed])
    stored.pass_time(10)
    stored.take(payment())
    assert explain(stored).off is None
    suppressed = Match(signal=1, rule="Payment", outcome="suppressed", reason="detector_failed")
    decisions.record_matches(stored.conn, [suppressed])
    assert explain(stored).off is not None


def test_the_past_is_told_without_the_windows(stored: Stored) -> None:
    stored.take(payment(), payment())
    stored.pass_time(1000)
    found = explain(stored, at=START + 10)
    assert [one.state for one in found.alerts] == ["firing"]
    assert (found.windows, found.latest) == (0, [])
    assert found.headline == "Payment fires for 1 group."
    assert all(one.at <= START + 10 for one in found.decisions)


def test_a_rule_that_was_removed_is_told_by_what_it_left(stored: Stored, tmp_path: Path) -> None:
    stored.take(payment(), payment())
    stored.book = book_of(tmp_path, "rules: []\n")
    found = explain(stored)
    assert found.source is None
    assert "not in the configuration any more" in found.notes[0]
    assert [one.id for one in found.alerts] == [1]


def test_a_rule_of_which_nothing_is_known_is_not_explained(stored: Stored) -> None:
    assert explain_rule(stored.conn, "Nothing", stored.book, stored.now) is None
