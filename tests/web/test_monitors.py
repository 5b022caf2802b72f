"""Jobs as they check in over HTTP, and their pages."""

import asyncio
from typing import Any

import pytest
import sentry_sdk
from aiohttp import ClientSession
from sentry_sdk.crons import capture_checkin, monitor

from sentinel.api import Checkin
from sentinel.model.monitor import Cron, Monitor, Run
from sentinel.monitors import ledger
from sentinel.store import audit, projects, signals
from sentinel.store import monitors as store
from sentinel.store.monitors import Kept

from .conftest import Browser, World

BACKUP = Monitor(name="backup", schedule=Cron("30 2 * * *", "Europe/London"))


@pytest.fixture
async def http(browser: Browser) -> ClientSession:
    return browser.http


async def configured(world: World, *given: Monitor) -> Kept:
    now = world.clock.now()
    await world.database.write(lambda conn: ledger.configure(conn, given or (BACKUP,), now))
    return (await world.database.read(store.listing))[0]


async def runs_of(world: World, number: int) -> list[Run]:
    return await world.database.read(lambda conn: store.runs(conn, number, 50))


async def latest(world: World) -> Checkin:
    seq = await world.database.read(
        lambda conn: conn.execute("SELECT max(seq) FROM signals").fetchone()[0]
    )
    found = await world.database.read(lambda conn: signals.get(conn, seq))
    assert isinstance(found, Checkin)
    return found


@pytest.mark.parametrize(
    ("method", "ending", "status"),
    [
        ("GET", "", "ok"),
        ("HEAD", "", "ok"),
        ("POST", "/", "ok"),
        ("GET", "/start", "running"),
        ("POST", "/fail", "failed"),
        ("GET", "/0", "ok"),
        ("GET", "/17", "failed"),
    ],
)
async def test_a_ping_is_stored_before_it_is_answered(
    world: World, http: ClientSession, method: str, ending: str, status: str
) -> None:
    kept = await configured(world)
    async with http.request(method, f"{world.url}/ping/{kept.key}{ending}") as response:
        assert response.status == 200
        assert await response.text() == ("" if method == "HEAD" else "OK\n")
    assert [run.status for run in await runs_of(world, kept.id)] == [status]


async def test_what_is_posted_is_kept_scrubbed_and_bounded(
    world: World, http: ClientSession
) -> None:
    kept = await configured(world)
    body = b"x" * 50_000 + b" password=hunter2hunter2 bob@example.com no space left"
    async with http.post(f"{world.url}/ping/{kept.key}/3", data=body) as response:
        assert response.status == 200
    [run] = await runs_of(world, kept.id)
    assert run.message.endswith("no space left")
    assert "hunter2" not in run.message
    assert "bob@" not in run.message
    assert len(run.message) <= 2_100
    assert (await latest(world)).tags == {"exit_status": "3"}


async def test_of_what_is_posted_no_half_of_a_secret_is_kept(
    world: World, http: ClientSession
) -> None:
    kept = await configured(world)
    # The last 2,000 characters begin behind the name that tells that it is a secret.
    body = b"password: hunter2hunter2\n" + b"x" * 1_970 + b"\nfailed"
    async with http.post(f"{world.url}/ping/{kept.key}/3", data=body) as response:
        assert response.status == 200
    [run] = await runs_of(world, kept.id)
    assert run.message.endswith("failed")
    assert "hunter2" not in run.message


async def test_a_start_and_an_end_are_paired_by_their_run(
    world: World, http: ClientSession
) -> None:
    kept = await configured(world)
    one, other = "11111111-2222-3333-4444-555555555555", "2" * 32
    for path in (f"/start?rid={one}", f"/start?rid={other}", f"?rid={one}", f"/fail?rid={other}"):
        async with http.get(f"{world.url}/ping/{kept.key}{path}") as response:
            assert response.status == 200
    assert [run.status for run in await runs_of(world, kept.id)] == ["ok", "failed"]


async def test_a_projects_key_and_a_name_do_as_well(world: World, http: ClientSession) -> None:
    kept = await configured(world)
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    async with http.get(f"{world.url}/ping/{project.key}/backup/fail") as response:
        assert response.status == 200
    assert [run.status for run in await runs_of(world, kept.id)] == ["failed"]
    assert (await latest(world)).project == "shop"


@pytest.mark.parametrize(
    "path", ["", "nobody", "nobody/start", "PROJECT", "PROJECT/other", "KEY/often", "KEY/256"]
)
async def test_an_address_that_is_none_is_answered_with_404(
    world: World, http: ClientSession, path: str
) -> None:
    kept = await configured(world)
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    path = path.replace("KEY", kept.key).replace("PROJECT", project.key)
    async with http.get(f"{world.url}/ping/{path}") as response:
        assert response.status == 404
        assert "expected" in await response.text() or "no such monitor" in await response.text()
    assert await runs_of(world, kept.id) == []


async def test_a_run_that_is_no_uuid_is_refused(world: World, http: ClientSession) -> None:
    kept = await configured(world)
    async with http.get(f"{world.url}/ping/{kept.key}?rid=7") as response:
        assert response.status == 400
        assert await response.text() == "rid: found '7', expected a UUID\n"


async def test_too_many_pings_are_told_to_wait(world: World, http: ClientSession) -> None:
    kept = await configured(world)
    statuses = []
    for _ in range(125):
        async with http.get(f"{world.url}/ping/{kept.key}") as response:
            statuses.append(response.status)
            if response.status == 429:
                assert int(response.headers["retry-after"]) >= 1
    assert 429 in statuses
    assert statuses[:120] == [200] * 120


