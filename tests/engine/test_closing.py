"""An incident that a person resolves: its alerts are closed, and call nobody until they have been
gone or happen again."""

import pytest

from sentinel.detectors.flatline import Flatline, FlatlineParams
from sentinel.detectors.threshold import Threshold, ThresholdParams
from sentinel.engine.book import Book, Causes
from sentinel.engine.commands import Acknowledge, ActionDone, Resolve
from sentinel.engine.correlations import Correlation
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.joining import Part, Pattern
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.rules import Remedy, Rule, make_rule
from sentinel.model.signal import Change, Checkin, Metric
from sentinel.model.values import Duration
from tests.engine.worlds import World, any_rule, book, error, frequency_rule

LONG = 100_000.0


def level_rule(**options: object) -> Rule:
    """A value above 90."""
    detector = Threshold(ThresholdParams(above=90.0))
    return make_rule(name="Full", kind="metric", where={}, detector=detector, **options)


def level(at: float, value: float) -> Metric:
    return Metric(name="disk.used", value=value, received=at, at=at, seq=int(at * 1000) + 1)


def messages(one: World, since: float = 0.0) -> list[tuple[float, str]]:
    return [(at, reason) for at, _, reason in one.delivered() if at >= since]


def test_whoever_was_told_hears_that_it_is_over_and_the_incident_keeps_who_said_so() -> None:
    one = World(book(any_rule(timeframe=LONG)))
    one.run(error(0), Resolve(1, "bob", 60))
    assert messages(one) == [(0, "firing"), (60, "resolved")]
    assert (one.incidents[1].state, one.incidents[1].resolved_by) == ("resolved", "bob")
    ended = [d for d in one.history.decisions if d.verb == "incident_resolved"]
    assert [d.text for d in ended] == ["bob resolved it; 1 of its alerts still holds"]


def test_an_incident_that_somebody_has_can_be_resolved_too() -> None:
    one = World(book(any_rule(timeframe=LONG)))
    one.run(error(0), Acknowledge(1, "alice", 30), Resolve(1, "alice", 60))
    assert messages(one) == [(0, "firing"), (60, "resolved")]


def test_its_all_clear_is_as_severe_as_the_incident_was() -> None:
    one = World(book(any_rule(timeframe=LONG, severity="critical")))
    one.run(error(0), Resolve(1, "bob", 60))
    assert [d.severity for d in one.history.deliveries] == ["critical", "critical"]


def test_a_level_that_stays_too_high_calls_nobody_again() -> None:
    one = World(book(level_rule()))
    one.run(level(0, 95), Resolve(1, "bob", 60))
    one.run(*(level(at, 96) for at in range(100, 10_000, 600)))
    assert messages(one, 61) == []
    assert one.alerts[1].state == "closed"


def test_a_level_that_was_fine_again_and_is_too_high_once_more_begins_anew() -> None:
    one = World(book(level_rule()))
    one.run(level(0, 95), Resolve(1, "bob", 60), level(100, 96), level(200, 50), level(300, 95))
    assert messages(one, 61) == [(300, "firing")]
    assert [alert.state for alert in one.alerts.values()] == ["resolved", "firing"]
    assert one.incidents[2].state == "open"


def test_a_closed_alert_is_gone_only_once_that_has_lasted_as_long_as_the_rule_says() -> None:
    one = World(book(level_rule(keep=300.0)))
    one.run(level(0, 95), Resolve(1, "bob", 60), level(100, 50), level(200, 95))
    assert messages(one, 61) == []
    one.run(level(300, 50), level(601, 95))
    assert messages(one, 61) == [(601, "firing")]


def test_an_easier_bound_holds_for_a_closed_alert_as_for_one_that_fires() -> None:
    recover = Threshold(ThresholdParams(above=80.0))
    one = World(book(level_rule(recover=recover)))
    one.run(level(0, 95), Resolve(1, "bob", 60), level(100, 85), level(200, 95))
    assert messages(one, 61) == []


def test_errors_that_go_on_as_before_call_nobody_again() -> None:
    one = World(book(any_rule(timeframe=LONG)))
    one.run(error(0), Resolve(1, "bob", 60), *(error(at) for at in range(100, 3_000, 200)))
    assert messages(one, 61) == []


def test_an_error_that_comes_back_after_a_pause_opens_a_new_incident() -> None:
    one = World(book(any_rule(timeframe=LONG)))
    one.run(error(0), Resolve(1, "bob", 60), error(3_600))
    assert messages(one, 61) == [(3_600, "firing")]
    assert [alert.state for alert in one.alerts.values()] == ["resolved", "firing"]


def test_a_job_that_fails_again_the_next_day_opens_a_new_incident() -> None:
    rule = any_rule("Failed", LONG, kind="checkin")
    one = World(book(rule))
    runs = [
        Checkin(monitor="backup", status="error", received=at, at=at, seq=n)
        for n, at in enumerate((0.0, 86_400.0), 1)
    ]
    one.run(runs[0], Resolve(1, "bob", 60), runs[1])
    assert messages(one, 61) == [(86_400, "firing")]


