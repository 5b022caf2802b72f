"""What a plugin may do to its caller: nothing."""

import asyncio
from collections.abc import Awaitable

import pytest

from sentinel.errors import Permanent
from sentinel.isolation import Faulted, Guard
from sentinel.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def guard(clock: FakeClock) -> Guard:
    return Guard("acme", clock)


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def fine() -> str:
    return "fine"


async def broken() -> str:
    raise ValueError("out of luck")


async def hanging() -> str:
    await asyncio.Event().wait()
    return "never"


async def result_of(call: Awaitable[object], clock: FakeClock, *waits: float) -> object:
    """Awaits the call while time passes in these steps."""
    task = asyncio.ensure_future(call)
    for wait in waits:
        await turns()
        clock.advance(wait)
    return await task


async def test_a_result_is_passed_on(guard: Guard) -> None:
    assert await guard.call(fine, 1) == "fine"
    assert guard.status.state == "ok"


async def test_an_exception_becomes_a_value_with_its_reason(guard: Guard) -> None:
    expected = Faulted(plugin="acme", how="raised", reason="ValueError: out of luck")
    assert await guard.call(broken, 1) == expected
    assert guard.status.faults == 1


async def test_an_answer_that_never_comes_is_overdue(guard: Guard, clock: FakeClock) -> None:
    found = await result_of(guard.call(hanging, 7), clock, 7)
    assert found == Faulted(plugin="acme", how="overdue", reason="no answer within 7 s")


async def test_an_overdue_call_may_say_how_far_it_came(guard: Guard, clock: FakeClock) -> None:
    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            raise TimeoutError("at table 3") from cancelled

    found = await result_of(guard.call(work, 7), clock, 7)
    assert found == Faulted(plugin="acme", how="overdue", reason="no answer within 7 s: at table 3")


async def test_an_overdue_call_is_cancelled(guard: Guard, clock: FakeClock) -> None:
    ended = asyncio.Event()

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await result_of(guard.call(tidy, 1), clock, 1)
    assert ended.is_set()


async def test_a_call_that_ignores_its_cancellation_holds_nobody_up_and_is_not_doubled(
    guard: Guard, clock: FakeClock
) -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    found = await result_of(guard.call(stubborn, 1), clock, 1, 5)
    assert isinstance(found, Faulted)
    assert "can't be cancelled" in found.reason
    again = await guard.call(fine, 1)
    assert isinstance(again, Faulted)
    assert again.how == "quarantined"
    release.set()
    await turns()
    assert await guard.call(fine, 1) == "fine"


async def test_a_plugin_that_exits_does_not_end_the_program(guard: Guard) -> None:
    async def quits() -> None:
        raise SystemExit(3)

    found = await guard.call(quits, 1)
    assert isinstance(found, Faulted)
    assert "exit(3)" in found.reason


async def test_a_plugin_that_cancels_itself_does_not_cancel_its_caller(guard: Guard) -> None:
    async def gives_up() -> None:
        raise asyncio.CancelledError

    found = await guard.call(gives_up, 1)
    assert isinstance(found, Faulted)
    assert found.how == "raised"


async def test_the_callers_cancellation_reaches_the_plugin_and_the_caller(guard: Guard) -> None:
    seen: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("plugin")

    task = asyncio.create_task(guard.call(tidy, 60))
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["plugin"]
    assert guard.status.faults == 0


async def test_exceptions_that_are_answers_reach_the_caller_and_are_no_faults(
    guard: Guard,
) -> None:
    async def refused() -> None:
        raise Permanent("no such address")

    with pytest.raises(Permanent):
        await guard.call(refused, 1, lets_through=(Permanent,))
    assert guard.status.faults == 0


async def test_three_faults_in_a_row_lead_to_quarantine(guard: Guard) -> None:
    for _ in range(3):
        await guard.call(broken, 1)
    found = await guard.call(fine, 1)
    assert isinstance(found, Faulted)
    assert found.how == "quarantined"
    assert "30 s" in found.reason
    assert "out of luck" in found.reason
    assert guard.status.state == "quarantined"
    assert guard.status.calls == 3


async def test_a_success_between_faults_keeps_a_plugin_out_of_quarantine(guard: Guard) -> None:
    for make in (broken, broken, fine, broken, broken):
        await guard.call(make, 1)
    assert guard.status.state == "faulty"


async def test_each_further_fault_doubles_the_quarantine_up_to_an_hour(
    guard: Guard, clock: FakeClock
) -> None:
    for _ in range(3):
        await guard.call(broken, 1)
    waits = []
    for _ in range(9):
        waits.append(guard.status.retry_in)
        clock.advance(guard.status.retry_in)
        await guard.call(broken, 1)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_one_success_after_the_quarantine_ends_it(guard: Guard, clock: FakeClock) -> None:
    for _ in range(3):
        await guard.call(broken, 1)
    clock.advance(30)
    assert await guard.call(fine, 1) == "fine"
    assert guard.status.state == "ok"
    assert guard.status.reason == ""


async def test_clean_up_is_tried_even_in_quarantine(guard: Guard) -> None:
    for _ in range(3):
        await guard.call(broken, 1)
    assert await guard.call(fine, 1, even_quarantined=True) == "fine"


async def test_secrets_are_cut_out_of_reasons(clock: FakeClock) -> None:
    async def tells() -> None:
        raise ValueError("refused: hunter2\nis not the password")

    guard = Guard("acme", clock, secrets=("hunter2",))
    found = await guard.call(tells, 1)
    assert isinstance(found, Faulted)
    assert found.reason == "ValueError: refused: *** is not the password"
    assert "hunter2" not in guard.status.reason


async def test_each_fault_is_reported(clock: FakeClock) -> None:
    heard: list[tuple[int, str]] = []
    guard = Guard(
        "acme", clock, on_fault=lambda guard, fault: heard.append((guard.status.row, fault.how))
    )
    await guard.call(broken, 1)
    await guard.call(broken, 1)
    assert heard == [(1, "raised"), (2, "raised")]
