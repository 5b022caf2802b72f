"""How long to leave the server alone: its own wish, else exponential back-off with jitter."""

import random
from collections.abc import Callable

from sentinel.clock import Clock


class Pause:
    """`random` gives numbers from 0 to 1; the jitter keeps a fleet from returning all at once."""

    def __init__(
        self,
        clock: Clock,
        first: float = 1.0,
        longest: float = 60.0,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._first = first
        self._longest = longest
        self._random = random
        self.clear()

    def clear(self) -> None:
        """The server answered: the next failure starts from the shortest pause."""
        self._failures = 0
        self._until = float("-inf")
        self._asked_for = False

    def extend(self, after: float | None) -> None:
        """Another failure. `after` is the server's own wish in seconds, if it gave one."""
        self._asked_for = after is not None
        longest = min(self._first * 2.0 ** min(self._failures, 30), self._longest)
        self._failures += 1
        wait = longest / 2 * (1 + self._random()) if after is None else after
        self._until = self._clock.monotonic() + wait

    def cut_short(self) -> None:
        """Someone waits for the outcome: try now, unless the server asked for patience."""
        if not self._asked_for:
            self._until = float("-inf")

    @property
    def remaining(self) -> float:
        """Seconds, 0 when the server may be tried."""
        return max(0.0, self._until - self._clock.monotonic())
