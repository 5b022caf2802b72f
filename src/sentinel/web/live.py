"""Tells open pages that something changed: one producer, any number of listeners."""

import asyncio
from collections.abc import AsyncGenerator

from sentinel.model.signal import Change, Checkin, Signal, State, Status
from sentinel.pipeline import Written
from sentinel.store.components import source_of
from sentinel.store.uptime import Source

_MOST_STATES = 20_000


class Live:
    """Topics are `errors`, `alerts`, `incidents`, `deliveries`, `silences`, `on_call`, `actions`,
    `monitors`, `changes`, `config` and those that other parts name. A listener that is slow misses
    nothing and costs nothing: what it has not yet taken is only a set of topics."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, set[str]] = {}
        self._closed = False
        self._states: dict[Source, State] = {}

    def committed(self, written: Written) -> None:
        effects = written.effects
        changed = {
            "errors": written.signals,
            "alerts": effects.alerts,
            "incidents": effects.incidents,
            "deliveries": effects.deliveries,
            "silences": effects.silences,
            "on_call": effects.overrides or effects.dnd,
            "broadcasts": effects.broadcasts or effects.updates,
            "monitors": [one for one in written.signals if isinstance(one, Checkin)],
            "changes": [one for one in written.signals if isinstance(one, Change)],
            "actions": effects.actions,
            "health": [one for one in written.signals if self._turns(one)],
        }
        self.tell(*(topic for topic, found in changed.items() if found))

    def _turns(self, signal: Signal) -> bool:
        """Whether a component is in another state than it was: most say the same again."""
        if not isinstance(signal, Status):
            return False
        source = source_of(signal)
        if len(self._states) >= _MOST_STATES:
            # A sender that never uses a name twice must not fill the memory.
            self._states.clear()
        before, self._states[source] = self._states.get(source), signal.status
        return before != signal.status

    def tell(self, *topics: str) -> None:
        if topics:
            for event, waiting in self._waiting.items():
                waiting.update(topics)
                event.set()

    def close(self) -> None:
        """End all listening, so that a stop does not wait for open pages."""
        self._closed = True
        for event in self._waiting:
            event.set()

    async def listen(self) -> AsyncGenerator[set[str], None]:
        """The topics that changed since the last time, whenever there are any."""
        event = asyncio.Event()
        self._waiting[event] = set()
        try:
            while not self._closed:
                await event.wait()
                if self._closed:
                    return
                event.clear()
                topics, self._waiting[event] = self._waiting[event], set()
                yield topics
        finally:
            del self._waiting[event]
