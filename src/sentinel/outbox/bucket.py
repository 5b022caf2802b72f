"""The rate limit of one channel: a token bucket."""


class Bucket:
    """`rate` messages a minute, in bursts of up to half a minute's worth. None: no limit.

    The caller hands in the time, in seconds of a monotonic clock.
    """

    def __init__(self, rate: float | None, now: float) -> None:
        self._refill = None if rate is None else rate / 60.0
        self._size = 1.0 if rate is None else max(1.0, rate / 2.0)
        self._tokens = self._size
        self._at = now

    def available(self, now: float, most: int) -> int:
        """How many of these may go now."""
        if self._refill is None:
            return most
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._refill)
        self._at = now
        # The tolerance keeps a rounding error from costing a second wait.
        return min(most, int(self._tokens + 1e-6))

    def take(self, count: int) -> None:
        self._tokens -= count

    def wait(self) -> float:
        """Seconds until the next one may go, as of the last call of `available`."""
        if self._refill is None:
            return 0.0
        return max(0.0, 1.0 - self._tokens) / self._refill
