"""What routes, time intervals, inhibitions and maintenance are once they have been read."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sentinel.config.model import Config
from sentinel.engine.intervals import TimeInterval, Window
from tests.config.conftest import Load

Right = Callable[..., Config]

MAIN = "channels: {printer: {type: printer}}\n"
BASE = """\
rules: [{alert: A, on: error, labels: {team: a}}]
escalations: [{name: e, steps: [{notify: [printer]}]}]
"""
NIGHTS = """\
time_intervals:
- name: nights
  time_intervals:
  - times: [{start_time: "22:00", end_time: "24:00"}]
    weekdays: [monday:friday, saturday]
    days_of_month: [1, "5:10", -1]
    months: [december, "1:3"]
    years: [2026]
    location: Europe/Paris
  - weekdays: [sunday]
"""


def test_a_child_inherits_how_it_is_grouped_but_not_when_it_is_muted(config: Right) -> None:
    routes = """\
routes:
- name: top
  escalation: e
  group_by: [team]
  group_interval: 1m
  mute_time_intervals: [nights]
  routes:
  - {name: same, matchers: [team=a], continue: true}
  - {name: other, group_by: [incident], group_interval: 2m, active_time_intervals: [nights]}
"""
    found = config(MAIN, a=BASE + NIGHTS + routes)
    [top] = found.routes
    same, other = top.routes
    assert (top.group_by, top.group_interval, top.muted) == (("team",), 60.0, ("nights",))
    assert (same.group_by, same.group_interval) == (("team",), 60.0)
    assert (same.muted, same.active) == ((), ())
    assert (other.group_by, other.group_interval, other.active) == (
        ("incident",),
        120.0,
        ("nights",),
    )


def test_a_route_tells_of_each_incident_by_itself_unless_it_says_otherwise(config: Right) -> None:
    [route] = config(MAIN, a=f"{BASE}routes: [{{name: r, escalation: e}}]").routes
    assert (route.group_by, route.group_wait, route.group_interval) == (("incident",), 0.0, 300.0)


def test_matchers_in_braces_are_one_each(config: Right) -> None:
    routes = """routes: [{name: r, escalation: e, matchers: ['{team=~"a,?", alertname!="x"}']}]"""
    [route] = config(MAIN, a=BASE + routes).routes
    assert route.matchers == ('team=~"a,?"', 'alertname!="x"')


def test_a_time_interval_holds_what_it_says(config: Right) -> None:
    routes = "routes: [{name: r, escalation: e, mute_time_intervals: [nights]}]"
    found = config("timezone: Europe/London\n" + MAIN, a=BASE + NIGHTS + routes)
    nights = TimeInterval(
        zone=ZoneInfo("Europe/Paris"),
        times=((1320, 1440),),
        weekdays=((1, 5), (6, 6)),
        days_of_month=((1, 1), (5, 10), (-1, -1)),
        months=((12, 12), (1, 3)),
        years=((2026, 2026),),
    )
    sundays = TimeInterval(zone=ZoneInfo("Europe/London"), weekdays=((0, 0),))
    assert found.time_intervals["nights"].intervals == (nights, sundays)


def test_an_inhibition_without_a_name_is_called_by_its_number(config: Right) -> None:
    rule = "{source_matchers: [a=b], target_matchers: [c=d]"
    first = f"inhibit_rules: [{rule}, name: own}}, {rule}, equal: [tenant, tags.zone]}}]"
    second = f"inhibit_rules: [{rule}}}]"
    found = config(MAIN, a=first, b=second).inhibit_rules
    assert [one.name for one in found] == ["own", "inhibit-2", "inhibit-3"]
    assert found[1].equal == ("tenant", "tags.zone")


def test_maintenance_happens_once_in_its_own_time_zone(config: Right) -> None:
    text = """\
maintenance:
- name: move
  matchers: [host="a"]
  from: 2026-12-24T22:00
  until: 2026-12-25T02:00+00:00
  timezone: Europe/Berlin
  comment: the move
"""
    [found] = config(MAIN, a=text).maintenance
    start = datetime(2026, 12, 24, 21, tzinfo=UTC).timestamp()
    assert found.during == (Window(start, start + 5 * 3600),)
    assert (found.matchers, found.comment) == (('host="a"',), "the move")


def test_maintenance_that_recurs_is_its_time_intervals(config: Right) -> None:
    text = "maintenance: [{name: m, matchers: [a=b], time_intervals: [nights]}]"
    found = config(MAIN, a=f"{NIGHTS}{text}")
    assert found.maintenance[0].during == found.time_intervals["nights"].intervals


def test_a_name_is_unique_across_files(load: Load) -> None:
    text = f"{NIGHTS}maintenance: [{{name: m, matchers: [a=b], time_intervals: [nights]}}]"
    _, problems = load(MAIN, a=text, b=text)
    assert {(p.file, p.found) for p in problems} == {
        ("rules/b.yaml", "time interval 'nights' again"),
        ("rules/b.yaml", "maintenance 'm' again"),
    }
