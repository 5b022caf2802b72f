"""What clients are told: on its pages and over the API."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from tests.broadcasts.worlds import subscribe

from sentinel.api import Error
from sentinel.installation import require
from sentinel.store import audit, broadcasts

from .conftest import CONFIG, RULES, Browser, World

MAIN = CONFIG.replace(
    "channels:", "channels:\n  mail: {type: email, host: localhost, sender: a@example.com}"
)
CLIENTS = """
clients: {channels: {email: mail}}
components:
  sms: {title: Text messages}
  ship: {title: Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamte}
  web-1: {title: Website}
  web-2: {title: Website}
"""
TOLD = """
broadcasts:
  - name: sms
    when: {severity: critical}
    title: Text messages are delayed
    components: [sms]
    audience: all
    publish: hold 10m
    messages: {investigating: "They arrive late."}
"""


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[World]:
    """One update that is held, for two clients."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES + TOLD)
    (tmp_path / "sentinel.yaml").write_text(MAIN + CLIENTS)
    world = World(tmp_path, require(tmp_path / "sentinel.yaml", {})[0])
    await world.start()

    def fill(conn: Any) -> None:
        subscribe(conn, "ann@acme.example", "acme")
        subscribe(conn, "gus@globex.example", "globex")

    await world.database.write(fill)
    error = Error(message="x", code="SMS_DELIVERY_FAILURE", severity="critical", tenant="acme")
    await world.accept(error)
    yield world
    await world.stop()


@pytest.fixture
async def browser(told: World) -> AsyncIterator[Browser]:
    """Bob's, who may respond."""
    browser = Browser(told)
    yield await browser.sign_in("Bob", "responder")
    await browser.http.close()


async def ask(
    world: World, method: str, path: str, body: Any = None, role: Any = "responder"
) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {await world.token('Bob', role)}"}
    url = f"{world.url}/api/v1{path}"
    async with (
        ClientSession(headers=headers) as http,
        http.request(method, url, json=body) as reply,
    ):
        return reply.status, await reply.json()


async def state_of(world: World, number: int = 1) -> str:
    found = await world.database.read(lambda conn: broadcasts.get_update(conn, number))
    assert found is not None
    return found.state


async def acts(world: World) -> list[tuple[str, str, str]]:
    found = await world.database.read(lambda conn: audit.entries(conn))
    return [(one.actor, one.action, one.object) for one in found]


async def test_what_waits_is_shown_as_clients_will_read_it(told: World, browser: Browser) -> None:
    await browser.sign_in("Vera", "viewer")
    _, page = await browser.get("/broadcasts")
    assert "Investigating: Text messages are delayed" in page
    assert "They arrive late." in page
    assert "2 addresses" in page
    assert re.search(r"goes out in <time [^>]*data-left>(10 min|9 min \d+ s)</time>", page)
    assert '<a href="/incidents/1">Incident 1</a>' in page
    assert "Publish now" not in page


async def test_home_shows_what_clients_are_about_to_hear_with_a_way_to_stop_it(
    told: World, browser: Browser
) -> None:
    _, page = await browser.get("/")
    assert "Clients are about to hear: " in page
    assert "They arrive late." in page
    assert "data-left" in page
    await browser.post("/updates/1", do="veto")
    _, page = await browser.get("/")
    assert "Clients are about to hear" not in page


async def test_home_counts_the_drafts_that_wait_for_somebody(told: World, browser: Browser) -> None:
    draft = {"phase": "identified", "text": "A draft."}
    assert (await ask(told, "POST", "/broadcasts/1/updates", draft))[0] == 201
    _, page = await browser.get("/")
    assert '<a href="/broadcasts">1 draft for clients</a>' in page


async def test_a_viewer_sees_at_home_what_is_held_and_stops_nothing(
    told: World, browser: Browser
) -> None:
    await browser.sign_in("Vera", "viewer")
    _, page = await browser.get("/")
    assert "Clients are about to hear: " in page
    assert "Stop it" not in page


