"""The states of the page's lines, from what was measured and what was told."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.config.model_status import StatusPageConfig, StatusPartConfig
from sentinel.status.facts import Facts, Part
from sentinel.status.parts import beginnings, overall, part
from sentinel.status.stories import story
from sentinel.store import status as store

from .tales import DAY, NOON, hear, say, status, tell, was

UTC = ZoneInfo("UTC")
SMS = StatusPartConfig(id="sms", components=("gw",), title="SMS", group="", description="")
SITE = StatusPartConfig(id="site", components=("a", "b"), title="Site", group="", description="")


def look(
    conn: sqlite3.Connection,
    config: StatusPartConfig = SMS,
    *,
    tenant: str | None = None,
    environments: tuple[str, ...] = (),
    probed: tuple[str, ...] = (),
    days: int = 90,
    zone: ZoneInfo = UTC,
    announced: Mapping[str, Sequence[tuple[float, float]]] | None = None,
) -> Part:
    since = NOON - 91 * DAY
    courses = store.courses(conn, config.components, tenant, environments, since, NOON)
    told = store.published(conn, tenant, NOON - 365 * DAY)
    stories = [story(one, updates, [config]) for one, updates in told]
    begun = beginnings(zone, days, NOON)
    return part(config, courses, frozenset(probed), stories, begun, NOON, announced or {})


@pytest.mark.parametrize("state", ["up", "degraded", "down"])
def test_what_a_probe_says_is_shown(conn: sqlite3.Connection, state: str) -> None:
    hear(conn, status("gw", state, NOON - 60))
    assert look(conn).state == state


def test_the_worst_of_several_probes_counts(conn: sqlite3.Connection) -> None:
    hear(conn, status("gw", "up", NOON - 10, probe="ping"))
    hear(conn, status("gw", "down", NOON - 60, probe="send"))
    assert look(conn).state == "down"


def test_a_line_of_several_components_is_partly_out_where_one_is_down(
    conn: sqlite3.Connection,
) -> None:
    hear(conn, status("a", "up", NOON - 60))
    hear(conn, status("b", "down", NOON - 60))
    assert look(conn, SITE).state == "partial"
    hear(conn, status("a", "down", NOON - 30))
    assert look(conn, SITE).state == "down"


def test_a_component_that_fell_silent_is_not_known(conn: sqlite3.Connection) -> None:
    hear(conn, status("gw", "up", NOON - 7_200), patience=600)
    assert look(conn).state == "unknown"


def test_a_probe_that_has_not_looked_yet_leaves_it_unknown(conn: sqlite3.Connection) -> None:
    found = look(conn, probed=("gw",))
    assert (found.state, {one.state for one in found.days}) == ("unknown", {"unknown"})


def test_what_nobody_measures_works_until_somebody_says_otherwise(
    conn: sqlite3.Connection,
) -> None:
    assert (look(conn).state, look(conn).days) == ("up", ())
    tell(conn, 1, ("investigating", "…", NOON - 60), components=("gw",), severity="critical")
    assert look(conn).state == "down"


@pytest.mark.parametrize(
    ("severity", "state"), [("info", "degraded"), ("warning", "partial"), ("critical", "down")]
)
@pytest.mark.parametrize("measured", ["up", "down"])
def test_an_open_broadcast_says_the_state_whatever_is_measured(
    conn: sqlite3.Connection, severity: str, state: str, measured: str
) -> None:
    hear(conn, status("gw", measured, NOON - 60))
    tell(conn, 1, ("investigating", "…", NOON - 60), components=("gw",), severity=severity)
    assert look(conn).state == state


def test_a_broadcast_may_name_the_line_instead_of_the_component(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "…", NOON - 60), components=("sms",), severity="warning")
    assert look(conn).state == "partial"


def test_a_broadcast_of_another_component_changes_nothing(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "…", NOON - 60), components=("mail",), severity="critical")
    assert look(conn).state == "up"


@pytest.mark.parametrize("last", ["resolved", "retraction"])
def test_an_ended_broadcast_lets_the_measured_state_through(
    conn: sqlite3.Connection, last: Any
) -> None:
    hear(conn, status("gw", "up", NOON - 60))
    tell(conn, 1, ("investigating", "…", NOON - 99), (last, "…", NOON - 9), components=("gw",))
    assert look(conn).state == "up"


@pytest.mark.parametrize(("measured", "state"), [("up", "degraded"), ("down", "down")])
def test_while_it_is_only_watched_the_measured_state_counts_again(
    conn: sqlite3.Connection, measured: str, state: str
) -> None:
    hear(conn, status("gw", measured, NOON - 60))
    told = (("identified", "…", NOON - 99), ("monitoring", "…", NOON - 9))
    tell(conn, 1, *told, components=("gw",), severity="critical")  # type: ignore[arg-type]
    assert look(conn).state == state


@pytest.mark.parametrize("state", ["draft", "held", "vetoed"])
def test_what_is_not_published_shows_nowhere(conn: sqlite3.Connection, state: str) -> None:
    one = tell(conn, 1, ("investigating", "…", NOON - 60), components=("gw",))
    conn.execute("DELETE FROM updates")
    say(conn, one, 7, "investigating", "not yet", NOON - 60, state)
    assert look(conn).state == "up"
    assert store.published(conn, None, 0) == []


def test_announced_work_is_maintenance_from_its_beginning_to_its_end(
    conn: sqlite3.Connection,
) -> None:
    hear(conn, status("gw", "down", NOON - 60))
    times = {"kind": "maintenance", "components": ("gw",)}
    tell(conn, 1, ("scheduled", "…", NOON - DAY), starts=NOON - 60, ends=NOON + 60, **times)
    assert look(conn).state == "maintenance"
    tell(conn, 1, ("scheduled", "…", NOON - DAY), starts=NOON + 60, ends=NOON + 90, **times)
    assert look(conn).state == "down"
    tell(conn, 1, ("scheduled", "…", NOON - DAY), starts=NOON - 90, ends=NOON - 60, **times)
    assert look(conn).state == "down"


def test_an_incident_shows_through_maintenance(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("in_progress", "…", NOON - 99), kind="maintenance", components=("gw",))
    tell(conn, 2, ("investigating", "…", NOON - 60), components=("gw",), severity="warning")
    assert look(conn).state == "partial"


def test_downtime_in_announced_work_counts_for_nothing(conn: sqlite3.Connection) -> None:
    was(conn, "gw", "up", NOON - 10 * DAY, NOON - DAY)
    was(conn, "gw", "down", NOON - DAY, NOON - DAY + 3_600)
    was(conn, "gw", "up", NOON - DAY + 3_600, NOON)
    assert look(conn).uptime[0] < 1  # type: ignore[operator]
    said = (("in_progress", "…", NOON - DAY), ("completed", "…", NOON - DAY + 3_600))
    tell(conn, 1, *said, kind="maintenance", components=("gw",))  # type: ignore[arg-type]
    found = look(conn)
    assert found.uptime == (1.0, 1.0, 1.0)
    assert [one.state for one in found.days[-3:]] == ["up", "maintenance", "up"]


def test_maintenance_of_the_configuration_counts_for_nothing_either(
    conn: sqlite3.Connection,
) -> None:
    was(conn, "gw", "up", NOON - 9 * DAY, NOON - DAY)
    was(conn, "gw", "down", NOON - DAY, NOON - DAY + 3_600)
    windows = [(NOON - DAY - 60, NOON - DAY + 600), (NOON - DAY + 300, NOON - DAY + 4_000)]
    found = look(conn, announced={"gw": windows})
    assert found.uptime[0] == 1.0
    assert found.days[-2].state == "maintenance"


@pytest.mark.parametrize(
    ("state", "hours", "shown"),
    [
        ("degraded", 1, "degraded"),
        ("down", 1, "partial"),
        ("down", 13, "down"),
        ("up", 24, "up"),
    ],
)
def test_a_day_is_told_by_how_long_it_was_bad(
    conn: sqlite3.Connection, state: str, hours: int, shown: str
) -> None:
    midnight = NOON - NOON % DAY - DAY
    was(conn, "gw", state, midnight, midnight + hours * 3_600)
    was(conn, "gw", "up", midnight + hours * 3_600, midnight + DAY)
    assert look(conn).days[-2].state == shown


def test_days_without_data_are_told_apart(conn: sqlite3.Connection) -> None:
    was(conn, "gw", "up", NOON - 5 * DAY, NOON - 3 * DAY)
    states = [one.state for one in look(conn).days]
    assert len(states) == 90
    assert states[-6:] == ["up", "up", "up", "unknown", "unknown", "unknown"]
    assert set(states[:-6]) == {"unknown"}


def test_as_many_days_as_are_asked_for(conn: sqlite3.Connection) -> None:
    hear(conn, status("gw", "up", NOON - 60))
    assert len(look(conn, days=30).days) == 30


def test_days_begin_at_midnight_by_the_clocks_of_the_page(conn: sqlite3.Connection) -> None:
    kiritimati = ZoneInfo("Pacific/Kiritimati")
    evening = NOON - NOON % DAY - 2 * 3_600
    was(conn, "gw", "up", NOON - 5 * DAY, evening)
    was(conn, "gw", "down", evening, evening + 3_600)
    was(conn, "gw", "up", evening + 3_600, NOON)
    # Noon and the evening before, in UTC, are one day fourteen hours further east.
    assert [one.state for one in look(conn).days][-2:] == ["partial", "up"]
    there = [one.state for one in look(conn, zone=kiritimati).days]
    assert there[-3:] == ["up", "partial", "up"]


@pytest.mark.parametrize(("month", "hours"), [(4, 23), (11, 25)])
def test_the_days_on_which_clocks_change_are_shorter_and_longer(month: int, hours: int) -> None:
    london = ZoneInfo("Europe/London")
    now = datetime(2027, month, 5, 12, tzinfo=london).timestamp()
    begun = beginnings(london, 30, now)
    lengths = {(after - before) / 3_600 for before, after in pairwise(begun)}
    assert lengths == {24, hours}
    assert {datetime.fromtimestamp(one, london).hour for one in begun} == {0}


def test_uptime_is_of_thirty_sixty_and_ninety_days(conn: sqlite3.Connection) -> None:
    was(conn, "gw", "down", NOON - 89 * DAY, NOON - 80 * DAY)
    was(conn, "gw", "up", NOON - 80 * DAY, NOON)
    thirty, sixty, ninety = look(conn).uptime
    assert (thirty, sixty) == (1.0, 1.0)
    assert ninety == pytest.approx(80 / 89)


def test_what_is_heard_of_one_tenant_alone_concerns_that_tenant_alone(
    conn: sqlite3.Connection,
) -> None:
    hear(conn, status("gw", "up", NOON - 60))
    hear(conn, status("gw", "down", NOON - 60, tenant="acme"))
    was(conn, "gw", "down", NOON - 5 * DAY, NOON - 4 * DAY, tenant="acme")
    assert (look(conn).state, look(conn).uptime[0]) == ("up", 1.0)
    assert look(conn, tenant="globex").state == "up"
    assert look(conn, tenant="acme").state == "down"
    assert look(conn, tenant="acme").uptime[0] < 1  # type: ignore[operator]


def test_only_the_environments_that_are_named_count(conn: sqlite3.Connection) -> None:
    hear(conn, status("gw", "up", NOON - 60, environment="production"))
    hear(conn, status("gw", "down", NOON - 60, environment="staging"))
    assert look(conn).state == "down"
    assert look(conn, environments=("production",)).state == "up"


def _of(*states: Any) -> list[Part]:
    return [
        Part(id=str(at), title="", group="", description="", state=one)
        for at, one in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ((), "up"),
        (("up", "up"), "up"),
        (("up", "unknown"), "unknown"),
        (("up", "maintenance"), "maintenance"),
        (("degraded", "maintenance"), "degraded"),
        (("up", "partial"), "partial"),
        (("up", "down"), "partial"),
        (("down", "down"), "down"),
    ],
)
def test_the_whole_is_as_bad_as_its_parts(states: tuple[Any, ...], whole: str) -> None:
    assert overall(_of(*states), [], NOON) == whole


def test_trouble_that_names_no_component_shows_in_the_whole(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "…", NOON - 60), severity="warning")
    told = [story(one, updates, []) for one, updates in store.published(conn, None, 0)]
    assert overall(_of("up"), told, NOON) == "partial"


def test_facts_hold_no_internal_name() -> None:
    names = {*Facts.__struct_fields__, *Part.__struct_fields__}
    assert not names & {"components", "tenants", "tenant", "source", "message", "environment"}


def test_a_page_knows_what_clients_call_a_component() -> None:
    page = StatusPageConfig(
        title="",
        intro="",
        logo=None,
        logo_file=None,
        accent=None,
        support="",
        links=(),
        audience="public",
        environments=(),
        days=90,
        zone=UTC,
        parts=(SMS, SITE),
    )
    assert (page.title_of("b"), page.title_of("c")) == ("Site", None)
