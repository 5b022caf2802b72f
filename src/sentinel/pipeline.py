"""THE SPINE. The path of a signal, from top to bottom:

    accept:  stamp -> scrub -> enrich -> queue ............ on the event loop, signal by signal
    commit:  keep -> ENGINE -> effects, in one transaction . in batches, flushed on a thread
    then:    the sender gets its 2xx, the outbox is woken

While one batch is being written the next one gathers, so the busier it is the larger the
batches are, and nobody waits for a timer.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

import structlog
from msgspec import Struct, field
from msgspec.structs import replace

from sentinel.causes import CauseFinder
from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.engine.book import Book
from sentinel.engine.commands import Acknowledge, Command, EndSilence, Note, SetSilence
from sentinel.engine.effects import Effects
from sentinel.engine.engine import LONGEST_STEP_BACK, Engine, Input
from sentinel.errors import Overloaded, SentinelError, StoreError
from sentinel.health.patience import Patience
from sentinel.ingest.scrub import Scrubber
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.classify import Classifier
from sentinel.intelligence.enrich import enrich
from sentinel.model.signal import KIND_OF, AnySignal, Checkin, Error, RawItem, Signal, Status
from sentinel.model.silence import Silence
from sentinel.monitors import ledger
from sentinel.quota import Quotas
from sentinel.stamping import stamp
from sentinel.store import audit, commands, links
from sentinel.store import engine as engine_store
from sentinel.store import signals as signal_store
from sentinel.store.audit import Noted
from sentinel.store.database import Database
from sentinel.store.keep import Draft, keep
from sentinel.store.links import Use
from sentinel.store.releases import Releases

log = structlog.get_logger("sentinel.pipeline")

Look = Callable[[sqlite3.Connection, float], Sequence[AnySignal]]
"""Signals that follow, at a time, from what is stored."""

Noting = Callable[[sqlite3.Connection], Noted | None]
"""What the audit trail is to say of a command, as seen by what is stored once it was obeyed: the
engine gives numbers, and it may have refused."""

_MOST_IN_A_BATCH = 500
_FEW, _LIGHT = 50, 500_000
_LARGE = 65_536
_RETRY_AFTER = 2.0
# Wall clocks step; a wait is cut short so that a timer is never late by more than this.
_LONGEST_WAIT = 5.0
_STUCK_AFTER = 60.0


class Setup(Struct, frozen=True):
    """What a reload exchanges, all at once. `scrubbers` are those of projects with a policy of
    their own."""

    config: Config
    catalog: Catalog
    classifier: Classifier
    scrubber: Scrubber
    scrubbers: Mapping[str, Scrubber]
    book: Book
    finder: CauseFinder

    def scrubber_of(self, project: str) -> Scrubber:
        return self.scrubbers.get(project, self.scrubber)


class Entry(Struct):
    """What is committed together or not at all: one request, one probe's round, one command, or
    what one look into the store finds, `asked` being its time. A command `once` is `refused` where
    the link that allows it was used before; otherwise what was done is noted as `noting` says."""

    drafts: list[Draft] = field(default_factory=list)
    raw: list[RawItem] = field(default_factory=list)
    command: Command | None = None
    once: Use | None = None
    refused: bool = False
    noting: Noting | None = None
    look: Look | None = None
    asked: float = 0.0
    size: int = 0
    done: asyncio.Future[None] = field(default_factory=asyncio.Future)


class Written(Struct):
    """What one transaction stored."""

    engine: Engine
    signals: list[Signal]
    effects: Effects


class Pipeline:
    def __init__(
        self,
        database: Database,
        setup: Setup,
        clock: Clock,
        on_commit: Callable[[Written], None],
    ) -> None:
        self._database = database
        self._setup = setup
        self._patience = Patience(setup.config)
        self._clock = clock
        self._on_commit = on_commit
        self._quotas = Quotas(clock)
        self._queue: list[Entry] = []
        self._queued_signals = 0
        self._queued_bytes = 0
        self._arrived = asyncio.Event()
        self._woken = False
        self._engine: Engine | None = None
        self._releases = Releases()
        self._watching = False
        self._open = True
        self._moved = self._committed = clock.monotonic()
        self.trouble: str | None = None
        """Why the store refused the latest commit; None once one goes through again."""

    async def accept(self, project: str, items: list[AnySignal | RawItem], size: int = 0) -> None:
        """Returns once the items and every decision that they caused are committed.

        `size` is about how many bytes they were. Raises Overloaded where the queue or the
        project's quota is full and StoreError where the store refuses; nothing was kept then.

        The list is emptied: what waits to be stored is packed, which takes a tenth of the room.
        """
        stamped = self._sample(project, [self._stamp(project, item) for item in items])
        items.clear()
        self._quotas.take(project, len(stamped), self._quota_of(project))
        if size > _LARGE:
            # Hostile texts of this size take seconds to scrub; the loop must not stand still.
            entry = await asyncio.to_thread(self._prepare, project, stamped, Entry())
        else:
            entry = self._prepare(project, stamped, Entry())
        await self._submit(entry)

    def _prepare(self, project: str, items: list[AnySignal | RawItem], entry: Entry) -> Entry:
        scrubber = self._setup.scrubber_of(project)
        while items:
            item = items.pop(0)
            if isinstance(item, RawItem):
                entry.raw.append(scrubber.scrub_item(item))
                entry.size += len(item.body)
            else:
                draft = self._draft(scrubber.scrub(item))
                entry.drafts.append(draft)
                entry.size += len(draft.body)
        return entry

    async def command(
        self, command: Command, once: Use | None = None, noting: Noting | None = None
    ) -> bool:
        """Do what a person asks for, as received now; returns once that is committed. What the
        engine refuses is a decision, and no error. False: the link was used before, and nothing
        was done. `noting` is for the audit trail."""
        command = replace(command, received=self._clock.now())
        entry = Entry(command=command, once=once, noting=noting)
        await self._submit(entry)
        return not entry.refused

    async def acknowledge(self, incident: int, by: str, noting: Noting | None = None) -> None:
        """A person takes an incident."""
        await self.command(Acknowledge(incident, by, self._clock.now()), noting=noting)

    async def silence(self, silence: Silence, noting: Noting | None = None) -> None:
        """A person sets a silence, or changes one that has a number."""
        await self.command(SetSilence(silence, self._clock.now()), noting=noting)

    async def end_silence(self, number: int, by: str, noting: Noting | None = None) -> None:
        await self.command(EndSilence(number, by, self._clock.now()), noting=noting)

    async def observe(self, look: Look) -> None:
        """Keep what is found in the store, within the transaction in which it is looked for, so
        that nothing can come in between."""
        await self._submit(Entry(look=look, asked=self._clock.now()))

    async def run(self) -> None:
        """Commit batch after batch, and let timers run, until `stop`."""
        while self._open or self._queue:
            batch = await self._next_batch()
            if batch is not None:
                await self._commit(batch)
            self._moved = self._clock.monotonic()

    def stop(self) -> None:
        """Accept nothing more; `run` returns when what was queued is committed."""
        self._open = False
        self._arrived.set()

    def is_moving(self) -> bool:
        """Whether commits go through, if need be after a wait: what the watchdog asks."""
        return self._clock.monotonic() - self._moved < _STUCK_AFTER

    def wake(self) -> None:
        """Look at what other parts, or other processes, ask for: now instead of in a while."""
        self._woken = True
        self._arrived.set()

    def reconfigure(self, setup: Setup) -> None:
        """From the next batch on. The engine is rebuilt from what is stored, as at a start."""
        self._setup = setup
        self._patience = Patience(setup.config)
        self._engine = None
        self._arrived.set()

    def _stamp(self, project: str, item: AnySignal | RawItem) -> AnySignal | RawItem:
        now = self._clock.now()
        if isinstance(item, RawItem):
            return replace(item, project=project, received=now)
        return stamp(item, project, self._setup.config.projects.get(project), now)

    def _sample(self, project: str, items: list[AnySignal | RawItem]) -> list[AnySignal | RawItem]:
        own = self._setup.config.projects.get(project)
        if own is None:
            return items
        return [item for item in items if _is_kept(item, own.sample)]

    def _quota_of(self, project: str) -> float | None:
        own = self._setup.config.projects.get(project)
        return (own and own.quota) or self._setup.config.limits.quota

    def _draft(self, signal: AnySignal) -> Draft:
        if not isinstance(signal, Error):
            return Draft(signal, signal_store.pack(signal))
        found = enrich(signal, self._setup.catalog, self._setup.classifier)
        body = signal_store.pack(found.error)
        # No rule reads the payload.
        lean = replace(found.error, payload={})
        return Draft(lean, body, found.culprit, found.basis, found.catalogued)

    async def _submit(self, entry: Entry) -> None:
        limits = self._setup.config.limits
        full = (
            self._queued_signals >= limits.queue_signals
            or self._queued_bytes + entry.size > limits.queue_bytes
        )
        if full or not self._open:
            raise Overloaded("the queue of signals to be stored is full", _RETRY_AFTER)
        self._queue.append(entry)
        self._queued_signals += len(entry.drafts) + len(entry.raw)
        self._queued_bytes += entry.size
        self._arrived.set()
        await entry.done

    async def _next_batch(self) -> list[Entry] | None:
        """The entries that wait; none of them where a timer is due; None to look again."""
        if not self._queue and not self._is_due():
            self._arrived.clear()
            # What woke us during a commit is not waited for.
            if not self._woken:
                await self._wait()
            self._woken = False
            if not self._queue and not self._is_due() and not await self._wants_a_commit():
                return None
        batch, self._queue = self._queue[:_MOST_IN_A_BATCH], self._queue[_MOST_IN_A_BATCH:]
        for entry in batch:
            self._queued_signals -= len(entry.drafts) + len(entry.raw)
            self._queued_bytes -= entry.size
        return batch

    def _is_due(self) -> bool:
        if self._engine is None or self._is_ahead(self._engine):
            return True
        due = self._engine.next_due()
        return due is not None and due <= self._clock.now()

    async def _wants_a_commit(self) -> bool:
        """Whether another process asked for something, or time has to be seen to pass: a stop of
        the daemon must be told from the waiting of a pending alert."""
        try:
            if await self._database.read(commands.waiting):
                return True
        except StoreError as error:
            log.warning("commands not read", error=str(error))
        engine = self._engine
        quiet = self._clock.monotonic() - self._committed >= _LONGEST_WAIT
        return quiet and engine is not None and engine.is_waiting()

    def _is_ahead(self, engine: Engine) -> bool:
        """Whether the clock was set back so far that the engine has to be built again."""
        return engine.now - self._clock.now() > LONGEST_STEP_BACK

    async def _wait(self) -> None:
        due = None if self._engine is None else self._engine.next_due()
        left = _LONGEST_WAIT if due is None else due - self._clock.now()
        arrived = asyncio.ensure_future(self._arrived.wait())
        slept = asyncio.ensure_future(self._clock.sleep(max(0.0, min(left, _LONGEST_WAIT))))
        try:
            await asyncio.wait((arrived, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrived.cancel()
            slept.cancel()

    async def _commit(self, batch: list[Entry]) -> None:
        setup, engine = self._setup, self._engine
        if engine is not None and self._is_ahead(engine):
            engine = None
        # Until the transaction is through, what the engine has seen may never have happened.
        self._engine = None
        self._committed = self._clock.monotonic()
        try:
            here = engine is not None and _is_small(batch)
            write = self._database.write_here if here else self._database.write
            written = await write(lambda conn: self._write(conn, batch, engine))
        except StoreError as error:
            self._releases = Releases()
            self.trouble = str(error)
            _fail(batch, error)
            log.error("commit refused", error=str(error), entries=len(batch))
            # Without senders that would try again, only a pause keeps this from spinning.
            await self._clock.sleep(1.0 if not batch else 0.0)
        except Exception as error:  # noqa: BLE001 - one poison entry must not fail the others
            self._releases = Releases()
            await self._commit_apart(batch, error)
        else:
            self.trouble = None
            self._watching = True
            if self._setup is setup:
                self._engine = written.engine
            for entry in batch:
                _succeed(entry)
            self._on_commit(written)

    async def _commit_apart(self, batch: list[Entry], error: Exception) -> None:
        """Something in the batch can't be written. Alone, each entry answers for itself."""
        if len(batch) > 1:
            for entry in batch:
                await self._commit([entry])
            return
        log.error("an entry was set aside", error=repr(error), exc_info=error)
        _fail(batch, SentinelError(f"it can't be stored: {type(error).__name__}"))
        if not batch:
            await self._clock.sleep(1.0)

    def _write(
        self, conn: sqlite3.Connection, batch: list[Entry], engine: Engine | None
    ) -> Written:
        """In one transaction: the signals, the engine's step, and all that follows from it."""
        now = self._clock.now()
        engine = engine or self._build(conn, now)
        signals: list[Signal] = []
        inputs: list[Input] = []
        for entry in batch:
            kept = [one for draft in entry.drafts for one in self._keep(conn, draft)]
            if entry.look is not None:
                kept += [_kept(conn, one) for one in entry.look(conn, entry.asked)]
            signals += kept
            inputs += kept
            entry.refused = entry.once is not None and not links.use(conn, entry.once)
            if entry.command is not None and not entry.refused:
                inputs.append(self._scrubbed(entry.command))
            if entry.raw:
                signal_store.insert_raw(conn, entry.raw)
        inputs += map(self._scrubbed, commands.take(conn, now))
        # Up to the last input and no further: what arrives meanwhile is not yet in the past.
        effects = engine.step(inputs, inputs[-1].received if inputs else now)
        engine_store.save(conn, effects, engine_store.counters_of(engine), now)
        for entry in batch:
            _note(conn, entry)
        return Written(engine, signals, effects)

    def _scrubbed(self, command: Command) -> Command:
        """People write into notes what they have in their clipboards."""
        if not isinstance(command, Note):
            return command
        clean: str = self._setup.scrubber.clean({"text": command.text})["text"]
        return replace(command, text=clean)

    def _keep(self, conn: sqlite3.Connection, draft: Draft) -> list[AnySignal]:
        """The signal, unless it was stored before, among those that nobody sent and that it shows:
        a release that is new, a run that was overdue when it came or overlaps with another."""
        signal = draft.signal
        if isinstance(signal, Checkin):
            shown = [_kept(conn, one) for one in ledger.before(conn, signal)]
        else:
            release = self._releases.first_of(conn, signal)
            shown = [] if release is None else [_kept(conn, release)]
        if isinstance(signal, Status):
            kept = keep(conn, draft, self._patience.of(signal))
        else:
            kept = keep(conn, draft)
        if kept is None:
            return shown
        follows = ledger.take(conn, kept) if isinstance(kept, Checkin) else []
        return [*shown, kept, *(_kept(conn, one) for one in follows)]

    def _build(self, conn: sqlite3.Connection, now: float) -> Engine:
        """An engine from what is stored. At the start, the time since anything was last written is
        one in which nobody watched."""
        saved = engine_store.load(conn)
        unseen = 0.0 if self._watching else max(0.0, now - saved.now)
        return Engine(self._setup.book, saved, now, unseen=unseen)


