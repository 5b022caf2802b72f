"""A channel as the outbox sees it: a started notifier and how to use it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from sentinel.api import Notifier
from sentinel.model.delivery import Limit


class Channel(Struct, frozen=True, kw_only=True):
    """`rate` in messages a minute and `timeout` in seconds; None takes the notifier's own.
    `per_person` is what one person gets at most, `limits` those of people with one of their own;
    critical pages come through all the same.

    One of the `concurrency` sends at a time is kept free for critical pages.
    """

    name: str
    notifier: Notifier[Any]
    fallback: str | None = None
    rate: float | None = None
    timeout: float | None = None
    concurrency: int = 8
    per_person: Limit | None = None
    limits: Mapping[str, Limit] = {}

    @property
    def longest(self) -> float:
        return self.notifier.timeout if self.timeout is None else self.timeout

    def limit_of(self, person: str | None) -> Limit | None:
        return None if person is None else self.limits.get(person, self.per_person)

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
