"""The thread that carries reports to the server, so that no caller ever waits.

Callers only append to `SimpleQueue`s, whose `put` is safe even when a signal handler or a
finaliser interrupts another `put` of the same thread: a lock of our own would not be.
"""

import contextlib
import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue

from sentinel.client.backlog import Backlog
from sentinel.client.batch import Batch, Kind, packed
from sentinel.client.notice import drop_notice
from sentinel.client.pause import Pause
from sentinel.client.reports import Report, encode
from sentinel.client.tally import Tally, logger
from sentinel.client.transport import Transport

SWEEP = 60.0
KINDS: tuple[Kind, ...] = ("changes", "errors")


class Worker:
    """Started by the first report. `linger` is how long a batch waits to fill, in seconds.

    A full queue refuses the newest: the first errors of a storm tell its cause, and refusing
    costs the caller least.
    """

    def __init__(
        self,
        transport: Transport,
        backlog: Backlog,
        tally: Tally,
        pause: Pause,
        *,
        queue_size: int,
        batch_size: int,
        linger: float,
    ) -> None:
        self._transport = transport
        self._backlog = backlog
        self._tally = tally
        self._pause = pause
        self._queue_size = queue_size
        self._batch_size = batch_size
        self._linger = linger
        self._closing = False
        self.renew()

    def renew(self) -> None:
        """Empty and without a thread, as a forked child must be: the parent sends its own."""
        self._queue: SimpleQueue[Report | threading.Event] = SimpleQueue()
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._awaited = False
        self._waiters: list[threading.Event] = []
        self._in_flight: list[Batch] = []
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def closed(self) -> bool:
        return self._closing

    @property
    def full(self) -> bool:
        return self._queue.qsize() >= self._queue_size

    @property
    def queued(self) -> int:
        return self._queue.qsize()

    def is_current_thread(self) -> bool:
        return self._thread is not None and self._thread.ident == threading.get_ident()

    def put(self, report: Report) -> None:
        self._queue.put(report)
        if self._queue.qsize() >= self._batch_size and self._hurry.empty():
            self._hurry.put(None)
        if self._thread is None:
            self.start()

    def start(self) -> None:
        """Does nothing when another caller is starting the thread or it runs already."""
        if not self._starting.acquire(blocking=False):
            return
        thread = threading.Thread(target=self._run, name="sentinel-client", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # No thread can start while the interpreter ends: `close` keeps what is queued.
            self._starting.release()
            return
        self._thread = thread

    def flush(self, timeout: float) -> bool:
        """Whether all that was put before is delivered, on disk or given up within `timeout`."""
        if self._thread is None:
            return self._queue.empty()
        done = threading.Event()
        self._call(done)
        return done.wait(timeout)

    def close(self, timeout: float) -> None:
        """Sends what it can in `timeout` seconds; the rest goes to disk or is given up."""
        self._closing = True
        thread = self._thread
        if thread is not None:
            self._call(threading.Event())
            thread.join(timeout)
        if thread is None or thread.is_alive():
            self._surrender()

    def _call(self, waiter: threading.Event) -> None:
        """Wakes the thread. `waiter` is set when all that was queued before it is settled."""
        self._awaited = True
        self._queue.put(waiter)
        self._hurry.put(None)

    def _run(self) -> None:
        while not (self._closing and self._queue.empty()):
            try:
                self._turn()
            except Exception as problem:  # noqa: BLE001 - a bug here must not end the reporting
                self._tally.lost(0, f"the reporting thread stumbled: {problem!r}")
                self._rest()
        self._backlog.park()
        self._settle()

    def _rest(self) -> None:
        """Keeps a failure that comes back at once from burning the application's CPU."""
        with contextlib.suppress(Empty):
            self._hurry.get(timeout=1.0)

    def _turn(self) -> None:
        reports = self._gather()
        if reports:
            self._deliver(reports)
        self._resend()
        if not self._backlog.volatile:
            self._settle()

    def _gather(self) -> list[Report]:
        """Waits for a report, gives others the chance to join it, and takes a batch of them."""
        try:
            first = self._queue.get(timeout=self._patience())
        except Empty:
            return []
        taken = [first]
        if isinstance(first, Report) and self._linger and not self._awaited:
            self._await_company()
        with contextlib.suppress(Empty):
            while len(taken) < self._batch_size:
                taken.append(self._queue.get_nowait())
        waiters = [item for item in taken if isinstance(item, threading.Event)]
        if waiters:
            self._waiters += waiters
            self._awaited = False
            self._pause.cut_short()
        return [item for item in taken if isinstance(item, Report)]

    def _await_company(self) -> None:
        with contextlib.suppress(Empty):
            self._hurry.get(timeout=self._linger)
            while True:
                self._hurry.get_nowait()

    def _patience(self) -> float | None:
        """How long to wait for the next report: until the backlog may be tried again."""
        if self._backlog:
            return max(self._pause.remaining, self._linger, 0.01)
        return SWEEP if self._backlog.shared else None

    def _deliver(self, reports: list[Report]) -> None:
        self._in_flight = self._packed(reports)
        batches, kept = self._in_flight, []
        for batch in batches:
            kept += self._send(batch) if not self._pause.remaining else [batch]
        for batch in kept:
            self._backlog.put(batch)
        self._in_flight = []

    def _packed(self, reports: list[Report]) -> list[Batch]:
        """Changes first: an error may well be due to one."""
        told = [*drop_notice(self._tally.unreported(), reports[0]), *reports]
        return [batch for kind in KINDS for batch in packed(list(self._encoded(told, kind)), kind)]

    def _encoded(self, reports: list[Report], kind: Kind) -> Iterator[bytes]:
        for report in (one for one in reports if one.kind == kind):
            try:
                yield encode(report)
            except Exception as problem:  # noqa: BLE001 - one odd report must not cost the others
                self._tally.lost(1, f"a report can't be encoded: {type(problem).__name__}")

    def _send(self, batch: Batch) -> list[Batch]:
        """Gives back what must be kept for later. A refused batch is halved down to the culprit."""
        todo = [batch]
        while todo:
            piece = todo.pop()
            outcome = self._transport.post(piece)
            if outcome.kind == "delivered":
                self._tally.delivered(piece.count)
                self._pause.clear()
            elif outcome.kind == "away":
                self._pause.extend(outcome.after)
                logger.info("the server is away, errors are kept: %s", outcome.text)
                return [piece, *todo]
            elif halves := piece.halves() if outcome.splittable else []:
                todo += halves
            else:
                self._tally.lost(piece.count, f"refused by the server: {outcome.text}")
        return []

    def _resend(self) -> None:
        """The backlog, oldest first, for as long as the server takes it and nothing else waits."""
        if self._pause.remaining:
            return
        for kept in self._backlog.kept():
            left = self._send(kept.batch)
            if left == [kept.batch]:
                kept.release()
            else:
                for batch in left:
                    self._backlog.put(batch)
                kept.remove()
            if left or self._closing or self._queue.qsize() >= self._batch_size:
                return

    def _settle(self) -> None:
        for waiter in self._waiters:
            waiter.set()
        self._waiters = []

    def _surrender(self) -> None:
        """The thread hangs in a request: what it holds and what waits is kept from here."""
        reports = []
        with contextlib.suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, Report):
                    reports.append(item)
        for batch in [*self._in_flight, *(self._packed(reports) if reports else ())]:
            self._backlog.put(batch)
        self._backlog.park()
