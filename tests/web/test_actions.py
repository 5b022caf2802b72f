"""Actions over the API and on the pages: run, shown before and after, and audited."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sentinel.installation import Installation, require
from sentinel.model.action import ActionIntent
from sentinel.store import action_runs, audit

from .conftest import CONFIG, RULES, Browser, World
from .test_api import Client

ACTIONS = """
actions:
  restart:
    type: command
    command: [/bin/echo, restarted]
    allow_rules: true
  purge: {type: command, command: [/bin/true], role: admin}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder: Path = tmp_path_factory.mktemp("actions")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    (folder / "sentinel.yaml").write_text(CONFIG + ACTIONS)
    return require(folder / "sentinel.yaml", {})[0]


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    client = Client(world, await world.token("alice", "responder"))
    yield client
    await client.http.close()


async def ended(world: World, number: int) -> Any:
    """The run, once it is over."""
    async with asyncio.timeout(10):
        async for _ in world.live.listen():
            run = await world.database.read(lambda conn: action_runs.get(conn, number))
            if run is not None and run.over:
                return run
    raise AssertionError


async def test_the_api_lists_what_may_be_run(client: Client) -> None:
    status, found = await client("GET", "/actions")
    assert status == 200
    listed = {one["name"]: (one["changes"], one["allow_rules"], one["role"]) for one in found}
    assert listed == {
        "restart": (True, True, "responder"),
        "purge": (True, False, "admin"),
        "test:channel:console": (False, False, "responder"),
        "test:channel:inbox": (False, False, "responder"),
    }
    assert found[0]["description"] == "Run /bin/echo restarted in /."


async def test_a_run_by_the_api_is_taken_and_then_told(world: World, client: Client) -> None:
    waiting = asyncio.create_task(ended(world, 1))
    await asyncio.sleep(0)
    status, run = await client("POST", "/actions/restart/run", json={})
    assert (status, run["id"], run["actor"]) == (202, 1, "alice")
    await waiting
    status, run = await client("GET", "/action-runs/1")
    assert (run["state"], run["text"]) == (
        "succeeded",
        "/bin/echo ended with 0.\noutput: restarted",
    )
    assert await client("GET", "/action-runs?action=restart") == (
        200,
        {"items": [run], "next": None},
    )
    trail = await world.database.read(audit.entries)
    assert [(one.actor, one.action, one.object) for one in trail] == [
        ("alice", "action run", "action restart")
    ]


async def test_what_may_be_left_out_altogether_is_no_mistake(world: World, client: Client) -> None:
    status, run = await client("POST", "/actions/restart/run")
    assert (status, run["dry"]) == (202, False)
    assert (await client("POST", "/actions/restrat/run"))[0] == 404
    status, said = await client("POST", "/incidents/1/notes")
    assert (status, "required field `text`" in said["error"]["text"]) == (400, True)
    _, described = await client("GET", "/openapi.json")
    body = described["paths"]["/api/v1/actions/{name}/run"]["post"]["requestBody"]
    assert body["required"] is False


async def test_a_channel_is_tested_with_its_name_alone(world: World, client: Client) -> None:
    waiting = asyncio.create_task(ended(world, 1))
    await asyncio.sleep(0)
    await client("POST", "/actions/test:channel:console/run", json={})
    run = await waiting
    assert run.state == "succeeded"
    assert run.text.startswith("The channel console took the message")


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/actions/restart/run", "viewer", 403),
        ("/actions/purge/run", "responder", 403),
        ("/actions/purge/run", "admin", 202),
        ("/actions/nothing/run", "admin", 404),
    ],
)
async def test_who_may_run_what(world: World, path: str, role: Any, status: int) -> None:
    client = Client(world, await world.token("bob", role))
    found, _ = await client("POST", path, json={"dry_run": True})
    await client.http.close()
    assert found == status


async def test_what_changes_something_is_shown_before_it_is_run(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("alice", "responder")
    _, page = await browser.get("/actions")
    assert 'href="/actions/restart"' in page
    response, _ = await browser.post("/actions/restart/run")
    assert response.headers["location"] == "/actions/restart"
    assert await world.database.read(action_runs.waiting) == []
    _, page = await browser.get("/actions/restart")
    assert "Run /bin/echo restarted in /." in page
    waiting = asyncio.create_task(ended(world, 1))
    await asyncio.sleep(0)
    response, _ = await browser.post("/actions/restart/run", confirmed="yes")
    assert response.headers["location"] == "/action-runs/1?done=asked"
    await waiting
    _, page = await browser.get("/action-runs/1")
    assert "output: restarted" in page
    assert 'data-live="actions"' in page
    assert 'http-equiv="refresh"' not in page


async def test_a_run_that_goes_on_is_looked_at_again_without_scripts(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("alice", "responder")

    def under_way(conn: Any) -> int:
        number = action_runs.ask(conn, "restart", "alice", world.clock.now(), dry=False)
        conn.execute("UPDATE action_runs SET state = 'running' WHERE id = ?", (number,))
        return number

    number = await world.database.write(under_way)
    _, page = await browser.get(f"/action-runs/{number}")
    assert '<meta http-equiv="refresh" content="2">' in page


async def test_a_test_is_run_at_one_push(browser: Browser) -> None:
    await browser.sign_in("alice", "responder")
    response, _ = await browser.post("/actions/test:channel:inbox/run")
    assert response.headers["location"] == "/action-runs/1?done=asked"


async def test_a_viewer_sees_no_button(browser: Browser) -> None:
    await browser.sign_in("bob", "viewer")
    _, page = await browser.get("/actions/restart")
    assert "Run it now" not in page
    assert "takes the role responder" in page
    response, _ = await browser.post("/actions/restart/run", confirmed="yes")
    assert response.status == 403


async def test_an_incident_tells_what_was_tried(world: World, browser: Browser, event: Any) -> None:
    await browser.sign_in("alice", "responder")
    await world.accept(event())
    intent = ActionIntent(
        action="restart", rule="CriticalError", alert=1, incident=1, at=world.clock.now()
    )
    await world.database.write(lambda conn: action_runs.enqueue(conn, intent))
    _, page = await browser.get("/incidents/1")
    assert "What was tried" in page
    assert "rule CriticalError" in page
