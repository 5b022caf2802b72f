"""What became of a signal, and which rules it only just missed."""

from pathlib import Path

from sentinel.explanation import SignalExplanation, explain_signal
from sentinel.model.signal import Change, Checkin, Metric
from tests.explanation.stored import RULES, START, Stored, book_of, payment


def explain(stored: Stored, number: int, at: float | None = None) -> SignalExplanation:
    found = explain_signal(stored.conn, number, stored.book, stored.now, at)
    assert found is not None
    return found


def test_a_signal_says_which_alert_it_opened(stored: Stored) -> None:
    stored.take(payment(), payment(), payment())
    assert explain(stored, 1).headline == "Signal 1 was counted in its window by the rule Payment."
    assert explain(stored, 2).headline == "Signal 2 opened alert 1 of the rule Payment."
    assert explain(stored, 3).headline == "Signal 3 was merged into alert 1 of the rule Payment."
    assert [one.id for one in explain(stored, 3).alerts] == [1]


def test_a_signal_of_a_pending_alert_says_that_it_was(stored: Stored) -> None:
    stored.take(Metric(project="shop", name="latency", value=3.0))
    assert explain(stored, 1).headline == (
        "Signal 1 was counted in alert 1, pending then, by the rule Slow."
    )


def test_a_rule_that_is_met_comes_with_its_conditions_and_its_window(stored: Stored) -> None:
    stored.take(payment())
    [met] = explain(stored, 1).met
    assert (met.rule, met.group, met.compared) == ("Payment", "tenant=acme", False)
    assert [(one.field, one.held) for one in met.lines] == [("code", True), ("environment", True)]
    assert met.window is not None
    assert met.window.text == "1 signal within 5m, the bound is 2"


def test_a_near_miss_names_the_condition_that_failed_and_what_it_found(stored: Stored) -> None:
    stored.take(payment(environment="staging"))
    found = explain(stored, 1)
    assert found.headline == (
        'Signal 1 met no rule. The nearest, Payment, wanted environment "production" and found '
        '"staging".'
    )
    [missed] = found.missed
    assert (missed.rule, missed.held) == ("Payment", 1)


def test_the_nearest_miss_comes_first(stored: Stored, tmp_path: Path) -> None:
    rules = RULES.replace(
        "rules:\n",
        "rules:\n"
        "  - {alert: Far, on: error, where: {environment: production, level: fatal, code: X}}\n"
        "  - {alert: Near, on: error, where: {environment: production, code: X}}\n",
        1,
    )
    stored.book = book_of(tmp_path, rules)
    stored.take(payment(code="OTHER"))
    assert [one.rule for one in explain(stored, 1).missed] == ["Near", "Payment", "Far"]


def test_rules_of_which_no_condition_holds_are_only_counted(stored: Stored) -> None:
    stored.take(Metric(project="shop", name="disk", value=1.0))
    found = explain(stored, 1)
    assert (found.missed, found.others) == ([], 2)
    assert "no condition of any rule of its kind holds" in found.headline


def test_a_rule_that_was_changed_since_is_said_to_be(stored: Stored, tmp_path: Path) -> None:
    stored.take(payment())
    stored.book = book_of(tmp_path, RULES.replace("PAYMENT_LOST]", "PAYMENT_LATE]"))
    assert any("has been changed, or removed" in note for note in explain(stored, 1).notes)


def test_a_rule_that_came_later_is_said_to_have(stored: Stored, tmp_path: Path) -> None:
    stored.take(Checkin(project="shop", monitor="backup", status="missed"))
    rules = RULES.replace("rules:\n", "rules:\n  - {alert: Job, on: checkin}\n", 1)
    stored.book = book_of(tmp_path, rules)
    assert explain(stored, 1).notes == [
        "It meets the rule Job as that is now; when it came, it did not."
    ]


def test_its_alerts_are_as_they_were_at_the_time_that_is_asked_for(stored: Stored) -> None:
    stored.take(Change(project="shop", kind="deploy"))
    stored.pass_time(1000)
    [now] = explain(stored, 1).alerts
    [then] = explain(stored, 1, at=START + 1).alerts
    assert (now.state, then.state) == ("resolved", "firing")


def test_the_payload_is_left_out(stored: Stored) -> None:
    stored.take(payment(payload={"exception": {"values": []}}))
    assert explain(stored, 1).signal.payload == {}  # type: ignore[union-attr]


def test_a_signal_that_came_later_was_not_there(stored: Stored) -> None:
    stored.take(payment())
    assert explain_signal(stored.conn, 1, stored.book, stored.now, START - 1) is None
    assert explain_signal(stored.conn, 2, stored.book, stored.now) is None
