"""Runs that are missed, from check-ins to alerts, over a real store."""

from pathlib import Path
from typing import Any

import pytest

from sentinel.api import Checkin, Error
from sentinel.model.monitor import Cron, Every, Monitor, Run
from sentinel.monitors.keeper import DeadlineKeeper
from sentinel.store import monitors as store
from sentinel.store.monitors import Kept
from sentinel.testing import FakeClock
from tests.running import START, Running, running

# START is 2027-01-15 08:00 UTC, a whole hour.
HOURLY = Monitor(name="backup", schedule=Cron("0 * * * *"), grace=300.0, environment="production")
RULES = """
rules:
  - alert: JobMissed
    on: checkin
    where: {status: [missed, timeout]}
    timeframe: 1h
    by: [monitor]
"""
IN_PROGRESS, ENDED = "in_progress", "ok"


class World:
    """A running pipeline and the keeper beside it."""

    def __init__(self, one: Running) -> None:
        self.one = one
        self.keeper = DeadlineKeeper(one.database, one.pipeline, one.clock)

    async def pass_time(self, minutes: float) -> None:
        """Minute by minute, with a look of the keeper's after each."""
        for _ in range(int(minutes)):
            self.one.clock.advance(60.0)
            await self.keeper.look()

    async def says(self, status: Any, **more: Any) -> None:
        given = {"monitor": "backup", "environment": "production", **more}
        await self.one.send(Checkin(status=status, **given))

    async def told(self) -> list[tuple[float, str, str]]:
        """Minutes from the start, status and message of what nobody sent."""
        return [
            (round((signal.received - START) / 60, 2), signal.status, signal.message)
            for written in self.one.written
            for signal in written.signals
            if isinstance(signal, Checkin) and signal.status in ("missed", "timeout")
        ]

    async def kept(self, name: str = "backup") -> Kept:
        found = await self.one.database.read(store.listing)
        return next(one for one in found if one.monitor.name == name)

    async def runs(self) -> list[Run]:
        number = (await self.kept()).id
        return await self.one.database.read(lambda conn: store.runs(conn, number, 100))

    async def statuses(self) -> list[str]:
        return [run.status for run in await self.runs()]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


async def test_a_run_that_is_missed_is_told_once_and_alerts(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY,))
        await world.pass_time(119)
        assert await world.told() == [
            (65.0, "missed", "nothing was heard of the run expected at 2027-01-15T09:00:00Z")
        ]
        assert await one.rows("SELECT rule FROM alerts") == [("JobMissed",)]
        kept = await one.rows("SELECT project FROM signals WHERE kind = 'checkin'")
        assert kept == [("sentinel",)]


async def test_a_restart_forgets_nothing(tmp_path: Path, clock: FakeClock) -> None:
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY,))
        await world.pass_time(61)
        await world.says(IN_PROGRESS)
        key = (await world.kept()).key
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY,))
        await world.pass_time(5)
        await world.says(ENDED)
        assert await world.statuses() == ["ok"]
        [run] = await world.runs()
        assert (run.expected, run.duration) == (START + 3600, 300.0)
        assert (await world.kept()).key == key
        await world.pass_time(60)
        assert await world.statuses() == ["ok", "missed"]


async def test_after_a_downtime_each_job_is_told_of_once(tmp_path: Path, clock: FakeClock) -> None:
    other = Monitor(name="sync", schedule=Every(600.0), grace=60.0)
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY, other))
        await world.pass_time(1)
    clock.advance(10 * 3600.0)
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY, other))
        await world.keeper.look()
        await world.keeper.look()
        told = await world.told()
        assert [status for _, status, _ in told] == ["missed", "missed"]
        assert all("Sentinel itself may not have run then" in text for _, _, text in told)


async def test_a_check_in_that_comes_before_the_look_finds_the_missed_run(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY,))
        clock.advance(70 * 60.0)
        await world.says(ENDED)
        assert await world.statuses() == ["late"]
        assert [status for _, status, _ in await world.told()] == ["missed"]
        await world.keeper.look()
        assert len(await world.told()) == 1


async def test_a_run_that_takes_too_long_is_told_with_its_environment_and_tenant(
    tmp_path: Path, clock: FakeClock
) -> None:
    monitor = Monitor(name="backup", schedule=Cron("0 * * * *"), max_duration=600.0)
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((monitor,))
        await world.pass_time(60)
        await world.says(IN_PROGRESS, tenant="acme", run="ab" * 16)
        await world.pass_time(12)
        [timeout] = [
            signal
            for written in one.written
            for signal in written.signals
            if isinstance(signal, Checkin) and signal.status == "timeout"
        ]
        assert (timeout.project, timeout.environment, timeout.tenant) == (
            "shop",
            "production",
            "acme",
        )
        assert (timeout.run, timeout.duration) == ("ab" * 16, 600.0)


