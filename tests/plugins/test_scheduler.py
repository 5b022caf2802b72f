"""When probes run, and what becomes of what they find or fail to find."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
import structlog

from sentinel.api import AnySignal, Context, Metric, NoParams, Params, Probe, Secret, Status
from sentinel.errors import Overloaded
from sentinel.metrics import Metrics
from sentinel.scheduler import Job, Scheduler, phase, until_next
from sentinel.testing.clock import FakeClock

Look = Callable[[], Awaitable[Any]]


class Up(Probe[NoParams]):
    type = "up"

    async def probe(self) -> Sequence[Status]:
        return [Status(status="up")]


class World:
    """A scheduler on a clock that the test moves, and what reached the pipeline."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.clock = FakeClock()
        self.emitted: list[AnySignal] = []
        self.times: list[float] = []
        self.refuse: Exception | None = None
        self.http = http
        self.scheduler = Scheduler(self.context, self.emit, self.clock, at_once=4)

    def context(self, name: str) -> Context:
        return Context(name=name, clock=self.clock, log=structlog.get_logger(), http=self.http)

    async def emit(self, signals: Sequence[AnySignal]) -> None:
        if self.refuse:
            raise self.refuse
        self.emitted += signals
        self.times.append(self.clock.monotonic())

    async def after(self, seconds: float, step: float = 0.5) -> None:
        """Let this much time pass in small steps, everything that is due happening in between."""
        end = self.clock.monotonic() + seconds
        await turns()
        while self.clock.monotonic() < end:
            self.clock.advance(min(step, end - self.clock.monotonic()))
            await turns()

    @property
    def statuses(self) -> list[str]:
        return [signal.status for signal in self.emitted if isinstance(signal, Status)]


async def turns(number: int = 30) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as http:
        world = World(http)
        yield world
        await world.scheduler.stop()


def job(plugin: type[Probe[Any]] = Up, name: str = "shop", **changes: Any) -> Job:
    common: dict[str, Any] = {
        "name": name,
        "plugin": plugin,
        "params": NoParams(),
        "interval": 60.0,
        "timeout": 10.0,
        "component": name,
    }
    return Job(**{**common, **changes})


def probe_of(look: Look) -> type[Probe[Any]]:
    class Made(Probe[NoParams]):
        type = "made"

        async def probe(self) -> Any:
            return await look()

    return Made


async def test_a_probe_runs_within_seconds_of_the_start_and_then_once_an_interval(
    world: World,
) -> None:
    await world.scheduler.start([job()])
    await world.after(3)
    assert len(world.emitted) == 1
    await world.after(600)
    assert len(world.emitted) == 11


async def test_runs_keep_to_their_grid(world: World) -> None:
    await world.scheduler.start([job()])
    await world.after(400)
    gaps = {late - early for early, late in pairwise(world.times[1:])}
    assert gaps == {60.0}


async def test_signals_are_completed_with_time_component_and_tags(world: World) -> None:
    async def look() -> list[AnySignal]:
        return [
            Metric(name="cpu", value=1.5, tags={"core": "0"}),
            Status(status="down", component="other", at=5.0),
        ]

    await world.scheduler.start([job(probe_of(look), component="web", tags={"zone": "a"})])
    await world.after(3)
    metric, status = world.emitted
    assert (metric.component, metric.tags) == ("web", {"probe": "shop", "core": "0", "zone": "a"})
    assert metric.at > 0
    assert (status.component, status.at) == ("other", 5.0)


async def test_what_is_down_has_the_code_of_its_probe_and_nothing_else_has(world: World) -> None:
    async def look() -> list[AnySignal]:
        return [
            Metric(name="cpu", value=1.5),
            Status(status="degraded"),
            Status(status="down"),
            Status(status="down", code="OTHER"),
        ]

    await world.scheduler.start([job(probe_of(look), code="REDIS_CONNECTION_ERROR")])
    await world.after(3)
    codes = [one.code for one in world.emitted if isinstance(one, Status)]
    assert codes == [None, "REDIS_CONNECTION_ERROR", "OTHER"]


async def test_a_probe_that_raises_makes_its_component_unknown(world: World) -> None:
    async def look() -> None:
        raise OSError("no route to host")

    await world.scheduler.start([job(probe_of(look))])
    await world.after(3)
    (status,) = world.emitted
    assert isinstance(status, Status)
    assert (status.status, status.component) == ("unknown", "shop")
    assert "OSError: no route to host" in status.message


async def test_a_probe_that_hangs_makes_its_component_unknown_after_its_timeout(
    world: World,
) -> None:
    await world.scheduler.start([job(probe_of(asyncio.Event().wait), timeout=10.0)])
    await world.after(9)
    assert world.emitted == []
    await world.after(4)
    assert world.statuses == ["unknown"]