def _kept(conn: sqlite3.Connection, signal: AnySignal) -> AnySignal:
    """One without an id: it is always new."""
    return replace(signal, seq=signal_store.insert(conn, signal, signal_store.pack(signal)))


def _note(conn: sqlite3.Connection, entry: Entry) -> None:
    if entry.command is None or entry.noting is None or entry.refused:
        return
    noted = entry.noting(conn)
    if noted is not None:
        audit.record(conn, noted, entry.command.received)


def _is_small(batch: list[Entry]) -> bool:
    """Whether it is written in a few milliseconds, for which the loop may stand still."""
    number = sum(len(entry.drafts) + len(entry.raw) for entry in batch)
    return number <= _FEW and sum(entry.size for entry in batch) <= _LIGHT


def _is_kept(item: AnySignal | RawItem, shares: object) -> bool:
    """Decided by the id, so that a sender that tries again gets the same answer."""
    if isinstance(item, RawItem):
        return True
    share: float = getattr(shares, KIND_OF[type(item)])
    if share >= 1.0 or not item.id:
        return True
    number = int.from_bytes(blake2b(item.id.encode(), digest_size=8).digest(), "big")
    return number < share * 2**64


def _succeed(entry: Entry) -> None:
    if not entry.done.done():
        entry.done.set_result(None)


def _fail(batch: list[Entry], error: SentinelError) -> None:
    for entry in batch:
        # A sender that has gone away has cancelled its future.
        if not entry.done.done():
            entry.done.set_exception(error)
