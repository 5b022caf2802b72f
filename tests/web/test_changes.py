"""Changes, as they come in over HTTP and as they are shown."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from sentinel.api import Change, Error
from sentinel.store import alerts, changes, projects

from .conftest import Browser, World


@pytest.fixture
async def http(browser: Browser) -> ClientSession:
    return browser.http


async def post(world: World, http: ClientSession, body: Any) -> tuple[int, Any]:
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    headers = {"x-sentinel-key": project.key}
    async with http.post(f"{world.url}/api/v1/changes", json=body, headers=headers) as response:
        return response.status, await response.json()


async def kept(world: World) -> list[Change]:
    return await world.database.read(changes.search)


DEPLOY = {
    "id": "ab" * 16,
    "kind": "Deploy",
    "summary": "checkout rewritten",
    "service": "shop",
    "release": "1.4.2",
    "author": "alice",
    "url": "https://ci.example.com/7",
    "at": "2026-01-31T12:00:00Z",
    "tags": {"region": "eu"},
}


async def test_a_change_is_stored_before_it_is_answered(world: World, http: ClientSession) -> None:
    assert await post(world, http, DEPLOY) == (200, {"ids": ["ab" * 16]})
    [change] = await kept(world)
    assert (change.project, change.environment, change.kind) == ("shop", "production", "deploy")
    assert (change.service, change.release, change.at) == ("shop", "1.4.2", 1_769_860_800.0)
    assert (change.url, change.tags) == ("https://ci.example.com/7", {"region": "eu"})


async def test_the_same_change_again_is_the_same(world: World, http: ClientSession) -> None:
    await post(world, http, DEPLOY)
    assert await post(world, http, DEPLOY) == (200, {"ids": ["ab" * 16]})
    assert len(await kept(world)) == 1


async def test_a_release_that_was_reported_is_not_noted_again(
    world: World, http: ClientSession
) -> None:
    await world.accept(Error(message="no", release="1.4.1"))
    await post(world, http, DEPLOY)
    for release in ("1.4.1", "1.4.2", "1.5.0"):
        await world.accept(Error(message="no", release=release))
    assert [(one.kind, one.release) for one in await kept(world)] == [
        ("release", "1.5.0"),
        ("deploy", "1.4.2"),
    ]


async def test_what_is_new_is_searched_and_paged(world: World, http: ClientSession) -> None:
    await post(world, http, [{"kind": "flag", "summary": f"flag {n}", "at": n} for n in (1, 2, 3)])
    headers = {"authorization": f"Bearer {await world.token()}"}
    url = f"{world.url}/api/v1/changes?kind=flag&text=FLAG&limit=2"
    async with http.get(url, headers=headers) as response:
        page = await response.json()
    assert [one["summary"] for one in page["items"]] == ["flag 3", "flag 2"]
    async with http.get(f"{url}&cursor={page['next']}", headers=headers) as response:
        page = await response.json()
    assert ([one["summary"] for one in page["items"]], page["next"]) == (["flag 1"], None)
    async with http.get(f"{world.url}/api/v1/changes?cursor=x", headers=headers) as response:
        assert response.status == 400


async def test_an_incident_shows_what_changed_before_it_the_nearest_first(
    world: World, http: ClientSession, browser: Browser, event: Callable[..., Error]
) -> None:
    now = world.clock.now()
    made = [("long ago", 3700), ("an hour ago", 3500), ("just now", 60), ("to come", -60)]
    body = [{"kind": "deploy", "summary": text, "at": now - ago} for text, ago in made]
    await post(world, http, body)
    await world.accept(event(release=None))
    [incident] = await world.database.read(alerts.search_incidents)
    headers = {"authorization": f"Bearer {await world.token()}"}
    url = f"{world.url}/api/v1/incidents/{incident.id}"
    async with http.get(url, headers=headers) as response:
        found = (await response.json())["changes"]
    assert [one["summary"] for one in found] == ["just now", "an hour ago"]
    await browser.sign_in()
    _, text = await browser.get(f"/incidents/{incident.id}")
    assert "What changed in the hour before" in text
    assert text.index("just now") < text.index("an hour ago")
    assert "long ago" not in text


async def test_the_page_lists_and_finds_changes(
    world: World, http: ClientSession, browser: Browser
) -> None:
    await browser.sign_in()
    _, text = await browser.get("/changes")
    assert "sentinel change deploy" in text
    await post(world, http, {"kind": "config", "summary": "<i>new</i> limits", "author": "bob"})
    await post(world, http, {"kind": "deploy", "summary": "other", "url": "javascript:alert(1)"})
    _, text = await browser.get("/changes?text=BOB")
    assert "&lt;i&gt;new&lt;/i&gt; limits" in text
    assert "other" not in text.split("<main", 1)[1]
    _, text = await browser.get("/changes?kind=deploy")
    assert 'href="javascript:' not in text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "Object missing required field `kind`"),
        ({"kind": " "}, "change.kind: found nothing, expected a word such as deploy"),
        ({"kind": "deploy", "sumary": "x"}, "change.sumary: no such field (did you mean summary?)"),
        ({"kind": "deploy", "at": "noon"}, "change.at: found 'noon', expected seconds since 1970"),
        ({"kind": "deploy", "id": "7"}, "change.id: found '7', expected a UUID"),
        ([], "found 0 changes, expected 1 to 1000"),
        ([{"kind": "deploy"}, 7], "changes[1]: found a number, expected an object"),
        (7, "found a number, expected a change, a list of changes"),
        ({"kind": "deploy", "service": 7}, "Expected `str | null`, got `int`"),
    ],
)
async def test_what_is_no_change_is_refused_whole(
    world: World, http: ClientSession, body: Any, told: str
) -> None:
    status, reply = await post(world, http, body)
    assert status == 400
    assert told in reply["error"]["text"]
    assert await kept(world) == []


async def test_a_change_wants_a_projects_key(world: World, http: ClientSession) -> None:
    async with http.post(f"{world.url}/api/v1/changes", json=DEPLOY) as response:
        assert response.status == 401
