"""The keys of windows, remembered: the same groups come all the time, and writing a key as text
costs more than finding it."""

from typing import Any

from sentinel.engine.effects import WindowKey
from sentinel.engine.rules import Rule, encode_key
from sentinel.model.signal import Signal

_MOST = 200_000


class Keys:
    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], WindowKey] = {}

    def of(self, rule: Rule, signal: Signal) -> WindowKey:
        values = (rule.name, *[read(signal) for read in rule.readers])
        key = self._known.get(values)
        if key is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            key = self._known[values] = (rule.name, encode_key(rule.key(signal)))
        return key
