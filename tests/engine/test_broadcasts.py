from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.book import Causes
from sentinel.engine.commands import (
    EditUpdate,
    EndBroadcast,
    PublishUpdate,
    Resolve,
    SetSilence,
    VetoUpdate,
    WriteUpdate,
)
from sentinel.engine.intervals import Window
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.quiet import Quiet
from sentinel.engine.routing import Step
from sentinel.model.broadcast import Broadcast
from sentinel.model.silence import Silence
from tests.engine.broadcast_worlds import FULL, entry, only, published
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

TWILIO = Causes(effects={"TWILIO": frozenset({"SMS"})}, hold=30.0)


def world(*entries: Any, **options: Any) -> World:
    rule = any_rule("SmsFailing", timeframe=60, by=["tenant"], severity="critical")
    return World(book(rule, broadcasts=entries or (entry(),), **options))


def test_clients_hear_when_it_begins_and_when_it_is_over() -> None:
    told = world(entry(resolve_after=120))
    told.run(error(0, tenant="acme"), until=1_000)
    assert published(told) == [(0, "investigating"), (180, "resolved")]
    assert told.broadcasts[1].ended == 180


def test_the_text_has_the_clients_words() -> None:
    told = world()
    told.run(error(0, tenant="acme"), until=1_000)
    assert only(told, "investigating").text == (
        "Text messages: we look into it, since 1 Jan 1970, 00:00 UTC."
    )
    assert only(told, "resolved").text == "Text messages are delayed is over after 1 minute."


@pytest.mark.parametrize(
    ("options", "begins"),
    [
        ({"alerts": frozenset({"SmsFailing"})}, True),
        ({"alerts": frozenset({"Other"})}, False),
        ({"severities": frozenset({"critical"})}, True),
        ({"severities": frozenset({"warning"})}, False),
        ({"matchers": parse_matchers(['tenant="acme"'])}, True),
        ({"matchers": parse_matchers(['tenant="globex"'])}, False),
    ],
)
def test_only_alerts_that_an_entry_takes_begin_it(options: dict[str, Any], begins: bool) -> None:
    told = world(entry(**options))
    told.run(error(0, tenant="acme"), until=10)
    assert bool(told.broadcasts) is begins


def test_a_held_update_goes_out_unless_somebody_stops_it() -> None:
    told = world(entry(mode="hold", hold=30))
    told.run(error(0, tenant="acme"), until=29)
    assert only(told, "investigating").state == "held"
    told.run(until=30)
    assert published(told) == [(30, "investigating")]


def test_what_is_over_before_it_goes_out_is_told_to_nobody() -> None:
    told = world(entry(mode="hold", hold=600))
    told.run(error(0, tenant="acme"), until=5_000)
    assert published(told) == []
    assert only(told, "investigating").reason == "it was over before anything went out"
    assert ("broadcast_ended", "recovered") in [
        (one.verb, one.reason) for one in told.history.decisions
    ]


def test_whoever_is_called_first_is_asked_about_a_held_update() -> None:
    told = world(entry(mode="hold", hold=30))
    told.run(error(0, tenant="acme"), until=10)
    [asked] = [one for one in told.history.deliveries if one.reason == "veto"]
    assert (asked.recipient, asked.update, asked.incident) == (ALICE, 1, 1)


def test_an_entry_may_say_who_is_asked() -> None:
    told = world(entry(mode="draft", ask=Step(0, (BOB,))))
    told.run(error(0, tenant="acme"), until=10)
    assert [one.recipient for one in told.history.deliveries if one.reason == "veto"] == [BOB]


def test_after_a_veto_nothing_goes_out_not_even_the_end() -> None:
    told = world(entry(mode="hold", hold=30, messages=FULL))
    told.run(error(0, tenant="acme"), VetoUpdate(1, "alice", 10), until=5_000)
    assert published(told) == []
    assert told.updates[1].by == "alice"
    assert told.updates[1].reason == "alice stopped it"


def test_a_veto_of_later_news_still_leaves_the_end_to_be_told() -> None:
    told = world(entry(mode="hold", hold=10, messages=FULL, resolve_after=60))
    told.run(error(0, tenant="acme"), until=60)
    told.run(VetoUpdate(only(told, "monitoring").id, "alice", 65), until=5_000)
    assert [phase for _, phase in published(told)] == ["investigating", "resolved"]


