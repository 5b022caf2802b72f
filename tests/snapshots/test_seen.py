"""What people and programs see of snapshots: the page, the API and the command."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from msgspec.structs import replace
from typer.testing import CliRunner

from sentinel.api import Change
from sentinel.cli.app import app
from sentinel.model.snapshot import Snapshot
from sentinel.store import snapshots as store
from sentinel.store.database import Database
from tests.web.conftest import Browser, World, browser, installed, world  # noqa: F401

from .pictures import component, errors, picture


def store_two(conn: sqlite3.Connection, at: float) -> tuple[Snapshot, Snapshot]:
    good = picture(
        at=at - 1800, components=(component("up"),), errors=errors(20), healthy_since=at - 1800
    )
    good = store.insert(conn, good)
    assert store.accept(conn, good.id)
    bad = picture(
        at=at,
        seq=10,
        overall="degraded",
        components=(component("down", message="no <b>connection</b>"),),
        errors=errors(80),
        baseline=good.id,
        worse=2,
        checksums={"env DATABASE_URL": "c0ffee"},
    )
    return good, store.insert(conn, bad)


async def two(world: World) -> tuple[Snapshot, Snapshot]:  # noqa: F811
    now = world.clock.now()
    await world.pipeline.accept(
        "shop", [Change(kind="deploy", summary="release 2.0", author="bob")]
    )
    return await world.database.write(lambda conn: store_two(conn, now))


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def test_the_page_teaches_where_no_round_was_yet(browser: Browser) -> None:  # noqa: F811
    await browser.sign_in()
    response, text = await browser.get("/snapshots")
    assert response.status == 200
    assert "A snapshot is taken every 1m" in words(text)


async def test_the_page_shows_both_sides_and_what_counts(
    world: World,  # noqa: F811
    browser: Browser,  # noqa: F811
) -> None:
    await two(world)
    await browser.sign_in("Bob", "viewer")
    _, text = await browser.get("/snapshots")
    shown = words(text)
    assert "Worse than when it was good" in shown
    assert "shop was up and is down: no &lt;b&gt;connection&lt;/b&gt;" in shown
    assert re.search(r"errors .4: 2 a minute became 8", shown)
    assert "release 2.0 by bob" in shown
    assert "no critical alert waits for somebody to acknowledge it" in shown
    assert "This one is not: overall it is degraded, and healthy is good" in shown
    assert "env DATABASE_URL" in shown
    assert "c0ffee" not in text
    assert "Accept as the new good state" not in shown


async def test_what_never_was_good_by_the_terms_can_be_accepted_all_the_same(
    world: World,  # noqa: F811
    browser: Browser,  # noqa: F811
) -> None:
    taken = picture(at=world.clock.now(), overall="degraded", components=(component("degraded"),))
    taken = await world.database.write(lambda conn: store.insert(conn, taken))
    await browser.sign_in("Bob", "responder")
    _, text = await browser.get("/snapshots")
    assert "Accept as good all the same" in words(text)
    await browser.post(f"/snapshots/{taken.id}/accept")
    _, text = await browser.get("/snapshots")
    assert "Not yet known to be good" not in words(text)
    assert "Accept as good all the same" not in words(text)


async def test_a_responder_accepts_a_snapshot_and_it_is_audited(
    world: World,  # noqa: F811
    browser: Browser,  # noqa: F811
) -> None:
    _, bad = await two(world)
    await browser.sign_in("Bob", "responder")
    await browser.get("/snapshots")
    response, _ = await browser.post(f"/snapshots/{bad.id}/accept")
    assert (response.status, response.headers["location"]) == (
        303,
        "/snapshots?done=snapshot-accepted",
    )
    found = await world.database.read(store.last_good)
    assert found is not None
    assert found.id == bad.id
    rows = await world.database.read(
        lambda conn: conn.execute("SELECT actor, action, object FROM audit").fetchall()
    )
    assert ("Bob", "snapshot accepted as good", f"snapshot {bad.id}") in [tuple(r) for r in rows]


async def test_a_viewer_may_not_accept(world: World, browser: Browser) -> None:  # noqa: F811
    _, bad = await two(world)
    await browser.sign_in("Bob", "viewer")
    response, _ = await browser.post(f"/snapshots/{bad.id}/accept")
    assert response.status == 403


async def test_one_snapshot_has_its_page_and_another_number_has_none(
    world: World,  # noqa: F811
    browser: Browser,  # noqa: F811
) -> None:
    good, bad = await two(world)
    await browser.sign_in()
    assert "Snapshot" in (await browser.get(f"/snapshots/{good.id}"))[1]
    _, text = await browser.get(f"/snapshots/{good.id}?before={bad.id}")
    assert "shop was down and is up" in words(text)
    assert (await browser.get("/snapshots/99"))[0].status == 404


async def test_the_api_lists_shows_and_compares(world: World) -> None:  # noqa: F811
    good, bad = await two(world)
    headers = {"authorization": f"Bearer {await world.token()}"}
    async with ClientSession(headers=headers) as http:

        async def get(path: str) -> Any:
            async with http.get(f"{world.url}/api/v1{path}") as response:
                return await response.json()

        lines = await get("/snapshots?limit=1")
        assert [one["id"] for one in lines["items"]] == [bad.id]
        assert [
            one["id"] for one in (await get(f"/snapshots?cursor={lines['next']}"))["items"]
        ] == [good.id]
        assert (await get(f"/snapshots/{bad.id}"))["overall"] == "degraded"
        for path in ("/snapshots/diff", f"/snapshots/{bad.id}/diff"):
            diff = await get(path)
            assert (diff["before"]["id"], diff["after"]["id"]) == (good.id, bad.id)
            assert diff["minutes"] == 30
            assert [one["subject"] for one in diff["differences"]] == ["shop", "errors"]
            assert [one["summary"] for one in diff["changes"]] == ["release 2.0"]
        late = await get(f"/snapshots/diff?since={bad.at}")
        assert late["before"]["id"] == bad.id
        async with http.post(f"{world.url}/api/v1/snapshots/{bad.id}/accept") as response:
            assert (await response.json())["good"] is True


@pytest.fixture
def diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["diff", "--state-dir", str(tmp_path / "var"), *arguments])

    return run


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Snapshot, Snapshot]:
    database = Database(tmp_path / "var")
    both = database.write_now(lambda conn: store_two(conn, 1_900_000_000.0))
    database.close()
    return both


def test_the_command_prints_what_is_worse(
    diff: Callable[..., Any], stored: tuple[Snapshot, Snapshot]
) -> None:
    result = diff()
    assert result.exit_code == 0
    assert "known to be good, snapshot 1" in result.output
    assert "30 minutes between them" in result.output
    assert "shop was up and is down" in result.output
    assert "Look at shop before what depends on it" in result.output


def test_the_command_compares_with_a_time_and_prints_json(
    diff: Callable[..., Any], stored: tuple[Snapshot, Snapshot]
) -> None:
    found = json.loads(diff("--since", "2030-03-17T17:40Z", "--json").output)
    assert (found["before"]["id"], found["after"]["id"]) == (1, 2)
    assert {one["kind"] for one in found["differences"]} == {"worse"}


@pytest.mark.parametrize(
    ("since", "text"), [("2020-01-01", "no snapshot is kept from"), ("soon", "expected a time")]
)
def test_the_command_says_what_it_lacks(
    diff: Callable[..., Any], stored: tuple[Snapshot, Snapshot], since: str, text: str
) -> None:
    result = diff("--since", since)
    assert result.exit_code != 0
    assert text in f"{result.output}{result.exception}"


def test_the_command_says_that_there_is_none_yet(diff: Callable[..., Any], tmp_path: Path) -> None:
    Database(tmp_path / "var").close()
    assert "no snapshot was taken yet" in str(diff().exception)


def test_a_first_snapshot_says_what_keeps_it_from_being_good(
    diff: Callable[..., Any], tmp_path: Path
) -> None:
    database = Database(tmp_path / "var")
    first = replace(picture(), overall="critical")
    database.write_now(lambda conn: store.insert(conn, first))
    database.close()
    assert "overall it is critical, and healthy is good" in diff().output


def test_the_command_says_that_it_does_not_know_the_daemons_terms(
    diff: Callable[..., Any], stored: tuple[Snapshot, Snapshot], tmp_path: Path
) -> None:
    assert "Compared by the default terms" in diff().output
    (tmp_path / "sentinel.yaml").write_text("listen: 127.0.0.1:1\n")
    assert "Compared by the default terms" not in diff().output
