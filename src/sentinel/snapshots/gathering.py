"""Takes a snapshot: asks the store, in short reads beside the writer, what a round found."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from sentinel.config.model import Config
from sentinel.config.schema_snapshots import Snapshots
from sentinel.model.alert import Alert
from sentinel.model.group import OWN_PROJECT
from sentinel.model.signal import AnySignal
from sentinel.model.snapshot import ActiveAlert, ComponentState, Snapshot
from sentinel.model.values import Duration
from sentinel.snapshots.judging import overall_of
from sentinel.snapshots.window import Window, counts_of, shown_groups
from sentinel.store import alerts, components, rounds, signals
from sentinel.store.components import Heard

_T = TypeVar("_T")
CODE = "SYSTEM_REGRESSION_DETECTED"
_SLICE = 20_000
_MOST_SLICES = 100
_MOST_OF_A_KIND = 2_000
_MOST_COUNTED = 20_000
_MOST_ALERTS = 50
_MOST_SAID = 200
_FORGOTTEN_AFTER = 86_400.0


class Reader(Protocol):
    """The part of `sentinel.store.database.Database` that is needed here."""

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T: ...


class Gatherer:
    """Remembers the trailing window from round to round. What came before the first round is read
    from the store. `started` is when the daemon began to watch."""

    def __init__(self, store: Reader, started: float) -> None:
        self._store = store
        self._started = started
        self._window = Window(0.0)
        self._last: _Last | None = None

    async def take(
        self,
        now: float,
        config: Config,
        checksums: Mapping[str, str],
        previous: Snapshot | None,
    ) -> Snapshot:
        """A snapshot without a number that nobody has judged yet."""
        terms, probes = config.snapshots, {one.name for one in config.probes}
        self._window.length = terms.window
        last, watched = await self._begin(now, previous)
        until = await self._store.read(rounds.last_signal)
        self._window.count(await self._errors(last.counted, until), now, watched)
        measured = await self._measured(last.measured, until)
        self._window.measure(measured)
        counted = await self._counted(last.measured, until, terms)
        for project, release in await self._store.read(lambda c: rounds.releases(c, last.at)):
            self._window.release(project, release, now)
        self._window.advance(now)
        self._last = _Last(now, until, until)
        met = self._window.groups()
        groups = await self._store.read(lambda conn: rounds.serious(conn, list(met)))
        known_since = now - max(_FORGOTTEN_AFTER, terms.silent_after)
        # A component whose probe was taken out of the configuration is no trouble.
        heard = await self._store.read(lambda conn: components.heard(conn, known_since, probes))
        states = tuple(_state(one, now) for one in heard)
        active = [one for one in await self._store.read(alerts.unresolved) if _counts(one)]
        shown = tuple(_alert(one) for one in active)
        return Snapshot(
            at=now,
            seq=until,
            overall=overall_of(states, shown),
            components=states,
            errors=self._window.errors(groups),
            groups=shown_groups(groups, met, now),
            latencies=self._window.latencies(),
            counts=counts_of(counted, terms.counts, previous.counts if previous else (), now),
            checksums=dict(checksums),
            releases=self._window.releases(previous.releases if previous else {}),
            alerts=shown[-_MOST_ALERTS:],
        )

    async def _begin(self, now: float, previous: Snapshot | None) -> tuple["_Last", float]:
        """Where this round begins, and how many of its seconds were watched: those since the last
        round, and in the first one those of the window in which a daemon ran."""
        if self._last is not None:
            return self._last, max(0.0, now - self._last.at)
        begin = now - self._window.length
        watched = now - max(begin, self._started)
        since = max(begin, self._started)
        if previous is not None:
            watched += max(0.0, min(previous.at, self._started) - begin)
            since = begin
        counted = await self._store.read(lambda conn: signals.last_before(conn, since))
        measured = await self._store.read(lambda conn: signals.last_before(conn, begin))
        return _Last(begin, counted, measured), watched

    async def _errors(self, after: int, until: int) -> Counter[int]:
        """Of a flood only the latest two million are counted."""
        total: Counter[int] = Counter()
        begin = max(after, until - _SLICE * _MOST_SLICES)
        for first in range(begin, until, _SLICE):
            last = min(first + _SLICE, until)
            found = await self._store.read(
                lambda conn, first=first, last=last: rounds.errors_by_group(  # type: ignore[misc]
                    conn, first, last, OWN_PROJECT
                )
            )
            total.update(found)
        return total

    async def _measured(self, after: int, until: int) -> list[AnySignal]:
        """Of each kind the latest two thousand: percentiles need no more."""
        found: list[AnySignal] = []
        for kind in rounds.MEASURED:
            found += await self._store.read(
                lambda conn, kind=kind: rounds.measured(  # type: ignore[misc]
                    conn, kind, after, until, _MOST_OF_A_KIND
                )
            )
        return found

    async def _counted(self, after: int, until: int, terms: Snapshots) -> list[AnySignal]:
        """The metrics that are data counts, among more of them than percentiles need: one that
        comes once a minute must not be lost among many that come all the time."""
        names = {one.metric for one in terms.counts.values()}
        if not names:
            return []
        return await self._store.read(
            lambda conn: rounds.metrics(conn, names, after, until, _MOST_COUNTED)
        )


class _Last(Struct, frozen=True):
    """When the last round was, and up to which signal it counted errors and measurements."""

    at: float
    counted: int
    measured: int


def _state(heard: Heard, now: float) -> ComponentState:
    status = heard.status
    found = ComponentState(
        name=components.name_of(status),
        state=status.status,
        since=heard.since,
        message=status.message[:_MOST_SAID] if status.status != "up" else "",
        tenant=status.tenant,
        environment=status.environment,
    )
    if now <= heard.until:
        return found
    patience = Duration(heard.until - status.received)
    silent = f"nothing has been heard of it for {patience}"
    return replace(found, state="unknown", since=status.received, message=silent)


def _counts(alert: Alert) -> bool:
    """Not the alert about the regression itself, which would keep itself alive."""
    return alert.active and alert.code != CODE


def _alert(alert: Alert) -> ActiveAlert:
    return ActiveAlert(
        id=alert.id,
        rule=alert.rule,
        severity=alert.severity,
        summary=alert.annotations.get("summary", "")[:_MOST_SAID],
        code=alert.code,
        acknowledged=alert.state == "acknowledged",
    )