def test_a_person_publishes_a_draft_in_other_words() -> None:
    told = world(entry(mode="draft"))
    told.run(error(0, tenant="acme"), PublishUpdate(1, "alice", 20, "We are on it."), until=30)
    assert (told.updates[1].text, told.updates[1].by) == ("We are on it.", "alice")
    assert published(told) == [(20, "investigating")]


def test_an_edited_update_goes_out_at_its_time_without_translations() -> None:
    messages = {**FULL, "investigating": {"en": "We look.", "de": "Wir schauen."}}
    told = world(entry(mode="hold", hold=30, messages=messages))
    told.run(error(0, tenant="acme"), EditUpdate(1, "We look closely.", "bob", 5), until=31)
    assert published(told) == [(30, "investigating")]
    assert told.updates[1].words("de") == "We look closely."


def test_a_decision_on_what_went_out_comes_too_late() -> None:
    told = world()
    told.run(error(0, tenant="acme"), VetoUpdate(1, "alice", 10), until=20)
    assert told.updates[1].state == "published"
    assert ("command_refused", "too_late") in [
        (one.verb, one.reason) for one in told.history.decisions
    ]


def test_a_cause_that_is_found_is_told_once() -> None:
    rule = any_rule("Failing", timeframe=60, by=["code"])
    told = World(book(rule, broadcasts=(entry(messages=FULL),), causes=TWILIO))
    told.run(error(0, code="SMS"), error(40, code="TWILIO"), error(45, code="TWILIO"), until=46)
    assert published(told) == [(30, "investigating"), (40, "identified")]


def test_a_cause_that_was_known_before_the_first_words_is_no_news() -> None:
    rule = any_rule("Failing", timeframe=60, by=["code"])
    told = World(book(rule, broadcasts=(entry(messages=FULL),), causes=TWILIO))
    told.run(error(0, code="TWILIO"), error(10, code="SMS"), until=50)
    assert published(told) == [(0, "investigating")]


def test_what_may_be_an_effect_waits_for_its_cause_even_if_it_goes_out_by_itself() -> None:
    rule = any_rule("Failing", timeframe=60, by=["code"])
    told = World(book(rule, broadcasts=(entry(),), causes=TWILIO))
    told.run(error(0, code="SMS"), until=29)
    assert only(told, "investigating").state == "held"


def test_an_alert_that_is_kept_firing_is_being_watched() -> None:
    rule = any_rule("SmsFailing", timeframe=60, keep=300)
    told = World(book(rule, broadcasts=(entry(messages=FULL),)))
    told.run(error(0), until=1_000)
    assert published(told) == [(0, "investigating"), (60, "monitoring"), (360, "resolved")]


def test_what_comes_back_before_the_all_clear_goes_on_without_a_word() -> None:
    told = world(entry(resolve_after=120))
    told.run(error(0, tenant="acme"), error(100, tenant="acme"), until=1_000)
    assert published(told) == [(0, "investigating"), (280, "resolved")]
    assert len(told.broadcasts) == 1


def test_what_comes_to_another_tenant_is_another_broadcast() -> None:
    told = world(entry(resolve_after=120))
    told.run(error(0, tenant="acme"), error(100, tenant="globex"), until=1_000)
    assert len(told.broadcasts) == 2


def test_what_comes_back_after_the_all_clear_is_told_anew() -> None:
    told = world()
    told.run(error(0, tenant="acme"), error(100, tenant="acme"), until=1_000)
    assert [phase for _, phase in published(told)] == ["investigating", "resolved"] * 2


def test_incidents_that_fold_have_one_broadcast() -> None:
    rule = any_rule("Failing", timeframe=600, by=["code"])
    effects = Causes(effects={"TWILIO": frozenset({"SMS", "VOICE"})}, hold=5.0)
    told = World(book(rule, broadcasts=(entry(resolve_after=0),), causes=effects))
    given = [error(0, code="SMS", tenant="acme"), error(1, code="VOICE", tenant="globex")]
    told.run(*given, error(20, code="TWILIO"), until=2_000)
    assert [phase for _, phase in published(told)] == ["investigating"] * 2 + ["resolved"]
    assert told.broadcasts[2].merged == 1
    assert set(told.broadcasts[1].tenants) == {"acme", "globex"}