async def test_a_run_that_begins_while_another_is_under_way_is_told(
    tmp_path: Path, clock: FakeClock
) -> None:
    monitor = Monitor(name="backup", schedule=Cron("0 * * * *"), max_duration=600.0)
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((monitor,))
        await world.says(IN_PROGRESS, run="ab" * 16)
        clock.advance(60)
        await world.says(IN_PROGRESS, run="cd" * 16)
        found = [
            signal
            for written in one.written
            for signal in written.signals
            if isinstance(signal, Checkin)
        ]
    assert [signal.status for signal in found] == ["in_progress", "in_progress", "overlap"]
    assert found[2].run == "cd" * 16
    assert found[2].message.startswith("it began while the run of 2027-01-15")


async def test_a_clock_that_was_set_back_lets_no_job_go_unwatched(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY,))
        clock.step(7 * 86_400.0)
        await world.says(ENDED)
        await world.keeper.look()
        clock.step(-7 * 86_400.0)
        await world.keeper.look()
        before = len(await world.told())
        await world.pass_time(66)
        assert len(await world.told()) == before + 1


async def test_a_sender_describes_its_own_schedule(tmp_path: Path, clock: FakeClock) -> None:
    config = {
        "schedule": {"type": "crontab", "value": "0 * * * *"},
        "timezone": "Europe/London",
        "checkin_margin": 10,
        "max_runtime": 5,
    }
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.says(ENDED, monitor_config=config)
        kept = await world.kept()
        assert kept.source == "check-in"
        assert kept.monitor == Monitor(
            name="backup",
            project="shop",
            environment="production",
            schedule=Cron("0 * * * *", "Europe/London"),
            grace=600.0,
            max_duration=300.0,
        )
        await world.pass_time(71)
        assert await world.statuses() == ["ok", "missed"]
        await world.says(
            ENDED, monitor_config={"schedule": {"type": "interval", "value": 2, "unit": "hour"}}
        )
        assert (await world.kept()).monitor.schedule == Every(7200.0)


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        ({"type": "crontab", "value": "often"}, "expected five fields of cron"),
        ({"type": "interval", "value": 3, "unit": "fortnight"}, "type crontab or interval"),
        ({"type": "interval", "value": -3, "unit": "hour"}, "type crontab or interval"),
    ],
)
async def test_a_schedule_that_is_none_is_told_and_never_missed(
    tmp_path: Path, clock: FakeClock, schedule: dict[str, Any], fault: str
) -> None:
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.says(ENDED, monitor_config={"schedule": schedule})
        kept = await world.kept()
        assert kept.monitor.schedule is None
        assert fault in kept.monitor.fault
        assert kept.due is None


async def test_the_configuration_goes_before_what_senders_say(
    tmp_path: Path, clock: FakeClock
) -> None:
    config = {"schedule": {"type": "interval", "value": 1, "unit": "day"}}
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.says(ENDED, monitor_config=config)
        await world.keeper.configure((Monitor(name="backup", schedule=Cron("0 * * * *")),))
        [kept] = await one.database.read(store.listing)
        assert (kept.source, kept.monitor.environment) == ("config", "")
        await world.says(ENDED, monitor_config=config)
        assert (await world.kept()).monitor.schedule == Cron("0 * * * *")


async def test_a_monitor_that_is_taken_out_is_not_missed_and_keeps_its_key(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        await world.keeper.configure((HOURLY,))
        key = (await world.kept()).key
        await world.keeper.configure(())
        assert await one.database.read(store.listing) == []
        assert await one.database.read(lambda conn: store.by_key(conn, key)) is None
        await world.pass_time(130)
        assert await world.told() == []
        await world.keeper.configure((HOURLY,))
        assert (await world.kept()).key == key
        await world.pass_time(30)
        assert await world.told() == []


async def test_names_from_outside_are_bounded(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_FROM_CHECKINS", 2)
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        for name in ("one", "two", "three", "one"):
            await world.says(ENDED, monitor=name)
        found = await one.database.read(store.listing)
        assert [kept.monitor.name for kept in found] == ["one", "two"]
        [(number,)] = await one.rows("SELECT count(*) FROM signals WHERE kind = 'checkin'")
        assert number == 4


async def test_only_the_latest_runs_are_kept(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_RUNS", 3)
    async with running(tmp_path, clock, RULES) as one:
        world = World(one)
        for _ in range(5):
            await world.says(ENDED)
        assert [run.number for run in await world.runs()] == [3, 4, 5]


async def test_the_first_error_of_a_release_is_a_change_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    def error(release: str, environment: str = "production") -> Error:
        return Error(message="no", release=release, environment=environment)

    async with running(tmp_path, clock, RULES) as one:
        await one.send(error("1.4.1"), error("1.4.1", "staging"))
        await one.send(error("1.4.2"), error("1.4.2"))
        await one.send(error("1.4.2"))
    async with running(tmp_path, clock, RULES) as one:
        await one.send(error("1.4.2"), error("1.4.2", "staging"), error("1.4.3"))
        kinds = await one.rows("SELECT kind FROM signals ORDER BY seq")
        # The change stands before the error that shows it, as it came first.
        assert [kind for (kind,) in kinds] == [
            *("error", "error", "change", "error", "error", "error"),
            *("error", "change", "error", "change", "error"),
        ]
