"""What is remembered of releases."""

import sqlite3
from collections.abc import Iterator

import pytest

from sentinel.api import Change, Error, Metric
from sentinel.store import releases
from sentinel.store.migrations import migrate
from sentinel.store.releases import Releases

DAY = 86_400.0


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    yield conn
    conn.close()


def error(release: str | None, at: float, **more: str) -> Error:
    return Error(message="no", release=release, project="shop", received=at, at=at, **more)


def test_a_release_is_announced_once_for_each_environment(conn: sqlite3.Connection) -> None:
    seen = Releases()
    for environment in ("production", "staging"):
        # What ran when Sentinel came is no change.
        assert seen.first_of(conn, error("1.4.1", 9.0, environment=environment)) is None
    change = seen.first_of(conn, error("1.4.2", 10.0, environment="production", service="web"))
    assert change == Change(
        at=10.0,
        received=10.0,
        project="shop",
        environment="production",
        release="1.4.2",
        service="web",
        kind="release",
        summary="first error from 1.4.2",
    )
    assert seen.first_of(conn, error("1.4.2", 11.0, environment="production")) is None
    assert seen.first_of(conn, error("1.4.2", 12.0, environment="staging")) is not None
    assert Releases().first_of(conn, error("1.4.2", 13.0, environment="production")) is None


def test_signals_without_a_release_and_of_other_kinds_announce_none(
    conn: sqlite3.Connection,
) -> None:
    seen = Releases()
    assert seen.first_of(conn, error(None, 1.0)) is None
    assert seen.first_of(conn, Metric(name="load", value=1.0, release="2", received=1.0)) is None
    assert conn.execute("SELECT count(*) FROM releases").fetchone()[0] == 0


def test_the_store_is_asked_once_a_day_for_a_release(conn: sqlite3.Connection) -> None:
    seen, asked = Releases(), []
    for at in (0.0, 1.0):
        seen.first_of(conn, error("1", at))
    conn.set_trace_callback(asked.append)
    for at in range(2, 100):
        seen.first_of(conn, error("1", float(at)))
    assert asked == []
    seen.first_of(conn, error("1", DAY + 2))
    assert len(asked) == 1


def test_one_that_errors_still_come_from_is_not_forgotten(conn: sqlite3.Connection) -> None:
    seen = Releases()
    for at in (0.0, DAY, 3 * DAY):
        seen.first_of(conn, error("1", at))
    assert seen.first_of(conn, error("2", DAY)) is not None
    assert releases.forget(conn, 2 * DAY, 10) == 1
    assert seen.first_of(conn, error("1", 3 * DAY + 1)) is None
    assert Releases().first_of(conn, error("2", 3 * DAY)) is not None


def test_made_up_releases_are_no_flood_of_changes(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "_MOST_A_DAY", 3)
    seen = Releases()
    told = [seen.first_of(conn, error(f"r{n}", float(n))) for n in range(10)]
    # The first is what ran before.
    assert sum(change is not None for change in told) == 2
    assert seen.first_of(conn, error("late", DAY + 20)) is not None


@pytest.mark.parametrize(
    ("told", "of_errors"),
    [("1.4.2", "shop@1.4.2"), ("shop@1.4.2", "1.4.2"), ("shop@1.4.2", "shop@1.4.2")],
)
@pytest.mark.parametrize("environment", [None, "production"])
def test_a_release_whose_deploy_was_told_is_no_change_of_its_own(
    conn: sqlite3.Connection, told: str, of_errors: str, environment: str | None
) -> None:
    seen = Releases()
    seen.first_of(conn, error("shop@1.4.1", 1.0, environment="production"))
    deploy = Change(
        kind="deploy", release=told, project="shop", environment=environment, at=2.0, received=2.0
    )
    assert seen.first_of(conn, deploy) is None
    assert seen.first_of(conn, error(of_errors, 3.0, environment="production")) is None
    # Of what was not told it is one.
    assert seen.first_of(conn, error("shop@1.5.0", 4.0, environment="production")) is not None


def test_a_deploy_in_one_environment_says_nothing_of_another(conn: sqlite3.Connection) -> None:
    seen = Releases()
    seen.first_of(conn, error("shop@1.4.1", 1.0, environment="production"))
    seen.first_of(
        conn,
        Change(kind="deploy", release="1.4.2", project="shop", environment="staging", received=2.0),
    )
    assert seen.first_of(conn, error("shop@1.4.2", 3.0, environment="production")) is not None