def test_an_incident_that_folds_into_a_told_one_is_not_told_a_second_time() -> None:
    rule = any_rule("Failing", timeframe=600, by=["code"])
    effects = Causes(effects={"TWILIO": frozenset({"SMS", "VOICE"})}, hold=5.0)
    hold = entry(mode="hold", hold=30)
    told = World(book(rule, broadcasts=(hold,), causes=effects))
    given = [error(0, code="SMS"), error(25, code="VOICE"), error(40, code="TWILIO")]
    told.run(*given, until=200)
    assert published(told) == [(30, "investigating")]


def test_of_two_that_fold_the_one_that_clients_know_goes_on() -> None:
    rule = any_rule("Failing", timeframe=600, by=["code"])
    effects = Causes(effects={"TWILIO": frozenset({"SMS", "VOICE"})}, hold=5.0)
    hold = entry(mode="hold", hold=300, resolve_after=0)
    told = World(book(rule, broadcasts=(hold,), causes=effects))
    given = [error(0, code="SMS"), error(1, code="VOICE"), PublishUpdate(2, "alice", 10)]
    told.run(*given, error(20, code="TWILIO"), until=2_000)
    assert [phase for _, phase in published(told)] == ["investigating", "resolved"]
    assert told.broadcasts[1].merged == 2
    assert told.broadcasts[2].opened == 0


def test_silenced_alerts_tell_clients_nothing_until_the_silence_ends() -> None:
    told = world()
    silence = Silence(id=0, matchers=('tenant="acme"',), starts=0, ends=50, author="bob")
    told.run(SetSilence(silence, 0), error(10, tenant="acme"), until=40)
    assert not told.broadcasts
    told.run(until=55)
    assert published(told) == [(50, "investigating")]


def test_maintenance_tells_clients_nothing_until_it_ends() -> None:
    work = Maintenance("work", parse_matchers(['tenant="acme"']), (Window(0.0, 50.0),))
    told = world(maintenance=(work,))
    told.run(error(10, tenant="acme"), until=40)
    assert not told.broadcasts
    told.run(until=55)
    assert published(told) == [(50, "investigating")]


def test_a_person_who_resolves_the_incident_ends_it_for_clients() -> None:
    told = world(entry(resolve_after=10))
    told.run(error(0, tenant="acme"), Resolve(1, "alice", 20), until=40)
    assert published(told) == [(0, "investigating"), (30, "resolved")]


def test_tenants_that_are_met_later_belong_to_it() -> None:
    rule = any_rule("Failing", timeframe=600, by=["tenant", "code"])
    told = World(book(rule, broadcasts=(entry(),)))
    told.run(error(0, tenant="acme", code="A"), error(50, tenant="globex", code="A"), until=60)
    assert told.broadcasts[1].tenants == ("acme", "globex")


def test_an_entry_that_a_reload_took_away_still_tells_the_end() -> None:
    told = world(entry(resolve_after=100))
    told.run(error(0, tenant="acme"), until=10)
    rules = any_rule("SmsFailing", timeframe=60, by=["tenant"], severity="critical")
    told.restart(book(rules))
    told.run(until=500)
    assert only(told, "resolved").text == "This is over. It lasted 1 minute."


def test_time_in_which_nobody_could_stop_it_does_not_count() -> None:
    told = world(entry(mode="hold", hold=30), causes=None)
    told.run(error(0, tenant="acme"), until=10)
    told.restart(now=25, unseen=15)
    told.run(until=44)
    assert published(told) == []
    told.run(until=45)
    assert published(told) == [(45, "investigating")]


def test_the_end_is_told_though_a_clock_was_far_ahead() -> None:
    told = world(entry(resolve_after=100))
    told.run(error(10_000_000, tenant="acme"), until=10_000_070)
    told.restart(now=1_000)
    told.run(until=1_100)
    assert [phase for _, phase in published(told)] == ["resolved", "investigating"]


def by_hand(of: Broadcast, phase: Any, at: float, **options: Any) -> WriteUpdate:
    options.setdefault("publish", True)
    return WriteUpdate(of=of, phase=phase, text="By hand.", by="bob", received=at, **options)