async def test_a_probe_in_quarantine_is_still_reported_unknown_every_interval(
    world: World,
) -> None:
    calls: list[float] = []

    async def look() -> None:
        calls.append(world.clock.monotonic())
        raise OSError

    await world.scheduler.start([job(probe_of(look), interval=10.0)])
    await world.after(100)
    assert len(world.statuses) >= 10
    assert set(world.statuses) == {"unknown"}
    assert len(calls) < 7
    assert world.scheduler.status()[0].guard.state == "quarantined"
    assert world.scheduler.held() == {("probe", "made"): "shop: OSError"}


@pytest.mark.parametrize(
    "result",
    [
        None,
        "up",
        [{"status": "up"}],
        [Status(status="splendid")],  # type: ignore[arg-type]
        [Metric(name="cpu", value=float("nan"))],
        [Metric(name="cpu", value=1.0)] * 1001,
    ],
    ids=["none", "text", "dict", "unknown state", "not a number", "a flood"],
)
async def test_a_result_that_is_no_list_of_signals_is_the_probes_fault(
    world: World, result: Any
) -> None:
    async def look() -> Any:
        return result

    await world.scheduler.start([job(probe_of(look))])
    await world.after(3)
    assert world.statuses == ["unknown"]
    assert world.scheduler.status()[0].guard.faults == 1


async def test_a_metric_that_is_no_number_is_named(world: World) -> None:
    async def look() -> Any:
        return [Metric(name="cpu", value=float("nan"))]

    await world.scheduler.start([job(probe_of(look))])
    await world.after(3)
    reason = world.scheduler.status()[0].guard.reason
    assert reason == "ValueError: probe() gave the metric cpu the value nan"


async def test_a_slow_probe_never_runs_twice_at_once(world: World) -> None:
    running = Counter[str]()
    most = 0

    async def look() -> list[Status]:
        nonlocal most
        running["now"] += 1
        most = max(most, running["now"])
        await world.clock.sleep(25)
        running["now"] -= 1
        return [Status(status="up")]

    await world.scheduler.start([job(probe_of(look), interval=10.0, timeout=60.0)])
    await world.after(200)
    assert most == 1
    assert len(world.emitted) >= 5


async def test_no_more_probes_run_at_once_than_allowed(world: World) -> None:
    running = 0
    most = 0

    async def look() -> list[Status]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await world.clock.sleep(5)
        running -= 1
        return [Status(status="up")]

    made = probe_of(look)
    await world.scheduler.start([job(made, name=f"p{number}") for number in range(12)])
    await world.after(30)
    assert most == 4
    assert len(world.emitted) >= 12


async def test_probes_whose_targets_hang_leave_places_to_those_that_answer(world: World) -> None:
    async def hangs() -> list[Status]:
        await world.clock.sleep(9.0)
        return [Status(status="down")]

    async def answers() -> list[Status]:
        answered.append(world.clock.monotonic())
        return [Status(status="up")]

    answered: list[float] = []
    hung = [job(probe_of(hangs), name=f"hung{number}", interval=10.0) for number in range(12)]
    # They are known as slow after their first look.
    await world.scheduler.start([*hung, job(probe_of(answers), name="fine", interval=10.0)])
    await world.after(40)
    answered.clear()
    await world.after(60)
    assert len(answered) == 6
    assert {late - early for early, late in pairwise(answered)} == {10.0}


async def test_a_hung_probe_does_not_keep_the_reload_of_another_waiting(world: World) -> None:
    await world.scheduler.start([job(probe_of(asyncio.Event().wait), name="hung")])
    await world.after(5)
    await world.scheduler.reload([job(name="fine")])
    await world.after(3)
    assert world.statuses == ["up"]


def in_turn(*states: Any) -> tuple[type[Probe[Any]], list[Any]]:
    """A probe whose looks find these states, the last one for ever, and what it has found."""
    found: list[Any] = []

    async def look() -> list[AnySignal]:
        state = states[min(len(found), len(states) - 1)]
        found.append(state)
        if isinstance(state, Exception):
            raise state
        number = Metric(name="look", value=float(len(found)))
        return [number, Status(status=state, message=f"look {len(found)}")]

    return probe_of(look), found


@pytest.mark.parametrize(
    ("retries", "states", "looks", "counts"),
    [
        (0, ["down", "up"], 1, "down"),
        (2, ["up"], 1, "up"),
        (2, ["degraded", "up"], 1, "degraded"),
        (2, ["down", "up"], 2, "up"),
        (2, ["down", "down", "degraded"], 3, "degraded"),
        (2, ["down", "down", "down", "up"], 3, "down"),
        (2, [OSError("no route"), "up"], 1, "unknown"),
        (2, ["down", OSError("no route"), "up"], 2, "unknown"),
    ],
)
async def test_down_counts_only_when_the_further_looks_say_so_too(
    world: World, retries: int, states: list[Any], looks: int, counts: str
) -> None:
    plugin, found = in_turn(*states)
    await world.scheduler.start([job(plugin, retries=retries)])
    await world.after(3)
    assert (len(found), world.statuses) == (looks, [counts])


