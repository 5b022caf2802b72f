"""Silences over the API and on the pages, and what the on-call page tells."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from sentinel.api import Error, Status
from sentinel.model.silence import Silence
from sentinel.store import audit, deliveries, silences
from sentinel.web import silencing

from .conftest import Browser, World
from .test_api import Client

Event = Callable[..., Error]
TEAM = 'team="payments"'


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    client = Client(world, await world.token("Alice", "responder"))
    yield client
    await client.http.close()


async def stored(world: World) -> list[Silence]:
    return await world.database.read(lambda conn: silences.listing(conn, world.clock.now()))


async def test_a_silence_is_set_changed_and_ended_by_the_api(world: World, client: Client) -> None:
    body: dict[str, Any] = {"matchers": [TEAM], "for": "2h", "comment": "a drill"}
    status, made = await client("POST", "/silences", json=body)
    assert (status, made["author"], made["state"], made["id"]) == (201, "Alice", "active", 1)
    assert made["ends"] - made["starts"] == 7_200
    later = datetime.fromtimestamp(made["starts"] + 60, UTC).isoformat()
    body = {"matchers": [TEAM, "severity=info"], "ends": later}
    status, changed = await client("PUT", "/silences/1", json=body)
    assert (status, changed["starts"], changed["matchers"]) == (
        200,
        made["starts"],
        [TEAM, "severity=info"],
    )
    assert changed["ends"] == pytest.approx(made["starts"] + 60, abs=1e-3)
    assert await client("GET", "/silences/1") == (200, changed)
    status, ended = await client("DELETE", "/silences/1")
    assert (status, ended["state"], ended["ended_by"]) == (200, "expired", "Alice")
    assert [one.id for one in await stored(world)] == [1]


async def test_who_did_what_to_a_silence_is_audited(world: World, client: Client) -> None:
    await client("POST", "/silences", json={"matchers": [TEAM], "for": "2h"})
    await client("PUT", "/silences/1", json={"matchers": [TEAM], "for": "1h"})
    await client("DELETE", "/silences/1")
    trail = await world.database.read(lambda conn: audit.entries(conn))
    assert [(one.actor, one.action, one.object, one.detail) for one in trail] == [
        ("Alice", "silence ended", "silence 1", f"{TEAM}, by the API"),
        ("Alice", "silence changed", "silence 1", f"{TEAM}, by the API"),
        ("Alice", "silence set", "silence 1", f"{TEAM}, by the API"),
    ]


async def test_silences_are_listed_by_state_and_paged(world: World, client: Client) -> None:
    now = world.clock.now()
    for starts in (now + 60, now + 70, None):
        body = {"matchers": [TEAM], "starts": starts, "for": "2h"}
        assert (await client("POST", "/silences", json=body))[0] == 201
    await client("POST", "/silences", json={"matchers": [TEAM], "for": "2h"})
    await client("DELETE", "/silences/4")
    for state, numbers in {"pending": [2, 1], "active": [3], "expired": [4]}.items():
        _, found = await client("GET", f"/silences?state={state}")
        assert [one["id"] for one in found["items"]] == numbers
    _, first = await client("GET", "/silences?limit=3")
    _, second = await client("GET", f"/silences?limit=3&cursor={first['next']}")
    assert [one["id"] for page in (first, second) for one in page["items"]] == [4, 3, 2, 1]


async def test_a_preview_sets_nothing(world: World, client: Client, event: Event) -> None:
    await world.accept(event(), event("REDIS_SLOW"))
    _, found = await client(
        "POST", "/silences/preview", json={"matchers": ['code="TWILIO_API_FAILURE"']}
    )
    assert (found["alerts_count"], found["alerts"][0]["code"]) == (1, "TWILIO_API_FAILURE")
    assert found["incidents_count"] == 1
    assert await stored(world) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/silences", {"matchers": [], "for": "2h"}, "matchers: found none"),
        ("POST", "/silences", {"matchers": ["team"], "for": "2h"}, "matcher 1: expected name="),
        ("POST", "/silences", {"matchers": ["a!=b"], "for": "2h"}, "matchers: found only a!=b"),
        ("POST", "/silences", {"matchers": ["a=b"]}, "ends, for: found neither"),
        ("POST", "/silences", {"matchers": ["a=b"], "for": "2y"}, "for: expected a duration"),
        ("POST", "/silences", {"matchers": ["a=b"], "ends": 5}, "ends: found a time that is not"),
        ("POST", "/silences", {"matchers": ["a=b"], "ends": 9e12}, "ends: found a time more than"),
        ("POST", "/silences", {"matchers": ["a=b"], "ends": "2026-01-01T10:00"}, "body:"),
        ("POST", "/silences", {"matchers": ["a=b"], "for": "2h", "author": "Bob"}, "body:"),
        ("POST", "/silences/preview", {"matchers": ['a=~"("']}, "matcher 1: the regular"),
        ("PUT", "/silences/1", {"matchers": ["a=b"], "for": "2h"}, "silence 1 is over"),
        ("DELETE", "/silences/1", None, "silence 1: found one that is over already"),
    ],
)
async def test_what_is_wrong_with_a_silence_is_said(
    world: World, client: Client, method: str, path: str, body: Any, told: str
) -> None:
    over = Silence(id=1, matchers=("a=b",), starts=1, ends=2, author="Alice")
    await world.database.write(lambda conn: silences.save(conn, [over]))
    status, reply = await client(method, path, json=body)
    assert (status, reply["error"]["id"]) == (400, "invalid")
    assert reply["error"]["text"].startswith(told)


async def test_there_is_a_bound_on_silences(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silencing, "MOST_LASTING", 1)
    assert (await client("POST", "/silences", json={"matchers": [TEAM], "for": "2h"}))[0] == 201
    status, reply = await client("POST", "/silences", json={"matchers": [TEAM], "for": "2h"})
    assert (status, "end some" in reply["error"]["text"]) == (400, True)
    assert (await client("PUT", "/silences/1", json={"matchers": [TEAM], "for": "2h"}))[0] == 200


async def test_a_viewer_sees_silences_and_changes_none(world: World, browser: Browser) -> None:
    viewer = Client(world, await world.token("Bob", "viewer"))
    body = {"matchers": [TEAM], "for": "2h"}
    assert (await viewer("GET", "/silences"))[0] == 200
    assert (await viewer("POST", "/silences/preview", json={"matchers": [TEAM]}))[0] == 200
    assert (await viewer("POST", "/silences", json=body))[0] == 403
    assert (await viewer("PUT", "/silences/1", json=body))[0] == 403
    assert (await viewer("DELETE", "/silences/1"))[0] == 403
    await viewer.http.close()
    await browser.sign_in("Bob", "viewer")
    _, text = await browser.get("/silences")
    assert "New silence" not in text
    assert (await browser.get("/silences/new"))[0].status == 403
    assert (await browser.post("/silences", matchers=TEAM, other="2h"))[0].status == 403
    assert (await browser.post("/silences/1/end"))[0].status == 403


async def test_a_form_shows_what_it_would_keep_quiet_and_then_sets_it(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in("Alice", "responder")
    _, text = await browser.get("/silences/new?alert=1")
    assert 'alertname="CriticalError"' in unescape(text)
    fields = {"matchers": 'code="TWILIO_API_FAILURE"\n', "for": "4h", "comment": "a <b>drill</b>"}
    _, text = await browser.post("/silences/preview", **fields)
    assert "This would keep 1 alert quiet" in text
    assert "Of 1 open incident nobody would be told any more" in text
    assert "Silence for 4h" in text
    assert await stored(world) == []
    response, _ = await browser.post("/silences", **{**fields, "other": "4h"})
    assert (response.status, response.headers["location"]) == (303, "/silences?done=silenced")
    [made] = await stored(world)
    assert (made.author, made.ends - made.starts, made.comment) == (
        "Alice",
        14_400,
        "a <b>drill</b>",
    )
    _, text = await browser.get("/silences?done=silenced")
    assert "The silence is set." in text
    assert "a &lt;b&gt;drill" in text


async def test_a_form_that_is_wrong_comes_back_as_it_was(world: World, browser: Browser) -> None:
    await browser.sign_in("Alice", "responder")
    for path in ("/silences/preview", "/silences"):
        response, text = await browser.post(path, matchers="team\na=b", other="soon", comment="why")
        assert response.status == 422
        assert "matcher 1: expected name=&#34;value&#34;" in text
        assert ">team\na=b</textarea>" in text
        assert 'value="soon"' in text
        assert 'value="why"' in text
    assert await stored(world) == []


async def test_a_silence_that_meets_nothing_says_so(browser: Browser) -> None:
    await browser.sign_in("Alice", "responder")
    _, text = await browser.post("/silences/preview", matchers=TEAM, **{"for": "1h"})
    assert "No alert that fires now would be kept quiet" in text


async def test_a_silence_is_ended_and_set_again(world: World, browser: Browser) -> None:
    await browser.sign_in("Alice", "responder")
    await browser.post("/silences", matchers=TEAM, other="2h")
    await browser.get("/silences")
    response, _ = await browser.post("/silences/1/end")
    assert response.headers["location"] == "/silences?done=silence-ended"
    assert (await stored(world))[0].ended_by == "Alice"
    response, _ = await browser.post("/silences/1/end")
    assert response.headers["location"] == "/silences?done=silence-over"
    _, text = await browser.get("/silences")
    assert 'href="/silences/new?like=1"' in text
    assert TEAM in unescape((await browser.get("/silences/new?like=1"))[1])


async def test_the_pages_of_what_fires_lead_to_a_silence(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in("Alice", "responder")
    assert 'href="/silences/new?alert=1"' in (await browser.get("/alerts/1"))[1]
    assert 'href="/silences/new?incident=1"' in (await browser.get("/incidents/1"))[1]
    _, text = await browser.get("/silences/new?incident=1")
    assert 'code="TWILIO_API_FAILURE"' in unescape(text)


@pytest.mark.parametrize("query", ["alert=9", "incident=9", "like=9", "alert=x"])
async def test_a_silence_for_what_is_not_there_is_404(browser: Browser, query: str) -> None:
    await browser.sign_in("Alice", "responder")
    assert (await browser.get(f"/silences/new?{query}"))[0].status == 404


async def test_a_form_from_elsewhere_sets_nothing(world: World, browser: Browser) -> None:
    await browser.sign_in("Alice", "responder")
    response, _ = await browser.post("/silences", csrf="x", matchers=TEAM, other="2h")
    assert response.status == 403
    assert await stored(world) == []


async def test_what_is_silenced_is_told_to_nobody_and_says_by_whom(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("Alice", "responder")
    await browser.post("/silences", matchers="alertname=ComponentDown", other="2h", comment="drill")
    await world.accept(Status(status="down", component="shop"))
    await world.settle()
    assert await world.database.read(deliveries.listing) == []
    _, text = await browser.get("/incidents/1")
    assert "Kept quiet" in text
    assert "Alice has silenced it (silence 1: drill)" in text


async def test_on_call_is_told_without_a_schedule_too(browser: Browser, client: Client) -> None:
    await browser.sign_in("Bob", "viewer")
    _, text = await browser.get("/on-call")
    assert "None is configured" in text
    assert "channel:inbox" in text
    status, found = await client("GET", "/on-call")
    assert (status, found["schedules"]) == (200, [])
    assert found["escalations"][0]["steps"][0]["reaches"] == [
        {"person": None, "channel": "inbox", "quiet": None}
    ]
