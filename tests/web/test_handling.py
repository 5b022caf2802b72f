"""What people do about an incident: over the API, and on its page."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from msgspec.structs import replace

from sentinel.api import Error
from sentinel.engine.commands import Release
from sentinel.installation import require
from sentinel.model.alert import Incident
from sentinel.model.decision import Decision
from sentinel.store import alerts, audit, decisions

from .conftest import CONFIG, RULES, Browser, World

PEOPLE = """
people:
  alice: {}
  bob: {email: bob@example.com}
"""
Event = Callable[..., Error]


@pytest.fixture
async def shop(tmp_path: Path, event: Event) -> AsyncIterator[World]:
    """One open incident, and Bob to give it to."""
    main = CONFIG.replace(
        "channels:", "channels:\n  mail: {type: email, host: localhost, sender: a@example.com}"
    )
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "sentinel.yaml").write_text(main + PEOPLE)
    world = World(tmp_path, require(tmp_path / "sentinel.yaml", {})[0])
    await world.start()
    await world.accept(event())
    yield world
    await world.stop()


async def ask(world: World, path: str, body: Any = None, role: Any = "admin") -> tuple[int, Any]:
    token = await world.token("admin" if role == "admin" else "Bob", role)
    headers = {"authorization": f"Bearer {token}"}
    async with (
        ClientSession(headers=headers) as http,
        http.post(f"{world.url}/api/v1/incidents/{path}", json=body) as reply,
    ):
        return reply.status, await reply.json()


async def incident_of(world: World) -> Incident:
    found = await world.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert found is not None
    return found


async def last_decision(world: World, verb: str) -> str:
    made = await world.database.read(lambda conn: decisions.of_incident(conn, 1))
    return next(one.text for one in reversed(made) if one.verb == verb)


async def test_it_is_resolved_over_the_api(shop: World) -> None:
    status, incident = await ask(shop, "1/resolve")
    assert (status, incident["state"], incident["resolved_by"]) == (200, "resolved", "admin")
    [entry] = await shop.database.read(lambda conn: audit.entries(conn, limit=1))
    assert (entry.action, entry.object) == ("incident resolved", "incident 1")


async def test_what_somebody_has_is_not_taken_from_them_unnoticed(shop: World) -> None:
    assert (await ask(shop, "1/acknowledge"))[0] == 200
    assert (await ask(shop, "1/acknowledge"))[0] == 200
    status, said = await ask(shop, "1/acknowledge", role="responder")
    assert (status, said["error"]["text"]) == (400, "incident 1 can't be taken: admin has it")
    await ask(shop, "1/resolve")
    status, said = await ask(shop, "1/acknowledge")
    assert (status, said["error"]["text"]) == (400, "incident 1 can't be taken: it is over")
    noted = await shop.database.read(audit.entries)
    taken = [one.actor for one in noted if one.action == "incident acknowledged"]
    assert taken == ["admin", "admin"]


async def test_what_was_taken_and_at_once_given_back_is_no_refusal(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = shop.pipeline.acknowledge

    async def and_back(number: int, by: str, noting: Any) -> None:
        await take(number, by, noting)
        await shop.pipeline.command(Release(number, "bob", shop.clock.now()))

    monkeypatch.setattr(shop.pipeline, "acknowledge", and_back)
    status, incident = await ask(shop, "1/acknowledge")
    assert (status, incident["state"]) == (200, "open")


async def test_it_is_given_to_somebody_and_back_over_the_api(shop: World) -> None:
    status, incident = await ask(shop, "1/assign", {"to": "bob"})
    assert (status, incident["acknowledged_by"], incident["assigned_by"]) == (200, "bob", "admin")
    [entry] = await shop.database.read(lambda conn: audit.entries(conn, limit=1))
    assert entry.detail == "to bob, by the API"
    status, incident = await ask(shop, "1/release")
    assert (status, incident["state"], incident["acknowledged_by"]) == (200, "open", None)


async def test_its_next_step_is_run_over_the_api(shop: World) -> None:
    assert (await ask(shop, "1/escalate"))[0] == 200
    assert (await last_decision(shop, "incident_escalated")).startswith("admin asks")


async def test_a_secret_in_a_note_is_taken_out(shop: World) -> None:
    text = "tried with password=hunter2-Zebra and it works"
    assert (await ask(shop, "1/notes", {"text": text}))[0] == 200
    said = await last_decision(shop, "incident_noted")
    assert said.startswith("admin: tried with")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("9/resolve", None, 404, "no such incident"),
        ("1/release", None, 400, "nobody has it"),
        ("1/assign", {"to": "carol"}, 400, "found no person 'carol'"),
        ("1/assign", {"to": "alice"}, 400, "no channel reaches alice"),
        ("1/assign", {}, 400, "to"),
        ("1/notes", {"text": " "}, 400, "without any text"),
        ("1/notes", {"text": "x" * 1_001}, 400, "1000"),
    ],
)
async def test_what_cannot_be_done_says_why(
    shop: World, path: str, body: Any, status: int, said: str
) -> None:
    found, reply = await ask(shop, path, body)
    assert found == status
    assert said in reply["error"]["text"]


@pytest.mark.parametrize("path", ["resolve", "escalate", "release"])
async def test_nothing_is_done_about_an_incident_that_is_over(shop: World, path: str) -> None:
    await ask(shop, "1/resolve")
    status, reply = await ask(shop, f"1/{path}")
    assert (status, "it is over" in reply["error"]["text"]) == (400, True)


@pytest.mark.parametrize("path", ["resolve", "escalate", "release", "assign", "notes"])
async def test_a_viewer_may_do_none_of_it(shop: World, path: str) -> None:
    body = {"to": "bob"} if path == "assign" else {"text": "a"} if path == "notes" else None
    assert (await ask(shop, f"1/{path}", body, "viewer"))[0] == 403


async def test_the_page_offers_what_can_be_done(shop: World) -> None:
    browser = await Browser(shop).sign_in("Bob", "responder")
    _, text = await browser.get("/incidents/1")
    assert 'action="/incidents/1/escalate"' in text
    assert 'action="/incidents/1/release"' not in text
    assert re.findall(r"<option>(\w+)</option>", text) == ["bob"]
    await browser.post("/incidents/1/acknowledge")
    assert 'action="/incidents/1/release"' in (await browser.get("/incidents/1"))[1]
    await browser.http.close()


async def test_the_page_of_a_viewer_offers_nothing(shop: World) -> None:
    browser = await Browser(shop).sign_in("Bob", "viewer")
    _, text = await browser.get("/incidents/1")
    assert "/incidents/1/" not in text.replace("/incidents/1/report", "")
    await browser.http.close()


async def test_what_is_done_on_the_page_shows_there(shop: World) -> None:
    browser = await Browser(shop).sign_in("Bob", "responder")
    await browser.get("/incidents/1")
    response, _ = await browser.post("/incidents/1/notes", text="<b>it is the disk</b>")
    assert response.headers["location"] == "/incidents/1?done=noted"
    await browser.post("/incidents/1/assign", to="bob")
    _, text = await browser.get("/incidents/1?done=assigned")
    assert "bob (given by Bob)" in text
    assert "&lt;b&gt;it is the disk" in text
    assert "Handed over." in text
    await browser.post("/incidents/1/release")
    await browser.post("/incidents/1/escalate")
    response, _ = await browser.post("/incidents/1/resolve")
    assert response.status == 303
    _, text = await browser.get("/incidents/1?done=incident-resolved")
    assert "resolved by Bob" in text
    assert 'action="/incidents/1/escalate"' not in text
    assert (await incident_of(shop)).state == "resolved"
    await browser.http.close()


async def test_a_page_that_is_too_old_says_that_it_is_over(shop: World) -> None:
    browser = await Browser(shop).sign_in("Bob", "responder")
    await browser.get("/incidents/1")
    await browser.post("/incidents/1/resolve")
    response, text = await browser.post("/incidents/1/resolve")
    assert (response.status, "it is over" in text) == (400, True)
    await browser.http.close()


async def test_what_was_folded_leads_to_where_it_goes_on_and_can_be_handled_there_alone(
    shop: World,
) -> None:
    own = await incident_of(shop)
    folded = replace(own, id=7, state="resolved", resolved=own.opened + 60, folded_into=1)
    await shop.database.write(lambda conn: alerts.save_incidents(conn, [folded]))
    browser = await Browser(shop).sign_in("Bob", "responder")
    _, text = await browser.get("/incidents/7")
    assert 'part of <a href="/incidents/1">incident 1</a> now' in text
    assert "What fixed it?" not in text
    assert 'part of <a href="/incidents/1">' in (await browser.get("/incidents"))[1]
    await browser.http.close()
    for path in ("7/resolve", "7/acknowledge"):
        status, answer = await ask(shop, path)
        assert status == 400
        assert "it is part of incident 1 now" in answer["error"]["text"]


async def test_a_long_time_line_is_shown_from_its_end_and_reaches_back_to_its_beginning(
    shop: World,
) -> None:
    made = [
        Decision(at=float(n), verb="incident_noted", reason="noted", text=f"note {n}.", incident=1)
        for n in range(300)
    ]
    await shop.database.write(lambda conn: decisions.record(conn, made))
    browser = await Browser(shop).sign_in("Bob", "viewer")
    _, latest = await browser.get("/incidents/1")
    assert "note 299." in latest
    assert "note 99." not in latest
    [before] = re.findall(r'href="/incidents/1\?before=(\d+)"', latest)
    _, older = await browser.get(f"/incidents/1?before={before}")
    assert "note 99." in older
    assert "Incident opened" in older
    await browser.http.close()
