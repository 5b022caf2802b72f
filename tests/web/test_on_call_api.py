"""On call by the API."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sentinel.installation import Installation
from sentinel.store import audit

from .conftest import World
from .on_call_world import HOUR, installation_of, on_call_world
from .test_api import Client


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return installation_of(tmp_path_factory.mktemp("crew"))


@pytest.fixture
async def on_call(tmp_path: Path, crew: Installation) -> AsyncIterator[World]:
    async with on_call_world(tmp_path, crew) as world:
        yield world


@pytest.fixture
async def client(on_call: World) -> AsyncIterator[Client]:
    """A responder's."""
    client = Client(on_call, await on_call.token("Bob", "responder"))
    yield client
    await client.http.close()


@pytest.fixture
async def viewer(on_call: World) -> AsyncIterator[Client]:
    client = Client(on_call, await on_call.token("Carol", "viewer"))
    yield client
    await client.http.close()


def body(world: World, **changes: Any) -> dict[str, Any]:
    until = world.clock.now() + 2 * HOUR
    return {"schedule": "primary", "people": ["bob"], "until": until, **changes}


async def test_an_override_is_set_listed_and_taken_back(on_call: World, client: Client) -> None:
    status, made = await client("POST", "/on-call/overrides", json=body(on_call, reason="ill"))
    assert (status, made["id"], made["state"], made["author"]) == (201, 1, "active", "Bob")
    _, roster = await client("GET", "/on-call")
    assert roster["schedules"][0]["people"] == ["bob"]
    _, shifts = await client("GET", "/on-call/shifts?schedule=primary")
    assert shifts[0]["people"] == ["bob"]
    status, ended = await client("DELETE", "/on-call/overrides/1")
    assert (status, ended["state"], ended["ended_by"]) == (200, "over", "Bob")
    assert (await client("DELETE", "/on-call/overrides/1"))[0] == 400
    _, listing = await client("GET", "/on-call/overrides")
    assert [one["id"] for one in listing["items"]] == [1]
    noted = await on_call.database.read(lambda conn: audit.entries(conn))
    assert [(one.action, one.detail) for one in noted] == [
        ("override ended", "bob in primary, by the API"),
        ("override set", "bob in primary, ill, by the API"),
    ]


async def test_times_may_be_written_with_their_zone(on_call: World, client: Client) -> None:
    until = datetime.fromtimestamp(on_call.clock.now() + 3 * HOUR, UTC).isoformat()
    status, made = await client("POST", "/on-call/overrides", json=body(on_call, until=until))
    assert status == 201
    assert made["ends"] == pytest.approx(on_call.clock.now() + 3 * HOUR, abs=30)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"people": ["mallory"]}, "found the person 'mallory'"),
        ({"until": 5.0}, "a time that has passed"),
        ({"until": "2026-12-24T09:00"}, "body"),
        ({"schedule": "gone"}, "found the schedule 'gone'"),
    ],
)
async def test_what_can_not_be_is_refused(
    on_call: World, client: Client, changes: dict[str, Any], words: str
) -> None:
    status, reply = await client("POST", "/on-call/overrides", json=body(on_call, **changes))
    assert status == 400
    assert words in str(reply)


async def test_a_viewer_may_ask_and_not_change(on_call: World, viewer: Client) -> None:
    status, _ = await viewer("POST", "/on-call/overrides", json=body(on_call))
    assert status == 403
    assert (await viewer("PUT", "/on-call/do-not-disturb/alice", json={"for": "2h"}))[0] == 403
    status, found = await viewer("POST", "/on-call/who", json={"at": "Sun 03:00"})
    assert status == 200
    assert found["lines"][0]["kind"] == "told"
    _, people = await viewer("GET", "/on-call/people")
    assert {one["name"] for one in people} == {"alice", "bob", "carol"}
    assert "bob@example.com" not in str(people)


async def test_who_would_be_told_is_asked_with_labels_and_a_time(client: Client) -> None:
    asked = {"at": 1_795_921_200, "severity": "info", "labels": {"team": "web"}}
    status, found = await client("POST", "/on-call/who", json=asked)
    assert (status, found["takes"], found["at"]) == (200, ["nights"], asked["at"])
    for wrong in ({"at": "soon"}, {"at": 1e300}, {"labels": {"a b": "c"}}, {"route": "gone"}):
        assert (await client("POST", "/on-call/who", json=wrong))[0] == 400


async def test_a_person_is_left_alone_and_disturbed_again(client: Client) -> None:
    status, resting = await client("PUT", "/on-call/do-not-disturb/alice", json={"for": "2h"})
    assert (status, [one["person"] for one in resting]) == (200, ["alice"])
    status, resting = await client("DELETE", "/on-call/do-not-disturb/alice")
    assert (status, resting) == (200, [])
    for person, lasts in (("mallory", "2h"), ("alice", "off"), ("alice", "soon")):
        path = f"/on-call/do-not-disturb/{person}"
        assert (await client("PUT", path, json={"for": lasts}))[0] == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=1000&until=900", 400),
        ("from=0&until=100000000", 400),
        ("from=nan", 400),
        ("schedule=gone", 404),
        ("from=1795921200&until=1796007600", 200),
    ],
)
async def test_shifts_are_asked_for_in_a_span(client: Client, query: str, status: int) -> None:
    assert (await client("GET", f"/on-call/shifts?{query}"))[0] == status


async def test_a_calendar_address_is_made_and_taken_back(
    on_call: World, client: Client, viewer: Client
) -> None:
    asked = {"kind": "person", "name": "alice"}
    status, made = await client("POST", "/on-call/feeds", json=asked)
    assert status == 201
    async with ClientSession() as anybody:
        async with anybody.get(made["address"]) as response:
            assert response.status == 200
        assert (await viewer("GET", "/on-call/feeds"))[1] == []
        assert (await viewer("DELETE", "/on-call/feeds/1"))[0] == 403
        assert (await client("DELETE", "/on-call/feeds/1"))[0] == 200
        async with anybody.get(made["address"]) as response:
            assert response.status == 410
    gone = {"kind": "schedule", "name": "gone"}
    assert (await client("POST", "/on-call/feeds", json=gone))[0] == 404
