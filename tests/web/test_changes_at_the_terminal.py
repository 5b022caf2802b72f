"""Changes and monitors, as they are told of and listed by commands."""

import asyncio
import json

from tests.web.conftest import World
from typer.testing import CliRunner

from sentinel.api import Checkin
from sentinel.cli import app
from sentinel.model.monitor import Cron, Monitor
from sentinel.monitors import ledger
from sentinel.store import changes, projects


async def run(*arguments: str) -> str:
    result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


async def test_a_deploy_is_told_of_by_its_last_step(world: World) -> None:
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    dsn = projects.dsn_of(project, world.url)
    options = ("--service", "shop", "--release", "1.4.2", "--summary", "checkout", "--tag", "eu=1")
    said = await run("change", "deploy", "--dsn", dsn, *options)
    [change] = await world.database.read(changes.search)
    assert said == f"stored {change.id}\n"
    assert (change.kind, change.service, change.release) == ("deploy", "shop", "1.4.2")
    assert (change.summary, change.tags) == ("checkout", {"eu": "1"})
    state = ("--state-dir", str(world.folder / "state"))
    assert "checkout" in await run("changes", "shop", *state)
    assert json.loads(await run("changes", "--kind", "flag", "--json", *state)) == []


async def test_monitors_are_listed_with_their_addresses(world: World) -> None:
    monitor = Monitor(name="backup", schedule=Cron("30 2 * * *", "Europe/London"))
    now = world.clock.now()
    await world.database.write(lambda conn: ledger.configure(conn, [monitor], now))
    (world.folder / "sentinel.yaml").write_text("public_url: https://sentinel.example.com/\n")
    places = ("--state-dir", str(world.folder / "state"))
    config = ("--config", str(world.folder / "sentinel.yaml"))
    [found] = json.loads(await run("monitors", "--json", *places, *config))
    assert (found["name"], found["state"]) == ("backup", "waiting")
    assert found["ping_url"].startswith("https://sentinel.example.com/ping/")
    assert found["ping_url"] in await run("monitors", *places, *config)


async def test_a_schedule_that_is_not_used_says_so_in_the_list(world: World) -> None:
    config = {"schedule": {"type": "crontab", "value": "61 * * * *"}}
    checkin = Checkin(monitor="sync", status="ok", received=1.0, monitor_config=config)
    await world.database.write(lambda conn: ledger.take(conn, checkin))
    said = await run("monitors", "--state-dir", str(world.folder / "state"))
    assert "sync: the schedule that it gave is not used: expected five fields of cron" in said