@pytest.mark.parametrize(("do", "state"), [("publish", "published"), ("veto", "vetoed")])
async def test_a_responder_decides_by_a_button(
    told: World, browser: Browser, do: str, state: str
) -> None:
    reply, _ = await browser.post("/updates/1", do=do)
    assert reply.headers["location"] == f"/broadcasts/1?done=update-{do}"
    assert await state_of(told) == state
    _, page = await browser.get("/broadcasts/1")
    assert "Text messages are delayed" in page


async def test_a_viewer_decides_nothing(told: World, browser: Browser) -> None:
    await browser.sign_in("Vera", "viewer")
    assert (await browser.post("/updates/1", do="publish"))[0].status == 403
    assert (await browser.post("/broadcasts", title="x"))[0].status == 403
    assert await state_of(told) == "held"


async def test_words_with_something_internal_are_sent_only_as_they_are(
    told: World, browser: Browser
) -> None:
    reply, page = await browser.post("/updates/1", do="publish", text="10.0.0.7 is down")
    assert reply.status == 422
    assert "an IP address: 10.0.0.7" in page
    assert "10.0.0.7 is down</textarea>" in page
    assert 'name="as_is"' in page
    assert await state_of(told) == "held"
    await browser.post("/updates/1", do="publish", text="10.0.0.7 is down", as_is="yes")
    assert await state_of(told) == "published"


async def test_the_names_of_other_clients_are_found(told: World, browser: Browser) -> None:
    _, page = await browser.post("/updates/1", do="edit", text="It is the fault of Globex.")
    assert "a tenant: Globex" in page


async def test_a_decision_that_comes_too_late_is_told(told: World, browser: Browser) -> None:
    await browser.post("/updates/1", do="veto")
    reply, page = await browser.post("/updates/1", do="publish")
    assert reply.status == 422
    assert "update 1 does not wait any more: Bob stopped it" in page


async def test_parts_that_are_called_the_same_are_told_apart(browser: Browser) -> None:
    _, page = await browser.get("/broadcasts/new")
    for words in ("> Text messages<", "> Website (web-1)<", "> Website (web-2)<"):
        assert words in page


async def test_what_ended_before_it_went_out_was_not_told(told: World, browser: Browser) -> None:
    assert "nothing told yet" in (await browser.get("/broadcasts"))[1]
    await browser.post("/updates/1", do="veto")
    await browser.post("/broadcasts/1/end")
    _, page = await browser.get("/broadcasts")
    assert "nothing was told" in page
    assert "nothing told yet" not in page


async def test_a_broadcast_is_written_and_brought_to_its_end(told: World, browser: Browser) -> None:
    form = {
        "title": "Voice calls fail",
        "phase": "investigating",
        "text": "We look into it.",
        "severity": "critical",
        "audience": "all",
        "component:sms": "yes",
        "do": "publish",
    }
    reply, _ = await browser.post("/broadcasts", **form)
    assert reply.headers["location"] == "/broadcasts/2?done=update-publish"
    await browser.post("/broadcasts/2/updates", phase="resolved", text="Done.", do="publish")
    more = {"phase": "monitoring", "text": "Well?", "do": "publish"}
    _, page = await browser.post("/broadcasts/2/updates", **more)
    assert "only correction, retraction, postmortem" in page
    await browser.post("/broadcasts/2/updates", phase="postmortem", text="A disk.", do="draft")
    found = await told.database.read(lambda conn: broadcasts.updates_of(conn, 2))
    assert [(one.phase, one.state) for one in found] == [
        ("investigating", "published"),
        ("resolved", "published"),
        ("postmortem", "draft"),
    ]


