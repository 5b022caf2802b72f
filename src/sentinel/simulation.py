"""The engine on a virtual clock, with memory instead of a database: what rule tests and backtests
run on. It is the daemon's own engine, unchanged."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sentinel.engine.book import Book
from sentinel.engine.effects import Effects, PagingKey, WindowKey
from sentinel.engine.engine import Engine, Input
from sentinel.engine.saved import Saved
from sentinel.model.action import ActionIntent
from sentinel.model.alert import Alert, Incident
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.fact import Fact
from sentinel.model.override import Override
from sentinel.model.paging import Paging
from sentinel.model.rest import DoNotDisturb
from sentinel.model.silence import Silence

_K = TypeVar("_K")
_V = TypeVar("_V")


class Simulation:
    """`alerts` and `incidents` are all that there ever were, as they stand now."""

    def __init__(self, book: Book, start: float = 0.0) -> None:
        self.book = book
        self.alerts: dict[int, Alert] = {}
        self.incidents: dict[int, Incident] = {}
        self.pagings: dict[PagingKey, Paging] = {}
        self.silences: dict[int, Silence] = {}
        self.dnd: dict[str, DoNotDisturb] = {}
        self.overrides: dict[int, Override] = {}
        self.facts: dict[str, Fact] = {}
        self.windows: dict[WindowKey, bytes] = {}
        self.actions: list[ActionIntent] = []
        self.broadcasts: dict[int, Broadcast] = {}
        self.updates: dict[int, Update] = {}
        self.engine = Engine(book, Saved(), start)

    @property
    def now(self) -> float:
        return self.engine.now

    def run(self, inputs: Sequence[Input] = (), until: float | None = None) -> Effects:
        """Take the inputs, in the order of their times, and let time pass to `until` or to the
        last of them."""
        now = until if until is not None else inputs[-1].received if inputs else self.now
        effects = self.engine.step(inputs, now)
        self.alerts.update(effects.alerts)
        self.incidents.update(effects.incidents)
        self.silences.update(effects.silences)
        self.dnd.update(effects.dnd)
        self.overrides.update(effects.overrides)
        self.actions += effects.actions
        self.broadcasts.update(effects.broadcasts)
        self.updates.update(effects.updates)
        _merge(self.pagings, effects.pagings)
        _merge(self.facts, effects.facts)
        _merge(self.windows, effects.windows)
        return effects

    def restart(
        self, book: Book | None = None, now: float | None = None, unseen: float = 0.0
    ) -> None:
        """As after a start or, with another book, a reload. `unseen` is for how many seconds
        before `now` nothing ran."""
        self.book = book or self.book
        saved = self.saved()
        self.engine = Engine(self.book, saved, saved.now if now is None else now, unseen=unseen)

    def saved(self) -> Saved:
        """What a store would give back now."""
        engine = self.engine
        broadcasts = [one for _, one in sorted(self.broadcasts.items()) if self._is_wanted(one)]
        kept = {one.id for one in broadcasts}
        return Saved(
            alerts=[one for _, one in sorted(self.alerts.items()) if one.state != "resolved"],
            incidents=[one for _, one in sorted(self.incidents.items()) if one.state != "resolved"],
            pagings=[one for _, one in sorted(self.pagings.items())],
            silences=[one for _, one in sorted(self.silences.items()) if one.ends > engine.now],
            dnd=[one for _, one in sorted(self.dnd.items()) if one.until > engine.now],
            overrides=[
                one
                for _, one in sorted(self.overrides.items())
                if one.state_at(engine.now) != "over"
            ],
            facts=[one for _, one in sorted(self.facts.items())],
            windows=dict(self.windows),
            runs=runs_of(self.actions),
            broadcasts=broadcasts,
            updates=[one for _, one in sorted(self.updates.items()) if one.broadcast in kept],
            last_alert=engine.last_alert,
            last_incident=engine.last_incident,
            last_silence=engine.last_silence,
            last_broadcast=engine.last_broadcast,
            last_update=engine.last_update,
            last_override=engine.last_override,
            now=engine.now,
        )

    def _is_wanted(self, broadcast: Broadcast) -> bool:
        """Whether something may yet come of it."""
        incident = self.incidents.get(broadcast.incident or 0)
        return (
            broadcast.ended is None
            or (incident is not None and incident.state != "resolved")
            or (broadcast.ends is not None and broadcast.ends > self.now)
            or any(one.waits for one in self.updates.values() if one.broadcast == broadcast.id)
        )


def _merge(into: dict[_K, _V], changes: dict[_K, _V | None]) -> None:
    """None: it is gone."""
    for key, value in changes.items():
        if value is None:
            into.pop(key, None)
        else:
            into[key] = value


def runs_of(actions: Iterable[ActionIntent]) -> dict[str, tuple[float, ...]]:
    """When each rule's own action ran, oldest first."""
    runs: dict[str, tuple[float, ...]] = {}
    for one in actions:
        runs[one.rule] = (*runs.get(one.rule, ()), one.at)
    return runs
