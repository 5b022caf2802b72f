"""What becomes of a daemon whose own parts fail."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sentinel.api import Error
from sentinel.app import App, Options
from sentinel.engine.effects import Effects
from sentinel.engine.engine import Engine
from sentinel.engine.saved import Saved
from sentinel.model.decision import Decision
from sentinel.pipeline import Written
from sentinel.testing import FakeClock
from sentinel.upkeep import Errands, keep_up, vital
from tests.engine.worlds import any_rule, book


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def app(tmp_path: Path, clock: FakeClock) -> App:
    return App(Options(config=tmp_path / "sentinel.yaml", state_dir=tmp_path, env={}), clock)


async def fail() -> None:
    raise RuntimeError("broken")


async def test_the_daemon_ends_with_a_part_that_it_can_not_do_without(app: App) -> None:
    with capture_logs() as logs:
        part = vital("pipeline", fail(), app.stop)
        await asyncio.wait([part])
        await asyncio.wait_for(app._stopping.wait(), 5)
    assert [(line["log_level"], line["part"]) for line in logs] == [("critical", "pipeline")]


async def test_a_job_that_fails_is_begun_again(clock: FakeClock) -> None:
    begun = asyncio.Event()
    times = 0

    async def job() -> None:
        nonlocal times
        times += 1
        if times == 1:
            await fail()
        begun.set()
        await asyncio.Event().wait()

    with capture_logs() as logs:
        task = asyncio.create_task(keep_up(job, clock))
        for _ in range(5):
            await asyncio.sleep(0)
        clock.advance(60)
        await asyncio.wait_for(begun.wait(), 5)
        task.cancel()
    assert [line["event"] for line in logs] == ["a job has failed"]


async def test_a_rule_that_was_set_aside_is_reported_as_an_error(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[Error] = []

    async def emit(signals: Sequence[Error]) -> None:
        stored.extend(signals)

    monkeypatch.setattr(app, "_emit", emit)
    failed = Decision(at=1.0, verb="detector_failed", reason="X", text="it raised X", rule="Often")
    engine = Engine(book(any_rule()), Saved(), 0.0)
    written = Written(engine, [], Effects(decisions=[failed]))
    with capture_logs() as logs:
        app._committed(written)
        app._committed(written)
        await asyncio.sleep(0)
    assert [(line["code"], line["reason"]) for line in logs] == [
        ("SENTINEL_DETECTOR_FAILED", "Often: it raised X")
    ]
    assert [(error.code, error.tags) for error in stored] == [
        ("SENTINEL_DETECTOR_FAILED", {"rule": "Often"})
    ]


async def test_an_errand_that_fails_is_told_and_no_other_is_lost_by_it() -> None:
    errands, done = Errands(), asyncio.Event()

    async def succeed() -> None:
        done.set()

    with capture_logs() as logs:
        errands.send(fail(), "it was not done")
        errands.send(succeed(), "never told")
        await asyncio.wait_for(done.wait(), 5)
    assert [(line["event"], line["error"]) for line in logs] == [("it was not done", "broken")]


async def test_an_errand_that_hangs_is_given_up_at_the_end() -> None:
    errands = Errands()
    errands.send(asyncio.Event().wait(), "never told")
    with capture_logs() as logs:
        await asyncio.wait_for(errands.stop(), 5)
    assert logs == []
