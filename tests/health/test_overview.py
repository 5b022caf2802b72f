"""Components as people see them, from what a store holds."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.config.model import ComponentConfig, MaintenanceConfig
from sentinel.engine.intervals import Window
from sentinel.health.overview import ComponentHealth, component, overview
from sentinel.health.patience import OWN, Patience
from sentinel.installation import require
from sentinel.model.signal import State, Status
from sentinel.model.snapshot import Latency, Snapshot
from sentinel.model.uptime import Span
from sentinel.store import components, latencies, signals, snapshots, uptime
from sentinel.store.connection import connect
from sentinel.store.migrations import migrate

DAY = 86_400.0
NOW = 1_800_000_000.0


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path)
    migrate(connection)
    yield connection
    connection.close()


def configured(**needs: tuple[str, ...]) -> dict[str, ComponentConfig]:
    return {
        name: ComponentConfig(name=name, title=name, group="All", depends_on=others, slo=99.9)
        for name, others in needs.items()
    }


def say(
    conn: sqlite3.Connection,
    name: str,
    state: State,
    at: float = NOW,
    environment: str | None = None,
    message: str = "",
) -> None:
    status = Status(
        status=state, component=name, received=at, environment=environment, message=message
    )
    components.note(conn, status, signals.pack(status), 60.0)


def found(conn: sqlite3.Connection, name: str, now: float = NOW) -> ComponentHealth:
    health = component(conn, {}, name, now)
    assert health is not None
    return health


def test_the_windows_look_back_from_now(conn: sqlite3.Connection) -> None:
    source = ("shop", "", "", "")
    uptime.add(conn, source, Span(NOW - 60 * DAY, NOW - 3 * DAY, "up"))
    uptime.add(conn, source, Span(NOW - 3 * DAY, NOW - 2 * DAY, "down"))
    uptime.add(conn, source, Span(NOW - 2 * DAY, NOW - 60, "up"))
    say(conn, "shop", "up")
    shares = {one.window: one.share for one in found(conn, "shop").uptime}
    known = {one.window: one.seconds.known / DAY for one in found(conn, "shop").uptime}
    assert shares["24h"] == 1.0
    assert shares["7d"] == pytest.approx(6 / 7, abs=1e-4)
    assert shares["90d"] == pytest.approx(59 / 60, abs=1e-4)
    assert known["90d"] == pytest.approx(60, abs=0.01)


def test_a_component_that_is_down_as_announced_is_down_and_loses_no_uptime(
    conn: sqlite3.Connection,
) -> None:
    say(conn, "shop", "up", at=NOW - 60)
    say(conn, "shop", "down", at=NOW - 30)
    work = MaintenanceConfig(
        name="work",
        matchers=('component="shop"',),
        during=(Window(NOW - 40, NOW + 600),),
        time_intervals=(),
        comment="",
        file="rules.yaml",
        line=1,
    )
    health = component(conn, {}, "shop", NOW, [work])
    assert health is not None
    assert (health.state, health.since) == ("down", NOW - 30)
    assert (health.uptime[0].share, health.uptime[0].seconds.planned) == (1.0, 30.0)
    assert (health.budget.used, health.days[-1].planned) == (0.0, 30.0)
    assert found(conn, "shop", NOW).uptime[0].share == 0.5


def test_the_last_day_is_today(conn: sqlite3.Connection) -> None:
    say(conn, "shop", "down")
    days = found(conn, "shop", NOW + 30).days
    assert len(days) == 90
    assert days[-1].down == 30
    assert sum(day.down for day in days[:-1]) == 0


def test_the_worst_environment_is_the_state_of_a_component(conn: sqlite3.Connection) -> None:
    say(conn, "shop", "up", environment="test", message="fine")
    say(conn, "shop", "down", environment="production", message="no answer")
    health = found(conn, "shop", NOW + 1)
    assert (health.state, health.message) == ("down", "no answer")
    assert {one.environment: one.state for one in health.sources} == {
        "test": "up",
        "production": "down",
    }


def test_a_component_that_fell_silent_is_unknown_since_then(conn: sqlite3.Connection) -> None:
    say(conn, "shop", "down", message="no answer")
    health = found(conn, "shop", NOW + 100)
    assert (health.state, health.since) == ("unknown", NOW + 60)
    assert health.message == "nothing is heard of it"


def test_trouble_is_shown_with_what_it_may_come_from(conn: sqlite3.Connection) -> None:
    for name, state in (("shop", "degraded"), ("api", "down"), ("database", "down")):
        say(conn, name, state)  # type: ignore[arg-type]
    needs = configured(shop=("api",), api=("database",), database=())
    health = {one.name: one for one in overview(conn, needs, NOW).components}
    assert health["shop"].because == ("database",)
    assert health["database"].because == ()
    assert health["database"].needed_by == ("api",)


def test_what_is_needed_has_a_place_although_nobody_says_more_of_it(
    conn: sqlite3.Connection,
) -> None:
    health = overview(conn, configured(shop=("database",)), NOW).components
    assert [one.name for one in health] == ["shop", "database"]


def test_what_was_not_heard_of_for_a_week_is_left_out(conn: sqlite3.Connection) -> None:
    say(conn, "old", "up", at=NOW - 8 * DAY)
    say(conn, "new", "up", at=NOW - 6 * DAY)
    assert [one.name for one in overview(conn, {}, NOW).components] == ["new"]


@pytest.mark.parametrize(("state", "overall"), [("up", "healthy"), ("down", "degraded")])
def test_overall_is_as_well_as_its_parts(
    conn: sqlite3.Connection, state: State, overall: str
) -> None:
    say(conn, "shop", state)
    assert overview(conn, {}, NOW).overall == overall


def test_the_times_of_answers_come_from_the_snapshots(conn: sqlite3.Connection) -> None:
    for minute in range(60):
        measured = Latency(name="shop", count=3, p50=minute / 100, p95=1.0, p99=1.0)
        snapshots.insert(conn, Snapshot(at=NOW + minute, overall="healthy", latencies=(measured,)))
    medians = latencies.medians(conn, "shop", NOW + 30, 10)
    assert len(medians) == 10
    assert medians[0] == (NOW + 30, 0.3)
    assert latencies.medians(conn, "search", NOW, 10) == []


def test_how_long_a_status_holds_follows_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "sentinel.yaml").write_text("""
components: {shop: {silent_after: 2m}}
heartbeat: {url: "http://localhost", every: 1m, timeout: 10s}
snapshots: {silent_after: 2h}
probes:
  - {name: front, type: host, interval: 30s, timeout: 5s, retries: 1, component: web}
""")
    patience = Patience(require(tmp_path / "sentinel.yaml", {})[0].config)

    def of(component: str, probe: str = "") -> float:
        tags = {"probe": probe} if probe else {}
        return patience.of(Status(status="up", component=component, tags=tags))

    assert of("web", "front") == 3 * 30 + 2 * 5
    assert of("anything", "front") == 100
    assert of("shop", "front") == 120
    assert of("web") == 7200
    assert of(OWN) == 190
