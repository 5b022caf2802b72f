"""What all lanes of the outbox share."""

import sqlite3
from collections.abc import Callable
from random import Random
from typing import Protocol, TypeVar

from msgspec import Struct

from sentinel.clock import Clock
from sentinel.model.delivery import Delivery, Message
from sentinel.outbox.metrics import Metrics
from sentinel.outbox.policy import Policy
from sentinel.store.grouped import GroupedWrites

_T = TypeVar("_T")

Compose = Callable[[sqlite3.Connection, Delivery], Message]
"""Renders a delivery from what the store knows. Runs on a reader thread."""

AddressOf = Callable[[str, str | None], str | None]
"""The address of a person on a channel: "" where the channel needs none, None where there is
none. Arguments are the channel's name and the person's, which may be None."""


class Store(Protocol):
    """The part of `store.database.Database` that is used here."""

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T: ...
    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T: ...


class Tools(Struct, frozen=True):
    """`fall_back` writes the delivery's copy for the next channel and gives that channel's name,
    or None where nobody is left to take it; `has_taker` tells beforehand whether that is so.
    `notify` wakes the lane of a channel. `changed` is told that deliveries are other than they
    were."""

    store: Store
    writes: GroupedWrites
    compose: Compose
    fall_back: Callable[[sqlite3.Connection, Delivery, float], str | None]
    has_taker: Callable[[Delivery], bool]
    notify: Callable[[str], None]
    changed: Callable[[], None]
    clock: Clock
    random: Random
    policy: Policy
    metrics: Metrics
