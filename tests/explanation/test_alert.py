"""Why an alert is as it is, and who is next."""

import pytest

from sentinel.explanation import AlertExplanation, explain_alert
from sentinel.model.signal import Change, Metric
from sentinel.store import sending
from tests.explanation.stored import START, Stored, payment


def explain(stored: Stored, number: int = 1, at: float | None = None) -> AlertExplanation:
    found = explain_alert(stored.conn, number, stored.book, stored.now, at)
    assert found is not None
    return found


def fire(stored: Stored, tenant: str = "acme") -> None:
    stored.take(payment(tenant), payment(tenant))


def test_the_answer_says_who_was_paged_and_who_is_next(stored: Stored) -> None:
    fire(stored)
    stored.send()
    assert explain(stored).headline == (
        "Alert 1 paged alice by email at 08:00 UTC (step 1); bob by email is next at 08:05 UTC "
        "(step 2 of people) unless somebody acknowledges."
    )


def test_a_message_that_is_still_on_its_way_has_reached_nobody(stored: Stored) -> None:
    fire(stored)
    assert "has reached nobody yet; the message to alice by email is on its way" in (
        explain(stored).headline
    )


def test_a_message_that_failed_is_said_to_have(stored: Stored) -> None:
    fire(stored)
    sending.mark_failed(stored.conn, 1, "no such mailbox", stored.now)
    assert "the message to alice by email has failed" in explain(stored).headline


def test_later_steps_are_told_apart_from_earlier_ones(stored: Stored) -> None:
    fire(stored)
    stored.send()
    stored.pass_time(300)
    stored.send()
    assert "paged bob by email at 08:05 UTC (step 2), after alice by email" in (
        explain(stored).headline
    )


def test_nobody_is_next_once_somebody_has_it(stored: Stored) -> None:
    fire(stored)
    stored.send()
    stored.pass_time(60)
    stored.acknowledge(1, "alice")
    found = explain(stored)
    assert found.headline.endswith("alice has it since 08:01 UTC.")
    assert [one.what for one in found.upcoming] == ["detector_asked"]


def test_a_silence_is_named_with_its_end(stored: Stored) -> None:
    stored.silence('team="payments"')
    fire(stored)
    found = explain(stored)
    assert found.headline == ("Nobody was told: alice has silenced it (silence 1) until 09:00 UTC.")
    closed = [one for one in found.gates if one.closed]
    assert [(one.kind, one.until) for one in closed] == [("silenced", START + 3600)]
    assert [(one.what, one.at) for one in found.upcoming if one.what == "step"] == [
        ("step", START + 3600),
        ("step", START + 3900),
    ]


def test_gates_that_let_it_pass_are_named_too(stored: Stored) -> None:
    fire(stored)
    assert {one.kind for one in explain(stored).gates if not one.closed} == {
        "silenced",
        "maintenance",
        "inhibited",
        "muted",
        "quiet_hours",
        "digest",
        "do_not_disturb",
    }


def test_an_alert_that_no_route_takes_says_so(stored: Stored) -> None:
    stored.take(Change(project="shop", kind="deploy"))
    found = explain(stored)
    assert found.headline.startswith("Nobody was told: no route with an escalation takes")
    assert [one.taken for one in found.routes] == ["no_match"]


def test_a_pending_alert_says_when_it_fires(stored: Stored) -> None:
    stored.take(Metric(project="shop", name="latency", value=3.0))
    found = explain(stored)
    assert found.headline == (
        "Nobody is told yet: its condition has held since 08:00 UTC and fires at 08:05 UTC if "
        "that goes on."
    )
    assert found.upcoming[0].what == "alert_fires"
    assert found.upcoming[0].at == START + 300


def test_an_alert_that_did_not_last_says_why_it_did_not_fire(stored: Stored) -> None:
    stored.take(Metric(project="shop", name="load", value=9.0))
    stored.pass_time(300)
    assert explain(stored).headline == (
        "Nobody was told: it was pending from 08:00 UTC, and did not fire: its condition did not "
        "hold for long enough."
    )


def test_a_condition_that_is_gone_says_when_the_alert_ends(stored: Stored) -> None:
    fire(stored)
    stored.pass_time(301)
    ends = next(one for one in explain(stored).upcoming if one.what == "alert_ends")
    assert ends.at == START + 300 + 120
    assert ("its condition is gone since", "08:05 UTC, ends at 08:07 UTC") in [
        (one.name, one.text) for one in explain(stored).timeline
    ]


