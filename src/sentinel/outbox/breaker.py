"""Keeps a failing channel from being hammered, and notices when it works again."""

from random import Random

from sentinel.outbox.policy import Policy


class Breaker:
    """Counts failures in a row. The caller hands in the time, in seconds of a monotonic clock."""

    def __init__(self, policy: Policy, random: Random) -> None:
        self._policy = policy
        self._random = random
        self._faults = 0
        self._paused_until: float | None = None
        self.failing_since: float | None = None
        self.error = ""

    @property
    def open(self) -> bool:
        """Whether only one delivery at a time may try."""
        return self._paused_until is not None

    def wait(self, now: float) -> float:
        """Seconds until the next one may try."""
        return max(0.0, (self._paused_until or now) - now)

    def fault(self, now: float, error: str, wish: float | None) -> None:
        """The channel failed; `wish` is the wait that the provider asked for."""
        self._faults += 1
        self.error = error
        if self.failing_since is None:
            self.failing_since = now
        if wish is not None or self._faults >= self._policy.faults_to_pause:
            self._paused_until = now + self._policy.pause(self._faults, wish, self._random)

    def answered(self) -> bool:
        """The provider took or refused a message: the channel works. True if it was failing."""
        was_failing = self.failing_since is not None
        self._faults, self._paused_until, self.failing_since, self.error = 0, None, None, ""
        return was_failing

    def failing_for(self, now: float) -> float:
        return 0.0 if self.failing_since is None else now - self.failing_since
