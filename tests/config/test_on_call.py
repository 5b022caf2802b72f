"""What people, teams, schedules and the steps that name them are once they have been read."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from sentinel.config.model import Config
from sentinel.engine.quiet import Quiet
from sentinel.engine.schedules import Handoff, Layer, Override
from sentinel.model.delivery import Recipient
from tests.config.conftest import Load

Right = Callable[..., Config]

MAIN = """\
timezone: Europe/London
channels:
  mail: {type: mail, host: localhost}
  text: {type: text}
  printer: {type: printer}
people:
  alice: {email: alice@example.com, sms: +4412345}
  bob: {email: bob@example.com}
teams: {leads: [bob, alice]}
"""
SCHEDULE = """\
routes: [{name: r, escalation: e}]
time_intervals: [{name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}]
schedules:
- name: primary
  timezone: Europe/Berlin
  layers:
  - {every: 1w, handoff: "Mon 09:00", people: [alice, [bob, alice]]}
  - {every: 12h, people: [bob], start: 2026-01-05, during: [weekend]}
  overrides:
  - {from: 2026-12-24T09:00, until: 2026-12-27T09:00, person: bob}
  - {from: 2026-12-24T09:00, until: 2026-12-25T09:00, people: [alice, bob]}
"""
ALICE = Recipient("mail", "alice@example.com", "alice")
BOB = Recipient("mail", "bob@example.com", "bob")


def step(text: str) -> str:
    return f"escalations: [{{name: e, repeat: 2, ack_timeout: 1h, steps: [{{{text}}}]}}]\n"


def test_a_schedule_holds_its_layers_and_overrides(config: Right) -> None:
    text = SCHEDULE + step("notify: [schedule:primary, team:leads]")
    schedule = config(MAIN, a=text).schedules["primary"].schedule
    first, second = schedule.layers
    assert schedule.zone == ZoneInfo("Europe/Berlin")
    assert first == Layer(
        people=(("alice",), ("bob", "alice")), every=7 * 86_400, handoff=Handoff(540, 1)
    )
    assert (second.handoff, second.start) == (Handoff(0), date(2026, 1, 5))
    assert second.during[0].covers(datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp())
    eve = datetime(2026, 12, 24, 8, tzinfo=UTC).timestamp()
    assert schedule.overrides == (
        Override(eve, eve + 3 * 86_400, ("bob",)),
        Override(eve, eve + 86_400, ("alice", "bob")),
    )


def test_a_schedule_without_a_time_zone_has_that_of_the_main_file(config: Right) -> None:
    text = SCHEDULE.replace("  timezone: Europe/Berlin\n", "")
    found = config(MAIN, a=text + step("notify: [schedule:primary, team:leads]"))
    assert found.schedules["primary"].schedule.zone == ZoneInfo("Europe/London")


@pytest.mark.parametrize("target", ["schedule:primary", "primary"])
def test_a_step_knows_over_what_each_person_on_call_is_reached(target: str, config: Right) -> None:
    text = SCHEDULE + step(f"notify: [{target}, team:leads], by: email")
    [found] = config(MAIN, a=text).escalations["e"].steps
    [on_call] = found.on_call
    assert on_call.schedule == "primary"
    assert on_call.reach == {"alice": (ALICE,), "bob": (BOB,)}
    assert found.notify == ("schedule:primary", "team:leads")


def test_a_step_knows_how_to_reach_whoever_may_stand_in(config: Right) -> None:
    carol = "people: {carol: {email: carol@example.com}}"
    found = config(MAIN, a=SCHEDULE + step("notify: [schedule:primary, team:leads]") + carol)
    [on_call] = found.escalations["e"].steps[0].on_call
    assert on_call.reach["carol"] == (Recipient("mail", "carol@example.com", "carol"),)


def test_a_team_is_all_of_its_people(config: Right) -> None:
    text = SCHEDULE + step("notify: [leads, alice, primary], by: mail")
    found = config(MAIN, a=text).escalations["e"]
    assert found.steps[0].recipients == (BOB, ALICE)
    assert (found.repeat, found.ack_timeout) == (2, 3600.0)


@pytest.mark.parametrize(
    ("written", "exempt", "zone"),
    [
        ("timezone: Asia/Tokyo, quiet: {%s}", frozenset[str](), "Asia/Tokyo"),
        ("quiet: {%s, except: critical}", frozenset({"critical"}), "Europe/London"),
        (
            "timezone: Asia/Tokyo, quiet: {%s, except: [critical, warning], timezone: UTC}",
            frozenset({"critical", "warning"}),
            "UTC",
        ),
    ],
)
def test_quiet_hours_are_in_the_nearest_time_zone(
    written: str, exempt: frozenset[str], zone: str, config: Right
) -> None:
    own = written % 'from: "22:00", until: "07:00"'
    people = f"people: {{carol: {{email: carol@example.com, {own}}}}}"
    text = SCHEDULE + step("notify: [primary, leads]") + people
    carol = config(MAIN, a=text).people["carol"]
    assert carol.quiet == Quiet(start=1320, end=420, zone=ZoneInfo(zone), exempt=exempt)
    assert carol.addresses == {"email": "carol@example.com"}


def test_a_gap_is_told_only_of_a_schedule_that_somebody_waits_for(load: Load) -> None:
    weekend = SCHEDULE.replace("every: 1w,", "every: 1w, during: [weekend],")
    used = weekend + step("notify: [primary, leads]")
    unused = weekend + step("notify: [leads]")
    _, with_gap = load(MAIN, now=0.0, a=used)
    _, without = load(MAIN, now=0.0, a=unused)
    assert [p.id for p in with_gap] == ["schedule/gap"]
    assert [p.id for p in without] == ["schedule/unused"]


def test_without_a_time_no_gap_is_looked_for(load: Load) -> None:
    text = SCHEDULE.replace("every: 1w,", "every: 1w, during: [weekend],")
    _, problems = load(MAIN, a=text + step("notify: [primary, leads]"))
    assert problems == []


def test_a_person_on_call_who_does_not_exist_is_told_once(load: Load) -> None:
    text = SCHEDULE.replace("people: [bob]", "people: [bbo]") + step("notify: [primary, leads]")
    _, problems = load(MAIN, a=text)
    assert ("config/unknown-name", "person 'bbo'") in [(p.id, p.found) for p in problems]
    assert not [p for p in problems if p.id.startswith("escalation/")]
