"""Slows down who guesses passwords: the more failures, the longer the wait."""

from collections import OrderedDict
from collections.abc import Iterable

from msgspec import Struct

from sentinel.clock import Clock

_FREE = 5
_LONGEST_WAIT = 300.0
_FORGET_AFTER = 3600.0
_MOST_KEPT = 10_000


class _Failures(Struct):
    count: int = 0
    last: float = 0.0


class Attempts:
    """Counted for the name and for the address, each by itself. In memory: a restart forgives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, keys: Iterable[str]) -> float:
        """Seconds until the next attempt is looked at; 0 where it may be made now."""
        now = self._clock.monotonic()
        return max((self._wait(self._failures.get(key), now) for key in keys), default=0.0)

    def failed(self, keys: Iterable[str]) -> None:
        now = self._clock.monotonic()
        for key in keys:
            found = self._failures.pop(key, _Failures())
            if now - found.last > _FORGET_AFTER:
                found.count = 0
            found.count += 1
            found.last = now
            self._failures[key] = found
            if len(self._failures) > _MOST_KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The name is forgiven, the address only this attempt: it may try many names, and own
        one of them."""
        self._failures.pop(name, None)
        if found := self._failures.get(address):
            found.count = max(0, found.count - 1)

    def _wait(self, found: _Failures | None, now: float) -> float:
        if found is None or found.count < _FREE:
            return 0.0
        pause = min(2.0 ** min(found.count - _FREE, 10), _LONGEST_WAIT)
        return max(0.0, found.last + pause - now)
