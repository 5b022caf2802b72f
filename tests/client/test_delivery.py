"""The server's moods, and what the client makes of them."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from sentinel.client import Client
from sentinel.client.pause import Pause
from sentinel.client.transport import seconds
from sentinel.clock import SystemClock


class StillClock(SystemClock):
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


def test_errors_that_come_together_travel_together(collector: Any, make_client: Any) -> None:
    client = make_client(linger=5.0)
    for n in range(250):
        client.report(f"error {n}")
    assert client.flush(10)
    assert [len(errors) for _, _, errors in collector.requests][:2] == [100, 100]
    assert len({error["id"] for error in collector.accepted}) == 250


def test_report_does_not_wait_for_a_server_that_hangs(
    collector: Any, make_client: Any, stopwatch: Callable[[], float]
) -> None:
    collector.script = ["hang"]
    client = make_client()
    client.report("first")
    collector.wait_for_requests(1)
    started = stopwatch()
    for n in range(500):
        client.report(f"error {n}")
    assert stopwatch() - started < 1.0
    assert client.flush(0.01) is False


def test_a_dropped_connection_is_tried_again_with_the_same_ids(
    collector: Any, client: Client
) -> None:
    collector.script = ["drop", "drop"]
    client.report("x")
    [error] = collector.wait_for(1)
    sent = [errors[0]["id"] for _, _, errors in collector.requests]
    assert sent == [error["id"]] * 3


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_server_in_trouble_is_tried_again(collector: Any, client: Client, status: int) -> None:
    collector.script = [(status, {})]
    client.report("x")
    assert len(collector.wait_for(1)) == 1


def test_retry_after_is_honoured_even_by_a_flush(collector: Any, make_client: Any) -> None:
    collector.script = [(429, {"Retry-After": "3600"})]
    client = make_client()
    client.report("x")
    assert client.flush(0.3) is False
    client.report("y")
    assert client.flush(0.3) is False
    assert len(collector.requests) == 1


def test_retry_after_may_be_seconds_or_a_date() -> None:
    assert seconds("120", now=0.0) == 120.0
    assert seconds("Thu, 01 Jan 1970 00:01:40 GMT", now=40.0) == 60.0
    assert seconds("99999999", now=0.0) == 3600.0
    assert seconds("-5", now=0.0) == 0.0
    assert seconds("soon", now=0.0) is None
    assert seconds("nan", now=0.0) is None
    assert seconds(None, now=0.0) is None


def test_the_back_off_doubles_up_to_its_bound_and_is_spread() -> None:
    clock = StillClock()
    pause = Pause(clock, first=1.0, longest=60.0, random=lambda: 1.0)
    waits = []
    for _ in range(8):
        pause.extend(None)
        waits.append(pause.remaining)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    earliest = Pause(clock, first=1.0, longest=60.0, random=lambda: 0.0)
    earliest.extend(None)
    assert earliest.remaining == 0.5


def test_a_success_ends_the_back_off() -> None:
    clock = StillClock()
    pause = Pause(clock, first=1.0, random=lambda: 1.0)
    pause.extend(None)
    pause.extend(None)
    pause.clear()
    assert pause.remaining == 0
    pause.extend(None)
    assert pause.remaining == 1


def test_a_flush_cuts_the_back_off_short(collector: Any, make_client: Any) -> None:
    collector.script = ["drop"]
    client = make_client(pause=Pause(SystemClock(), first=3600.0, longest=3600.0))
    client.report("x")
    collector.wait_for_requests(1)
    assert client.flush(10)
    assert len(collector.accepted) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 301])
def test_a_refusal_drops_the_batch_with_one_warning(
    collector: Any, make_client: Any, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    collector.script = [(status, {}), (status, {})]
    client = make_client()
    for _ in range(2):
        client.report("x")
        assert client.flush(5)
    assert len(collector.requests) == 2
    [warning] = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert warning.name == "sentinel.client"
    assert f"HTTP {status}" in warning.getMessage()
    assert client.stats().dropped == 3  # Two errors, and the notice that one was dropped.


@pytest.mark.parametrize("status", [400, 413])
def test_one_poison_error_does_not_take_the_others_with_it(
    collector: Any, make_client: Any, status: int
) -> None:
    collector.poison = lambda error: error["message"] == "poison"
    client = make_client(linger=5.0)
    for n in range(30):
        client.report("poison" if n == 17 else f"error {n}")
    assert client.flush(10)
    assert {error["message"] for error in collector.accepted} == {
        f"error {n}" for n in range(30) if n != 17
    }
    assert client.stats().dropped == 1


def test_the_next_batch_tells_how_many_errors_were_dropped(
    collector: Any, make_client: Any
) -> None:
    collector.script = ["hang"]
    client = make_client(queue_size=10)
    client.report("first")
    collector.wait_for_requests(1)
    for n in range(25):
        client.report(f"error {n}")
    assert client.stats().dropped == 15
    collector.released.set()
    errors = collector.wait_for(12)
    [notice] = [error for error in errors if error.get("code") == "SENTINEL_CLIENT_DROPPED"]
    assert notice["message"] == ("15 errors were not reported: 15 because the queue was full")
    # The first of the storm were kept.
    assert "error 9" in {error["message"] for error in errors}
    assert "error 10" not in {error["message"] for error in errors}


def test_errors_wait_in_bounded_memory_while_the_server_is_away(
    collector: Any, make_client: Any
) -> None:
    collector.stop()
    client = make_client()
    for n in range(20):
        client.report(f"error {n}")
        client.flush(0.05)
    collector.start()
    assert len(collector.wait_for(20)) == 20


def test_a_full_memory_lets_the_oldest_batches_go() -> None:
    from sentinel.client.backlog import MOST_IN_MEMORY, Backlog
    from sentinel.client.batch import Batch

    lost: list[int] = []
    backlog = Backlog(None, lambda count, reason: lost.append(count))
    for count in (1, 2, 3):
        backlog.put(Batch(b"x" * (MOST_IN_MEMORY // 2), count))
    assert lost == [1]


def test_a_closed_client_takes_nothing_and_says_so(collector: Any, client: Client) -> None:
    client.report("x")
    client.close()
    assert len(collector.accepted) == 1
    assert client.report("too late") is None


def test_many_threads_may_report_at_once(collector: Any, make_client: Any) -> None:
    client = make_client(queue_size=10_000)

    def work() -> None:
        for n in range(200):
            client.report(f"error {n}")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.flush(10)
    assert len({error["id"] for error in collector.accepted}) == 1600
