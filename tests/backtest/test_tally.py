"""Who has heard of what."""

from sentinel.backtest.difference import compare
from sentinel.backtest.tally import Tally
from sentinel.model.decision import Decision, Verb
from sentinel.model.delivery import DeliveryIntent, Recipient

ALICE = Recipient("mail", "alice@example.com", "alice")


def tally(*alerts: str, since: float = 0.0) -> Tally:
    """Alerts 1, 2, … of these rules, in the incident 1, at whose root the first one is."""
    made = Tally(since)
    for number, rule in enumerate(alerts, 1):
        made.know_alert(number, rule, {"tenant": "acme"}, 1)
        made.take(decision("alert_fired", alert=number))
    made.take(decision("incident_opened", alert=1))
    return made


def decision(verb: Verb, alert: int | None = None, at: float = 1.0) -> Decision:
    return Decision(at=at, verb=verb, reason="", text="", alert=alert, incident=1)


def page(at: float = 2.0) -> DeliveryIntent:
    return DeliveryIntent(recipient=ALICE, reason="firing", incident=1, severity="critical", at=at)


def test_whoever_is_paged_about_the_cause_has_not_missed_its_effect() -> None:
    before, after = tally("Effect"), tally("Cause", "Effect")
    before.take(page())
    after.take(page())
    found = compare(before, after)
    assert found.pages_lost == []
    assert [one.rule for one in found.pages_gained] == ["Cause"]


def test_what_joins_an_incident_later_is_known_to_those_who_were_paged() -> None:
    before, after = tally("Effect"), tally("Cause")
    before.take(page())
    after.take(page())
    assert [one.rule for one in compare(before, after).pages_lost] == ["Effect"]
    after.know_alert(2, "Effect", {"tenant": "acme"}, 1)
    assert compare(before, after).pages_lost == []


def test_a_page_is_about_the_root_of_its_time() -> None:
    one = tally("Effect", "Cause")
    one.take(decision("incident_rerooted", alert=2))
    one.take(page())
    assert list(one.paged) == [("alice", ("Cause", '{"tenant":"acme"}'))]


def test_a_page_before_the_counting_begins_was_heard_but_is_not_counted() -> None:
    before, after = tally("Failing", since=0.0), tally("Failing", since=10.0)
    before.take(page())
    after.take(page())
    found = compare(before, after)
    assert found.pages_lost == []
    assert found.pages[0].messages.after == 0


def test_an_incident_that_is_over_is_let_go_of() -> None:
    one = tally("Failing")
    one.take(decision("incident_resolved"))
    one.forget()
    one.take(page())
    assert one.paged == {}


def test_what_a_rule_could_not_do_is_kept() -> None:
    one = tally("Failing")
    text = "any raised ValueError; the rule is off"
    one.take(Decision(at=1.0, verb="detector_failed", reason="", text=text, rule="Failing"))
    assert one.troubles == {"Failing": text}
