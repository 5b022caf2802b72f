"""The HTTP API, and that its description is true."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from jsonschema import Draft202012Validator

from sentinel.api import Change, Checkin, Error, Status
from sentinel.model.snapshot import Snapshot
from sentinel.store import projects, snapshots
from sentinel.web.api.routes import ENDPOINTS

from .conftest import Browser, World

Event = Callable[..., Error]


class Client:
    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.http = ClientSession(headers={"authorization": f"Bearer {token}"})

    async def __call__(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.request(method, f"{self.world.url}/api/v1{path}", **options) as reply:
            body = await reply.read()
            is_json = reply.content_type == "application/json"
            return reply.status, msgspec.json.decode(body) if is_json else body.decode()


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    client = Client(world, await world.token())
    yield client
    await client.http.close()


async def test_a_group_is_listed_and_found(world: World, client: Client, event: Event) -> None:
    await world.accept(event())
    status, listing = await client("GET", "/errors?code=TWILIO_API_FAILURE")
    assert (status, listing["next"]) == (200, None)
    number = listing["items"][0]["id"]
    status, found = await client("GET", f"/errors/{number}")
    assert found["impact"]["priority"] == "P0"
    assert found["latest"]["code"] == "TWILIO_API_FAILURE"
    assert found["tenants"] == ["Acme"]


async def test_lists_are_paged_by_a_cursor(world: World, client: Client, event: Event) -> None:
    for n in range(5):
        await world.accept(event(server_name=f"web-{n}"))
    seen, cursor = [], ""
    for _ in range(3):
        _, page = await client("GET", f"/errors/1/events?limit=2{cursor}")
        seen += [item["seq"] for item in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert seen == [5, 4, 3, 2, 1]
    assert page["next"] is None


async def test_the_report_comes_in_three_formats(
    world: World, client: Client, event: Event
) -> None:
    await world.accept(event())
    assert (await client("GET", "/errors/1/report"))[1].startswith("# Debug report")
    assert (await client("GET", "/errors/1/report?format=text"))[1].startswith("DEBUG REPORT")
    assert (await client("GET", "/errors/1/report?format=json"))[1]["group"]["id"] == 1


async def test_an_incident_is_acknowledged(world: World, client: Client, event: Event) -> None:
    await world.accept(event())
    status, incident = await client("POST", "/incidents/1/acknowledge")
    assert (status, incident["acknowledged_by"]) == (200, "admin")
    _, decisions = await client("GET", "/incidents/1/decisions")
    assert "incident_acknowledged" in [one["verb"] for one in decisions["items"]]


async def test_a_status_is_set_and_audited(world: World, client: Client, event: Event) -> None:
    await world.accept(event())
    status, group = await client("POST", "/errors/1/status", json={"status": "resolved"})
    assert (status, group["status"]) == (200, "resolved")
    _, trail = await client("GET", "/audit")
    assert trail["items"][0]["action"] == "error resolved"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "id"),
    [
        ("GET", "/errors?limit=9999", None, 400, "invalid"),
        ("GET", "/errors?nonsense=1", None, 400, "invalid"),
        ("GET", "/errors?limit=1&limit=2", None, 400, "invalid"),
        ("GET", "/errors?cursor=nonsense", None, 400, "invalid"),
        ("GET", "/alerts?cursor=nonsense", None, 400, "invalid"),
        ("GET", "/alerts?state=nonsense", None, 400, "invalid"),
        ("GET", "/errors?cursor=1_99999999999999999999", None, 400, "invalid"),
        ("GET", "/deliveries?incident=99999999999999999999", None, 400, "invalid"),
        ("GET", "/errors/99", None, 404, "not-found"),
        ("GET", "/errors/" + "9" * 5000, None, 404, "not-found"),
        ("GET", "/nowhere", None, 404, "not-found"),
        ("DELETE", "/errors/1", None, 405, "wrong-method"),
        ("POST", "/tokens", b"{", 400, "invalid"),
        ("POST", "/tokens", b'{"name": 1}', 400, "invalid"),
        ("POST", "/tokens", b'{"name": "x", "role": "admin"}', 400, "invalid"),
        ("POST", "/projects", b'{"name": "no spaces"}', 400, "invalid"),
        ("POST", "/tokens", b" " * 70_000, 413, "too-large"),
    ],
)
async def test_refusals_say_what_is_wrong_in_one_shape(
    client: Client, method: str, path: str, body: bytes | None, status: int, id: str
) -> None:
    found, reply = await client(method, path, data=body)
    assert (found, reply["error"]["id"]) == (status, id)
    assert reply["error"]["text"]


async def test_without_a_token_nothing_is_told(world: World) -> None:
    async with ClientSession() as http, http.get(f"{world.url}/api/v1/errors") as reply:
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"


async def test_an_unknown_token_is_refused_even_beside_a_session(
    world: World, browser: Browser
) -> None:
    await browser.sign_in()
    response, _ = await browser.get("/api/v1/errors", headers={"authorization": "Bearer x"})
    assert response.status == 401


async def test_a_session_reads_and_for_changes_needs_the_pages_token(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in()
    assert (await browser.get("/api/v1/errors"))[0].status == 200
    url = f"{world.url}/api/v1/incidents/1/acknowledge"
    async with browser.http.post(url) as response:
        assert response.status == 403
    async with browser.http.post(url, headers={"x-csrf-token": browser.csrf}) as response:
        assert response.status == 200


async def test_a_token_may_do_what_its_user_may(world: World) -> None:
    viewer = Client(world, await world.token("Bob", "viewer"))
    assert (await viewer("GET", "/errors"))[0] == 200
    assert (await viewer("POST", "/incidents/1/acknowledge"))[0] == 403
    assert (await viewer("POST", "/projects", json={"name": "shop"}))[0] == 403
    assert (await viewer("GET", "/audit"))[0] == 403
    await viewer.http.close()


async def test_a_removed_token_opens_nothing(world: World, client: Client) -> None:
    status, made = await client("POST", "/tokens", json={"name": "a script"})
    assert status == 201
    other = Client(world, made["token"])
    _, listing = await client("GET", "/tokens")
    id = next(token["id"] for token in listing["items"] if token["name"] == "a script")
    assert (await other("GET", "/errors"))[0] == 200
    assert (await client("DELETE", f"/tokens/{id}"))[0] == 200
    assert (await other("GET", "/errors"))[0] == 401
    await other.http.close()


async def test_errors_are_read_and_sent_under_one_path(world: World, client: Client) -> None:
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    async with (
        ClientSession(headers={"x-sentinel-key": project.key}) as http,
        http.post(f"{world.url}/api/v1/errors", json={"message": "it broke"}) as reply,
    ):
        assert reply.status == 200
    _, listing = await client("GET", "/errors")
    assert listing["items"][0]["title"] == "it broke"


async def test_every_endpoint_answers_as_it_is_described(
    world: World, client: Client, event: Event
) -> None:
    await world.accept(event(), event(None, tags={"code": "NOT_IN_CATALOG"}))
    await world.pipeline.accept(
        "shop",
        [
            Checkin(monitor="backup", status="ok"),
            Change(kind="deploy"),
            Status(component="1", status="up"),
        ],
    )
    await world.settle()
    await client("POST", "/silences", json={"matchers": ["team=payments"], "for": "2h"})
    told = {"title": "T", "phase": "investigating", "text": "Late.", "audience": "all"}
    await client("POST", "/broadcasts", json=told)
    await client("POST", "/clients", json={"name": "Alice", "email": ["alice@example.com"]})
    await client("POST", "/actions/test:channel:console/run", json={"dry_run": True})
    taken = Snapshot(at=world.clock.now(), overall="healthy")
    await world.database.write(lambda conn: snapshots.insert(conn, taken))
    _, description = await client("GET", "/openapi.json")
    for path, operations in description["paths"].items():
        if "get" not in operations:
            continue
        named = path.removeprefix("/api/v1").replace("{name}", "CriticalError")
        concrete = re.sub(r"\{\w+\}", "1", named)
        json = "?format=json" if concrete.endswith("/report") else ""
        status, reply = await client("GET", concrete + json)
        assert status == 200, (path, reply)
        schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        root = {**schema, "components": description["components"]}
        Draft202012Validator(root).validate(reply)


async def test_the_description_is_complete(client: Client) -> None:
    _, description = await client("GET", "/openapi.json")
    assert description["openapi"].startswith("3.1")
    described = {
        (method.upper(), path)
        for path, operations in description["paths"].items()
        for method in operations
    }
    served = {
        (one.method, "/api/v1" + re.sub(r"\{(\w+)(:\w+)?\}", r"{\1}", one.path))
        for one in ENDPOINTS
    }
    assert described == served | {("POST", f"/api/v1/{noun}") for noun in ("errors", "changes")}
    text = msgspec.json.encode(description).decode()
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in description["components"]["schemas"]


async def test_an_alert_comes_with_what_its_conditions_found(
    world: World, client: Client, event: Event
) -> None:
    await world.accept(event())
    _, found = await client("GET", "/alerts/1")
    assert found["rule"] == "CriticalError"
    assert found["why"]["source"].endswith("rules.yaml:3")
    assert [(line["field"], line["held"]) for line in found["why"]["lines"]] == [
        ("severity", True),
        ("code", True),
    ]


async def test_a_plugin_in_quarantine_is_listed_as_such(world: World, client: Client) -> None:
    world.held[("probe", "http")] = "shop: no answer within 5 s"
    _, found = await client("GET", "/plugins")
    told = {one["type"]: one["reason"] for one in found["items"] if one["status"] != "ok"}
    assert told == {"http": "shop: no answer within 5 s"}


async def test_another_event_under_a_used_id_is_kept_and_a_retry_is_not(
    world: World, client: Client
) -> None:
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    key = projects.dsn_of(project, world.url).split("//")[1].split("@")[0]
    for message in ("one", "two", "two", "one"):
        report = {"id": "a" * 32, "message": message, "type": "Broken"}
        status, _ = await client("POST", "/errors", json=report, headers={"X-Sentinel-Key": key})
        assert status == 200
    counted = await world.database.read(
        lambda conn: [row[0] for row in conn.execute("SELECT count(*) FROM signals")]
    )
    assert counted == [2]


async def test_an_alert_comes_with_its_explanation_also_of_the_past(
    world: World, client: Client, event: Event
) -> None:
    await world.accept(event())
    await world.settle()
    _, now = await client("GET", "/alerts/1")
    assert now["explanation"]["headline"].startswith("Alert 1 paged inbox at ")
    status, then = await client("GET", f"/alerts/1?at={world.clock.now() + 60}")
    assert (status, then["explanation"]["past"]) == (200, False)
    _, then = await client("GET", f"/alerts/1?at={now['started']}")
    assert then["explanation"]["past"]
    assert (await client("GET", "/alerts/1?at=1"))[0] == 404
    assert (await client("GET", "/alerts/1?at=noon"))[0] == 400


async def test_signals_and_rules_are_explained(world: World, client: Client, event: Event) -> None:
    await world.accept(event())
    _, signal = await client("GET", "/signals/1/explanation")
    assert signal["headline"] == "Signal 1 opened alert 1 of the rule CriticalError."
    _, rule = await client("GET", "/rules/CriticalError/explanation")
    assert rule["headline"] == "CriticalError fires for 1 group."
    assert (await client("GET", "/signals/9/explanation"))[0] == 404
    assert (await client("GET", "/rules/Nothing/explanation"))[0] == 404