def check_in(dsn: str) -> None:
    """Two runs of the real SDK: one goes well, one fails."""
    client = sentry_sdk.Client(dsn, default_integrations=False, environment="production")
    config: Any = {
        "schedule": {"type": "crontab", "value": "0 * * * *"},
        "timezone": "Europe/London",
        "checkin_margin": 5,
        "max_runtime": 20,
    }
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        with monitor(monitor_slug="sync", monitor_config=config):
            client.flush(timeout=10)
        try:
            with monitor(monitor_slug="sync", monitor_config=config):
                raise ValueError("no")
        except ValueError:
            client.flush(timeout=10)
        capture_checkin(monitor_slug="bare", status="ok", duration=3)
        client.flush(timeout=10)
    # Its connections would otherwise outlive the world until they are collected.
    pool = client.transport._pool
    client.close(timeout=10)
    pool.clear()


async def test_the_real_python_sdk_checks_in_and_describes_its_monitor(world: World) -> None:
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    await asyncio.to_thread(check_in, projects.dsn_of(project, world.url))
    bare, sync = await world.database.read(store.listing)
    assert sync.monitor == Monitor(
        name="sync",
        project="shop",
        environment="production",
        schedule=Cron("0 * * * *", "Europe/London"),
        grace=300.0,
        max_duration=1200.0,
    )
    runs = await runs_of(world, sync.id)
    assert [run.status for run in runs] == ["ok", "failed"]
    assert all(run.duration is not None for run in runs)
    assert bare.monitor.schedule is None
    assert [run.duration for run in await runs_of(world, bare.id)] == [3.0]


async def test_the_pages_show_state_next_run_and_address(world: World, browser: Browser) -> None:
    kept = await configured(world)
    await browser.sign_in()
    response, text = await browser.get("/monitors")
    assert response.status == 200
    assert f"{world.url}/ping/{kept.key}" in text
    assert "30 2 * * * (Europe/London)" in text
    assert "waiting" in text
    await world.pipeline.accept(
        "shop", [Checkin(monitor="backup", status="error", message="<b>full</b>")]
    )
    _, text = await browser.get(f"/monitors/{kept.id}")
    assert "&lt;b&gt;full&lt;/b&gt;" in text
    assert "failed" in text
    assert (await browser.get("/monitors/99"))[0].status == 404


async def test_the_api_lists_monitors_and_their_runs(world: World, http: ClientSession) -> None:
    kept = await configured(world)
    for _ in range(3):
        await world.pipeline.accept("shop", [Checkin(monitor="backup", status="ok")])
    headers = {"authorization": f"Bearer {await world.token('Bob', 'viewer')}"}
    async with http.get(f"{world.url}/api/v1/monitors", headers=headers) as response:
        [found] = (await response.json())["items"]
    assert (found["name"], found["state"], len(found["runs"])) == ("backup", "ok", 3)
    assert found["ping_url"] == f"{world.url}/ping/{kept.key}"
    path = f"{world.url}/api/v1/monitors/{kept.id}/runs?limit=2"
    async with http.get(path, headers=headers) as response:
        assert [run["number"] for run in (await response.json())["items"]] == [3, 2]


async def made_by_check_in(world: World, name: str = "sync") -> Kept:
    config = {"schedule": {"type": "interval", "value": 1, "unit": "hour"}}
    await world.pipeline.accept("shop", [Checkin(monitor=name, status="ok", monitor_config=config)])
    [kept] = [one for one in await world.database.read(store.listing) if one.monitor.name == name]
    return kept


async def test_a_monitor_of_a_job_that_was_given_up_is_forgotten_on_its_page(
    world: World, browser: Browser
) -> None:
    kept = await made_by_check_in(world)
    await browser.sign_in()
    _, text = await browser.get(f"/monitors/{kept.id}")
    assert "Forget this monitor" in text
    response, _ = await browser.post(f"/monitors/{kept.id}/forget")
    assert "Forgotten" in (await browser.get(response.headers["location"]))[1]
    assert await world.database.read(store.next_due) is None
    assert (await browser.get(f"/monitors/{kept.id}"))[0].status == 404
    again = await made_by_check_in(world)
    assert (again.id, again.key) == (kept.id, kept.key)
    assert again.due is not None


async def test_a_monitor_of_the_configuration_is_not_forgotten(
    world: World, browser: Browser
) -> None:
    kept = await configured(world)
    await browser.sign_in()
    _, text = await browser.get(f"/monitors/{kept.id}")
    assert "Forget this monitor" not in text
    response, _ = await browser.post(f"/monitors/{kept.id}/forget")
    assert "take it out there" in (await browser.get(response.headers["location"]))[1]
    assert [one.id for one in await world.database.read(store.listing)] == [kept.id]
    noted = [one.action for one in await world.database.read(audit.entries)]
    assert "monitor forgotten" not in noted


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("responder", 200)])
async def test_the_api_forgets_a_monitor_for_a_responder(
    world: World, http: ClientSession, role: Any, status: int
) -> None:
    kept = await made_by_check_in(world)
    headers = {"authorization": f"Bearer {await world.token('Bob', role)}"}
    path = f"{world.url}/api/v1/monitors/{kept.id}"
    async with http.delete(path, headers=headers) as response:
        assert response.status == status
    left = await world.database.read(store.listing)
    assert [one.id for one in left] == ([kept.id] if status == 403 else [])


async def test_the_api_says_where_a_configured_monitor_is_to_be_taken_out(
    world: World, http: ClientSession
) -> None:
    kept = await configured(world)
    headers = {"authorization": f"Bearer {await world.token('Bob', 'responder')}"}
    async with http.delete(f"{world.url}/api/v1/monitors/{kept.id}", headers=headers) as response:
        assert response.status == 400
        assert "take it out there" in await response.text()
