"""What became of the errors, and a rare warning for each kind of thing that goes wrong."""

import logging
import threading
from collections import Counter
from typing import NamedTuple

from sentinel.clock import Clock

LOGGER_NAME = "sentinel.client"
TELL_AGAIN = 300.0
logger = logging.getLogger(LOGGER_NAME)


class Stats(NamedTuple):
    """Numbers of errors of this process: taken by the server, given up, and still queued."""

    sent: int
    dropped: int
    queued: int


class Tally:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        # Re-entrant: a signal handler or a finaliser may log an error in the middle of a count.
        self._lock = threading.RLock()
        self._told: dict[str, float] = {}
        self._unreported: Counter[str] = Counter()
        self.sent = 0
        self.dropped = 0

    def delivered(self, count: int) -> None:
        with self._lock:
            self.sent += count

    def lost(self, count: int, reason: str) -> None:
        """`count` errors are given up. What stands before a colon in `reason` is its kind."""
        kind = reason.partition(":")[0]
        now = self._clock.monotonic()
        with self._lock:
            self.dropped += count
            if count:
                self._unreported[kind] += count
            silent = now - self._told.get(kind, float("-inf")) < TELL_AGAIN
            if not silent:
                self._told[kind] = now
        if not silent:
            what = f"{count} dropped, " if count else ""
            logger.warning("errors of this process: %s%s", what, reason)

    def unreported(self) -> dict[str, int]:
        """Drops by kind of reason since the last call."""
        with self._lock:
            counts, self._unreported = dict(self._unreported), Counter()
        return counts
