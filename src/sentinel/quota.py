"""How many items a minute each project may send: a bucket that fills evenly."""

from sentinel.clock import Clock
from sentinel.errors import Overloaded

_MOST = 10_000


class Quotas:
    """A project may send a minute's worth at once and then as fast as its bucket fills."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, project: str, count: int, per_minute: float | None) -> None:
        """Raises Overloaded, having taken nothing, with the time until there is room."""
        if per_minute is None or not count:
            return
        now = self._clock.monotonic()
        left, since = self._left.get(project, (per_minute, now))
        left = min(per_minute, left + (now - since) * per_minute / 60)
        # A request larger than a minute's worth passes when the bucket is full.
        wanted = min(count, per_minute)
        if left < wanted:
            self._left[project] = (left, now)
            raise Overloaded(
                f"the project {project!r} may send {per_minute:g} items a minute",
                (wanted - left) * 60 / per_minute,
            )
        self._left[project] = (left - count, now)
        if len(self._left) > _MOST:
            self._forget(now, per_minute)

    def _forget(self, now: float, per_minute: float) -> None:
        """Those whose buckets are full again: strangers' addresses come without end."""
        self._left = {
            project: (left, since)
            for project, (left, since) in self._left.items()
            if left + (now - since) * per_minute / 60 < per_minute
        }
