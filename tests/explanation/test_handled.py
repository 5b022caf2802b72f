"""Alerts whose incident somebody handed over or resolved, explained now and as they were."""

from sentinel.engine.commands import Assign, Resolve
from tests.explanation.stored import START, Stored
from tests.explanation.test_alert import explain, fire


def test_a_closed_alert_says_who_closed_it_and_when_it_ends(stored: Stored) -> None:
    fire(stored)
    stored.send()
    stored.pass_time(60)
    stored.ask(Resolve(1, "bob", stored.now))
    found = explain(stored)
    assert found.headline.endswith("it is over since 08:01 UTC, bob resolved it.")
    assert [one.text for one in found.upcoming if one.what == "alert_ends"] == [
        "it was closed, and ends once its condition is gone"
    ]
    assert ("it was closed", "08:01 UTC, as bob resolved its incident") in [
        (one.name, one.text) for one in found.timeline
    ]


def test_before_it_was_closed_it_fired_and_afterwards_it_was_closed(stored: Stored) -> None:
    fire(stored)
    stored.pass_time(60)
    stored.ask(Resolve(1, "bob", stored.now))
    stored.pass_time(1_000)
    before, after = explain(stored, at=START + 30), explain(stored, at=START + 90)
    assert (before.alert.state, after.alert.state) == ("firing", "closed")
    assert before.incident is not None
    assert (before.incident.state, before.incident.resolved_by) == ("open", None)
    assert after.incident is not None
    assert after.incident.resolved_by == "bob"
    assert explain(stored).alert.state == "resolved"


def test_whoever_was_given_it_had_it_in_the_past(stored: Stored) -> None:
    fire(stored)
    stored.pass_time(60)
    stored.ask(Assign(1, "bob", "alice", stored.now))
    stored.pass_time(1_000)
    then = explain(stored, at=START + 90)
    assert then.incident is not None
    assert (then.alert.state, then.incident.acknowledged_by) == ("acknowledged", "bob")