NEW = Broadcast(id=0, title="Voice calls fail", audience="all", opened=0)


def test_a_person_writes_a_broadcast_from_beginning_to_end() -> None:
    told = world()
    told.run(by_hand(NEW, "investigating", 10), until=20)
    told.run(by_hand(told.broadcasts[1], "resolved", 30), until=40)
    assert published(told) == [(10, "investigating"), (30, "resolved")]
    assert (told.broadcasts[1].opened, told.broadcasts[1].ended) == (10, 30)


def test_the_end_by_hand_is_not_told_again_when_the_incident_is_over() -> None:
    told = world()
    told.run(error(0, tenant="acme"), until=10)
    told.run(by_hand(told.broadcasts[1], "resolved", 20), until=1_000)
    assert [phase for _, phase in published(told)] == ["investigating", "resolved"]
    assert len(told.broadcasts) == 1


def test_what_is_over_can_be_corrected_and_explained() -> None:
    told = world()
    told.run(error(0, tenant="acme"), until=1_000)
    of = told.broadcasts[1]
    told.run(by_hand(of, "correction", 1_010), by_hand(of, "postmortem", 1_020), until=1_030)
    assert published(told)[2:] == [(1_010, "correction"), (1_020, "postmortem")]
    assert told.broadcasts[1].phase == "resolved"


def test_a_draft_of_what_is_over_waits_through_a_restart() -> None:
    told = world()
    told.run(error(0, tenant="acme"), until=1_000)
    told.run(by_hand(told.broadcasts[1], "postmortem", 1_010, publish=False), until=1_020)
    told.restart()
    told.run(PublishUpdate(only(told, "postmortem").id, "alice", 1_100), until=1_200)
    assert published(told)[-1] == (1_100, "postmortem")


def test_a_retraction_ends_it_and_drops_what_waits() -> None:
    told = world(entry(mode="hold", hold=10, messages=FULL, resolve_after=300))
    told.run(error(0, tenant="acme"), until=65)
    told.run(by_hand(told.broadcasts[1], "retraction", 66), until=1_000)
    assert [phase for _, phase in published(told)] == ["investigating", "retraction"]


@pytest.mark.parametrize("phase", ["correction", "retraction", "postmortem"])
def test_of_what_nobody_heard_there_is_nothing_to_take_back(phase: Any) -> None:
    told = world()
    told.run(by_hand(NEW, phase, 10), until=20)
    assert not told.updates
    assert [one.reason for one in told.history.decisions] == ["broadcast"]


@pytest.mark.parametrize("phase", ["scheduled", "in_progress", "completed"])
def test_an_incident_is_no_maintenance(phase: Any) -> None:
    told = world()
    told.run(by_hand(NEW, phase, 10), until=20)
    assert not told.updates


def test_a_broadcast_that_a_person_ends_says_nothing_more() -> None:
    told = world()
    told.run(error(0, tenant="acme"), EndBroadcast(1, "bob", 10), until=1_000)
    assert published(told) == [(0, "investigating")]


def test_the_summary_is_the_one_for_clients_and_is_redacted() -> None:
    messages: Any = {"investigating": {"en": "Now: {summary}"}}
    rule = any_rule("SmsFailing", annotations={"client_summary": "slow on db-1", "summary": "x"})
    told = World(
        book(
            rule,
            broadcasts=(entry(messages=messages),),
            redact=lambda text: text.replace("db-1", "[…]"),
        )
    )
    told.run(error(0), until=1)
    assert only(told, "investigating").text == "Now: slow on […]"


def test_people_in_quiet_hours_are_not_asked() -> None:
    quiet = Quiet(start=0, end=60, zone=ZoneInfo("UTC"))
    told = world(entry(mode="hold", hold=30), quiet={"alice": quiet})
    told.run(error(0, tenant="acme"), until=10)
    assert not [one for one in told.history.deliveries if one.reason == "veto"]


def test_two_routes_with_the_same_people_ask_them_once() -> None:
    routes = [route("one", goes_on=True), route("two")]
    told = world(entry(mode="hold", hold=30), routes=routes)
    told.run(error(0, tenant="acme"), until=10)
    assert len([one for one in told.history.deliveries if one.reason == "veto"]) == 1