@pytest.mark.parametrize(
    ("wrong", "told_why"),
    [
        ({"title": ""}, "title: expected one line"),
        ({"text": " "}, "text: expected 1 to"),
        ({"phase": "over"}, "phase: expected one of"),
        ({"audience": "affected"}, "tenants: expected those that are affected"),
        ({"phase": "scheduled"}, "starts, ends: expected when the work begins"),
        ({"component:smss": "yes"}, "components: found"),
        ({"starts": "tomorrow"}, "starts: expected a time"),
        ({"incident": "99"}, "incident: found 99"),
    ],
)
async def test_a_form_that_is_wrong_says_why_and_keeps_what_was_written(
    told: World, browser: Browser, wrong: dict[str, str], told_why: str
) -> None:
    form = {
        "title": "Voice calls fail",
        "phase": "investigating",
        "text": "We look into it.",
        "severity": "critical",
        "audience": "all",
        "do": "publish",
        **wrong,
    }
    reply, page = await browser.post("/broadcasts", **form)
    assert reply.status == 422
    assert told_why in page
    assert form["text"] in page


async def test_every_decision_is_in_the_audit_trail(told: World) -> None:
    await ask(told, "PUT", "/updates/1", {"text": "They come late."})
    await ask(told, "POST", "/updates/1/publish", {})
    await ask(told, "POST", "/broadcasts/1/end")
    found = await acts(told)
    assert ("Bob", "update edited", "update 1") in found
    assert ("Bob", "update published", "update 1") in found
    assert ("Bob", "broadcast ended", "broadcast 1") in found


async def test_the_api_tells_what_waits_and_what_was_said(told: World) -> None:
    status, waiting = await ask(told, "GET", "/updates", role="viewer")
    assert status == 200
    [update] = waiting["items"]
    assert (update["readers"], update["state"], update["title"]) == (
        2,
        "held",
        "Text messages are delayed",
    )
    status, one = await ask(told, "GET", "/broadcasts/1", role="viewer")
    assert status == 200
    assert one["tenants"] == ["acme"]
    assert [each["phase"] for each in one["updates"]] == ["investigating"]
    _, found = await ask(told, "GET", "/broadcasts?open=true", role="viewer")
    assert [each["id"] for each in found["items"]] == [1]


async def test_the_api_writes_corrects_and_takes_back(told: World) -> None:
    body = {"title": "Voice calls fail", "phase": "investigating", "text": "Yes.", "publish": True}
    status, made = await ask(told, "POST", "/broadcasts", {**body, "audience": "all"})
    assert status == 201, made
    number = made["broadcast"]["id"]
    for phase in ("correction", "retraction"):
        more = {"phase": phase, "text": f"A {phase}.", "publish": True}
        status, made = await ask(told, "POST", f"/broadcasts/{number}/updates", more)
        assert status == 201, made
    assert made["broadcast"]["ended"] is not None


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/updates/99/veto", None, 404),
        ("POST", "/broadcasts/99/end", None, 404),
        ("POST", "/updates/1/publish", {"text": "see 10.0.0.7"}, 400),
        ("PUT", "/updates/1", {"text": ""}, 400),
        ("POST", "/broadcasts/1/updates", {"phase": "postmortem", "text": "x"}, 400),
    ],
)
async def test_the_api_refuses_what_can_t_be(
    told: World, method: str, path: str, body: Any, status: int
) -> None:
    assert (await ask(told, method, path, body))[0] == status


async def test_a_viewer_s_token_changes_nothing(told: World) -> None:
    assert (await ask(told, "POST", "/updates/1/veto", role="viewer"))[0] == 403


async def test_hostile_texts_are_shown_as_text(told: World, browser: Browser) -> None:
    body = {
        "title": "<img src=x onerror=alert(1)>",
        "phase": "investigating",
        "text": "<script>alert(1)</script>",
        "audience": "all",
    }
    status, _ = await ask(told, "POST", "/broadcasts", body)
    assert status == 201
    for path in ("/broadcasts", "/broadcasts/2"):
        _, page = await browser.get(path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