async def test_of_several_looks_only_the_last_ones_signals_are_handed_on(world: World) -> None:
    plugin, _ = in_turn("down", "up")
    await world.scheduler.start([job(plugin, retries=3)])
    await world.after(3)
    metric, status = world.emitted
    assert isinstance(metric, Metric)
    assert isinstance(status, Status)
    assert (metric.value, status.message) == (2.0, "look 2")


async def test_signals_that_an_overloaded_pipeline_refuses_are_counted(world: World) -> None:
    world.refuse = Overloaded("the queue is full", 2.0)
    await world.scheduler.start([job()])
    await world.after(65)
    status = world.scheduler.status()[0]
    assert (status.lost, status.signals) == (status.runs, 0)
    assert status.runs >= 2
    world.refuse = None
    await world.after(60)
    assert world.statuses == ["up"]


async def test_an_unforeseen_error_while_storing_does_not_end_the_looking(world: World) -> None:
    world.refuse = RuntimeError("a bug")
    await world.scheduler.start([job()])
    await world.after(3)
    world.refuse = None
    await world.after(60)
    assert world.statuses == ["up"]


class Lived(Probe[NoParams]):
    """Writes down what happens to it."""

    type = "lived"
    diary: list[str]
    fails_to_start = False

    async def start(self) -> None:
        self.diary.append(f"start {self.context.name}")
        if self.fails_to_start:
            raise OSError("no such device")

    async def stop(self) -> None:
        self.diary.append(f"stop {self.context.name}")

    async def probe(self) -> list[Status]:
        return [Status(status="up")]


def lived(fails: bool = False) -> tuple[type[Lived], list[str]]:
    diary: list[str] = []
    return type("Mine", (Lived,), {"diary": diary, "fails_to_start": fails}), diary


async def test_a_probe_is_started_once_and_stopped_at_the_end(world: World) -> None:
    plugin, diary = lived()
    await world.scheduler.start([job(plugin, name="a")])
    await world.after(200)
    await world.scheduler.stop()
    assert diary == ["start a", "stop a"]


async def test_a_failed_start_is_cleaned_up_reported_and_tried_again(world: World) -> None:
    plugin, diary = lived(fails=True)
    await world.scheduler.start([job(plugin, name="a")])
    await world.after(62)
    assert diary[:4] == ["start a", "stop a", "start a", "stop a"]
    assert set(world.statuses) == {"unknown"}


async def test_a_reload_keeps_unchanged_probes_running_and_exchanges_the_others(
    world: World,
) -> None:
    plugin, diary = lived()
    await world.scheduler.start([job(plugin, name=name) for name in ("same", "new", "gone")])
    await world.after(3)
    diary.clear()
    await world.scheduler.reload([job(plugin, name="same"), job(plugin, name="new", interval=30.0)])
    await world.after(3)
    assert sorted(diary) == ["start new", "stop gone", "stop new"]


async def test_stopping_cancels_a_look_that_is_under_way(world: World) -> None:
    ended = asyncio.Event()

    async def look() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await world.scheduler.start([job(probe_of(look))])
    await world.after(3)
    await world.scheduler.stop()
    assert ended.is_set()


async def test_a_secret_among_the_parameters_never_reaches_a_status(world: World) -> None:
    class Token(Params, frozen=True):
        token: Secret

    class Tells(Probe[Token]):
        type = "tells"

        async def probe(self) -> list[Status]:
            raise OSError(f"refused with {self.params.token.reveal()}")

    await world.scheduler.start([job(Tells, params=Token(token=Secret("hunter2")))])
    await world.after(3)
    (status,) = world.emitted
    assert isinstance(status, Status)
    assert status.message == "OSError: refused with ***"


def test_the_phases_of_many_probes_do_not_bunch() -> None:
    tenths = Counter(int(phase(f"probe-{number}") * 10) for number in range(1000))
    assert len(tenths) == 10
    assert max(tenths.values()) < 150


def test_a_phase_is_the_same_after_a_restart() -> None:
    assert phase("shop") == pytest.approx(0.54506, abs=1e-5)


def test_missed_moments_are_not_made_up_for() -> None:
    assert until_next(grid=10.0, interval=60.0, now=200.0) == 50.0


def test_a_sleeper_that_wakes_a_hair_early_does_not_run_twice() -> None:
    assert until_next(grid=10.0, interval=60.0, now=69.9999) == pytest.approx(60.0001)


async def test_each_fault_of_a_probe_is_counted(world: World) -> None:
    async def look() -> None:
        raise ValueError("broken")

    metrics = Metrics()
    scheduler = Scheduler(world.context, world.emit, world.clock, on_fault=metrics.faulted)
    await scheduler.start([job(probe_of(look), interval=5.0)])
    await world.after(20)
    assert list(scheduler.held()) == [("probe", "made")]
    await scheduler.stop()
    labels = {"plugin": "shop", "how": "raised"}
    assert metrics.registry.get_sample_value("sentinel_plugin_faults_total", labels) == 3
