"""A channel as the outbox sees it: a started notifier and how to use it."""

from typing import Any

from msgspec import Struct

from sentinel.api import Notifier


class Channel(Struct, frozen=True, kw_only=True):
    """`rate` in messages a minute and `timeout` in seconds; None takes the notifier's own.

    One of the `concurrency` sends at a time is kept free for critical pages.
    """

    name: str
    notifier: Notifier[Any]
    fallback: str | None = None
    rate: float | None = None
    timeout: float | None = None
    concurrency: int = 8

    @property
    def longest(self) -> float:
        return self.notifier.timeout if self.timeout is None else self.timeout

    @property
    def limit(self) -> float | None:
        return self.notifier.capabilities.rate if self.rate is None else self.rate


class Health(Struct, frozen=True, kw_only=True):
    """How a channel is doing. `failing_for` is in seconds, None while it works."""

    channel: str
    failing_for: float | None = None
    paused: bool = False
    error: str = ""
    under_way: int = 0
