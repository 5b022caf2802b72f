"""The test that shows whether an incident is mended: on its page, behind a message's link, and by
the API."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.api import Error
from sentinel.installation import Installation, require
from sentinel.model.action import Attempt
from sentinel.store import action_runs, alerts

from .conftest import CONFIG, RULES, Browser, World
from .test_actions import ended
from .test_api import Client

Event = Callable[..., Error]
# Nothing listens on the port of that name.
PROBES = """
probes:
  - {name: telephony, type: tcp, host: 127.0.0.1, port: 1, component: twilio, interval: 1h}
actions:
  restart: {type: command, command: [/bin/true], allow_rules: true}
"""
NAME = "test:probe:telephony"
REMEDY = "    remediate: {action: restart, after: 30s, verify: {after: 1m}}\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder: Path = tmp_path_factory.mktemp("proof")
    (folder / "rules").mkdir()
    rules = RULES.replace("    by: [code, tenant]\n", f"    by: [code, tenant]\n{REMEDY}", 1)
    (folder / "rules" / "rules.yaml").write_text(rules)
    (folder / "sentinel.yaml").write_text(CONFIG + PROBES)
    return require(folder / "sentinel.yaml", {})[0]


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    client = Client(world, await world.token("alice", "responder"))
    yield client
    await client.http.close()


async def test_the_incidents_page_runs_the_test_and_shows_what_came_of_it(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in("alice", "responder")
    _, text = await browser.get("/incidents/1")
    assert f"Run {NAME}" in text
    assert "not tried yet for this incident" in text
    waiting = asyncio.create_task(ended(world, 1))
    await asyncio.sleep(0)
    response, _ = await browser.post(f"/actions/{NAME}/run", incident="1", back="incident")
    assert response.headers["location"] == "/incidents/1?done=asked"
    run = await waiting
    assert (run.incident, run.state) == (1, "failed")
    _, text = await browser.get("/incidents/1")
    assert "twilio is down" in text
    assert "not tried yet" not in text
    assert "What was tried" in text


async def test_a_viewer_may_look_and_not_run(world: World, browser: Browser, event: Event) -> None:
    await world.accept(event())
    await browser.sign_in("bob", "viewer")
    _, text = await browser.get("/incidents/1")
    assert f"Run {NAME}" not in text
    assert "/actions/test%3Aprobe%3Atelephony" in text


async def test_a_messages_link_leads_to_a_button_and_runs_nothing_by_itself(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in("alice", "responder")
    _, text = await browser.get(f"/actions/{NAME}?incident=1")
    assert '<input type="hidden" name="incident" value="1">' in text
    assert await world.database.read(action_runs.waiting) == []
    waiting = asyncio.create_task(ended(world, 1))
    await asyncio.sleep(0)
    response, _ = await browser.post(f"/actions/{NAME}/run", incident="1", confirmed="yes")
    assert response.headers["location"] == "/action-runs/1?done=asked"
    assert (await waiting).incident == 1


@pytest.mark.parametrize("given", ["", "x", "-1", "9" * 30, "7"])
async def test_what_is_no_incident_is_not_kept_as_one(
    world: World, browser: Browser, given: str
) -> None:
    await browser.sign_in("alice", "responder")
    response, _ = await browser.get(f"/actions/{NAME}?incident={given}")
    assert response.status == 200
    response, _ = await browser.post(f"/actions/{NAME}/run", incident=given, dry="yes")
    assert response.status == (404 if given == "7" else 303)
    runs = await world.database.read(action_runs.listing)
    assert [run.incident for run in runs] == ([] if given == "7" else [None])


async def test_the_api_offers_and_runs_the_test(world: World, client: Client, event: Event) -> None:
    await world.accept(event())
    status, found = await client("GET", "/incidents/1")
    assert (status, found["tests"]) == (200, [NAME])
    assert found["steps"][0].startswith("Read the HTTP status")
    status, run = await client("POST", f"/actions/{NAME}/run", json={"incident": 1})
    assert (status, run["incident"]) == (202, 1)


@pytest.mark.parametrize(("incident", "status"), [(7, 404), (0, 400), (10**30, 400), ("x", 400)])
async def test_the_api_refuses_what_is_no_incident(
    client: Client, incident: Any, status: int
) -> None:
    found, _ = await client("POST", f"/actions/{NAME}/run", json={"incident": incident})
    assert found == status
    found, _ = await client("GET", f"/action-runs?incident={incident}")
    assert found == (200 if incident == 7 else 400)


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (None, "the action restart runs, if the alert still fires"),
        (Attempt(state="running", due=9e9), "the action restart counts as failed"),
        (Attempt(state="verifying", due=9e9), "it is judged whether the action restart helped"),
    ],
)
async def test_what_a_rule_still_has_in_hand_is_shown(
    world: World, browser: Browser, event: Event, attempt: Attempt | None, text: str
) -> None:
    await world.accept(event())

    def go_on(conn: Any) -> None:
        alert = alerts.get(conn, 1)
        assert alert is not None
        alerts.save(conn, [replace(alert, attempt=attempt or alert.attempt)])

    await world.database.write(go_on)
    await browser.sign_in()
    for page in ("/incidents/1", "/alerts/1"):
        _, shown = await browser.get(page)
        assert text in shown