def test_every_signal_of_a_closed_alert_is_counted_into_it() -> None:
    one = World(book(frequency_rule(num_events=2, timeframe=600.0)))
    one.run(error(0), error(1), Resolve(1, "bob", 60), error(100), error(200))
    assert [match.outcome for match in one.history.matches][-2:] == ["merged", "merged"]
    merged = [match for match in one.history.matches if match.alert == 1]
    assert len(merged) == one.alerts[1].count


def cascade() -> Book:
    causes = Causes(effects={"TWILIO": frozenset({"SMS"})}, hold=20.0)
    return book(
        any_rule("Cause", LONG, where={"code": "TWILIO"}),
        any_rule("Effect", LONG, where={"code": "SMS"}),
        causes=causes,
    )


def test_the_effects_that_were_held_under_it_are_closed_with_it() -> None:
    one = World(cascade())
    one.run(error(0, code="TWILIO"), error(5, code="SMS"), Resolve(1, "bob", 60), until=1_000)
    assert [alert.state for alert in one.alerts.values()] == ["closed", "closed"]
    assert messages(one) == [(0, "firing"), (60, "resolved")]


def test_an_effect_that_begins_later_is_an_incident_of_its_own() -> None:
    one = World(cascade())
    one.run(error(0, code="TWILIO"), Resolve(1, "bob", 60), error(100, code="SMS"), until=1_000)
    assert messages(one, 61) == [(120, "firing")]


def test_what_it_had_inhibited_is_told() -> None:
    rule = InhibitRule(
        "all", parse_matchers(['alertname="Down"']), parse_matchers(['alertname="Slow"']), ()
    )
    one = World(
        book(
            any_rule("Down", LONG, where={"code": "A"}, labels={"alertname": "Down"}),
            any_rule("Slow", LONG, where={"code": "B"}, labels={"alertname": "Slow"}),
            inhibit=(rule,),
        )
    )
    one.run(error(0, code="A"), error(10, code="B"))
    assert messages(one) == [(0, "firing")]
    one.run(Resolve(1, "bob", 60))
    assert messages(one, 60) == [(60, "resolved"), (60, "firing")]


@pytest.mark.parametrize(("after", "begun"), [(0.0, 1), (120.0, 0)])
def test_its_remedy_is_not_begun_any_more_and_its_end_is_still_recorded(
    after: float, begun: int
) -> None:
    remedy = Remedy(action="restart", after=after)
    one = World(book(any_rule(timeframe=LONG, remedy=remedy)))
    one.run(error(0), Resolve(1, "bob", 60), until=1_000)
    assert len(one.actions) == begun
    done = ActionDone(
        action="restart",
        rule="Any",
        alert=1,
        incident=1,
        outcome="succeeded",
        text="done",
        received=1_001.0,
    )
    one.run(*([done] if begun else []))
    verbs = [verb for verb in one.verbs() if verb.startswith("action_")]
    assert verbs == (["action_started", "action_done"] if begun else ["action_refused"])


def test_the_little_that_comes_where_more_is_missed_is_no_news() -> None:
    detector = Flatline(FlatlineParams(threshold=5, timeframe=Duration(60)))
    rule = make_rule(name="Quiet", kind="error", where={}, detector=detector)
    one = World(book(rule))
    one.run(until=60)
    one.run(Resolve(1, "bob", 100), error(1_000))
    assert messages(one, 101) == []


def test_it_causes_nothing_any_more() -> None:
    parts = (
        Part("deploy", {"on": ("change",)}),
        Part("down", {"on": ("alert",), "alert": ("Down",)}),
        Part("slow", {"on": ("alert",), "alert": ("Slow",)}),
    )
    correlation = Correlation(pattern=Pattern("deploy-broke-both", parts), root="deploy", hold=0.0)
    one = World(
        book(
            any_rule("Down", LONG, where={"code": "A"}),
            any_rule("Slow", LONG, where={"code": "B"}),
            correlations=(correlation,),
        )
    )
    deploy = Change(kind="deploy", received=30.0, at=30.0, seq=2)
    one.run(error(0, code="A"), deploy, Resolve(1, "bob", 60), error(100, code="B"))
    assert messages(one, 61) == [(100, "firing")]
    assert one.incidents[2].cause == ""


def test_a_closed_alert_of_a_rule_that_is_gone_ends_quietly() -> None:
    one = World(book(any_rule(timeframe=LONG)))
    one.run(error(0), Resolve(1, "bob", 60))
    one.restart(book(any_rule("Other", LONG)))
    one.run(until=100)
    assert one.alerts[1].state == "resolved"
    assert messages(one, 61) == []
