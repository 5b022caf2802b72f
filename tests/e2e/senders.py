"""Load: several connections that send errors at the same time, and try again until each one has
been taken, as SDKs with a spool do."""

import http.client
import threading
from collections.abc import Callable
from random import Random
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.e2e.connection import Connection, event, report
from tests.e2e.polling import until

_PAUSE = 0.02


class Sent(NamedTuple):
    """What one request holds; always sent with the same ids."""

    ids: tuple[str, ...]
    post: Callable[[Connection], Any]


Make = Callable[[Random], Sent]


def an_envelope(code: str, message: str = "it failed", **more: Any) -> Sent:
    one = event(code, message, **more)
    return Sent((one["event_id"],), lambda connection: connection.send_events(one))


def a_batch(*reports: dict[str, Any]) -> Sent:
    return Sent(
        tuple(one["id"] for one in reports), lambda connection: connection.send_reports(*reports)
    )


def mixed(random: Random) -> Sent:
    """Mostly envelopes, and now and then a batch; nothing that has to page."""
    number = random.randrange(1_000_000)
    if random.random() < 0.3:
        return a_batch(*(report(f"NOISE_{n % 7}", f"row {number}") for n in range(5)))
    return an_envelope(f"NOISE_{number % 7}", f"order {number} failed")


class Senders:
    """To be used with `with`. `answered` holds the ids of all that was answered 2xx."""

    def __init__(self, dsn: str, make: Make = mixed, connections: int = 4, seed: int = 1) -> None:
        self.answered: set[str] = set()
        self.refused: list[int] = []
        self.broken = 0
        self._make = make
        self._lock = threading.Lock()
        self._no_more = threading.Event()
        self._give_up = threading.Event()
        self._connections = [Connection(dsn) for _ in range(connections)]
        self._threads = [
            threading.Thread(
                target=self._run, args=(connection, Random(seed * 1000 + number)), daemon=True
            )
            for number, connection in enumerate(self._connections)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._no_more.set()
        self._give_up.set()
        for connection in self._connections:
            connection.interrupt()
        for thread in self._threads:
            thread.join(30)

    def wait_answered(self, more: int, seconds: float = 60.0) -> None:
        """Until so many more have been answered 2xx."""
        wanted = len(self.answered) + more
        until(lambda: len(self.answered) >= wanted, f"{more} more are answered", seconds)

    def finish(self, seconds: float = 60.0) -> None:
        """Begin nothing new, and wait until all that was begun has been answered 2xx."""
        self._no_more.set()
        for thread in self._threads:
            thread.join(seconds)
        assert not any(thread.is_alive() for thread in self._threads), "senders still wait"

    def _run(self, connection: Connection, random: Random) -> None:
        while not self._no_more.is_set():
            self._send(self._make(random), connection)
        connection.close()

    def _send(self, sent: Sent, connection: Connection) -> None:
        while not self._give_up.is_set():
            try:
                status = sent.post(connection).status
            except (OSError, http.client.HTTPException):
                with self._lock:
                    self.broken += 1
                self._give_up.wait(_PAUSE)
                continue
            with self._lock:
                if status == 200:
                    self.answered.update(sent.ids)
                    return
                self.refused.append(status)
            self._give_up.wait(_PAUSE)