def test_an_alert_that_is_over_says_since_when(stored: Stored) -> None:
    fire(stored)
    stored.send()
    stored.pass_time(500)
    found = explain(stored)
    assert found.headline.endswith("it is over since 08:07 UTC.")
    assert found.window is None
    assert found.gates == []


def test_the_window_is_told_in_the_detectors_own_words_as_it_is_now(stored: Stored) -> None:
    fire(stored)
    stored.pass_time(200)
    stored.take(payment())
    stored.pass_time(150)
    window = explain(stored).window
    assert window is not None
    assert window.text == "1 signal within 5m, the bound is 2"
    assert (window.group, window.seen) == ("tenant=acme", START + 200)


def test_each_route_is_named_with_the_matchers_that_held(stored: Stored) -> None:
    fire(stored)
    found = explain(stored)
    assert [(one.name, one.depth, one.taken) for one in found.routes] == [
        ("default", 0, "hands_down"),
        ("databases", 1, "no_match"),
        ("payments", 1, "takes"),
        ("payments-again", 1, "not_asked"),
    ]
    [missed] = found.routes[1].matchers
    assert (missed.text, missed.found, missed.held) == ('team="databases"', "payments", False)


def test_the_rule_is_told_in_words(stored: Stored) -> None:
    fire(stored)
    found = explain(stored)
    words = {one.name: one.text for one in found.rule}
    assert words["on"] == "error signals"
    assert words["where"] == (
        'code one of "PAYMENT_FAILED", "PAYMENT_LOST", environment "production"'
    )
    assert words["detector"] == "frequency: num_events 2, timeframe 5m"
    assert (words["by"], words["keep_firing_for"]) == ("tenant", "2m")
    assert found.why.source is not None
    assert found.why.source.endswith("shop.yaml:3")


def test_each_message_is_told_with_the_step_that_wanted_it(stored: Stored) -> None:
    fire(stored)
    stored.pass_time(300)
    assert [(one.to, one.because) for one in explain(stored).deliveries] == [
        ("alice by email", "step_1"),
        ("bob by email", "step_2"),
    ]


def test_a_second_alert_of_an_incident_speaks_of_the_incident(stored: Stored) -> None:
    fire(stored)
    stored.send()
    fire(stored, "globex")
    found = explain(stored, 2)
    assert found.headline.startswith("Incident 1, to which alert 2 belongs, paged alice by email")
    assert found.joined == "it has the same cause as the incident"


def test_the_past_is_told_as_it_was(stored: Stored) -> None:
    fire(stored)
    stored.send()
    stored.pass_time(60)
    stored.take(payment())
    stored.acknowledge(1, "alice")
    stored.pass_time(1000)
    assert explain(stored).alert.count == 2
    before = explain(stored, at=START + 30)
    assert (before.alert.state, before.alert.count) == ("firing", 1)
    assert before.headline == "Alert 1 paged alice by email at 08:00 UTC (step 1)."
    assert before.later[0].verb == "incident_acknowledged"
    assert explain(stored, at=START + 90).alert.state == "acknowledged"
    assert explain(stored).alert.state == "resolved"


def test_what_can_not_be_known_of_the_past_is_said(stored: Stored) -> None:
    fire(stored)
    stored.pass_time(60)
    found = explain(stored, at=START + 30)
    assert (found.window, found.pagings, found.upcoming) == (None, [], [])
    assert any("is not kept" in note for note in found.notes)


def test_a_message_that_was_sent_later_was_on_its_way(stored: Stored) -> None:
    fire(stored)
    stored.pass_time(60)
    stored.send()
    [told] = explain(stored, at=START + 30).deliveries
    assert (told.delivery.state, told.delivery.sent) == ("pending", None)


@pytest.mark.parametrize(("number", "at"), [(9, None), (1, START - 1)])
def test_what_was_not_there_is_not_explained(stored: Stored, number: int, at: float | None) -> None:
    fire(stored)
    assert explain_alert(stored.conn, number, stored.book, stored.now, at) is None


def test_without_a_configuration_the_rest_is_told(stored: Stored) -> None:
    fire(stored)
    stored.send()
    found = explain_alert(stored.conn, 1, None, stored.now)
    assert found is not None
    assert found.headline == "Alert 1 paged alice by email at 08:00 UTC (step 1)."
    assert (found.rule, found.routes, found.window) == ([], [], None)
