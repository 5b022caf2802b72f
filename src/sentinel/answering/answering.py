"""Hands what one channel hears to whom it concerns."""

from collections.abc import Callable

from msgspec import Struct

from sentinel.api import Answers
from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.outbox import Outbox
from sentinel.pipeline import Pipeline
from sentinel.signing import Signer
from sentinel.store.database import Database


class Parts(Struct):
    """The pipeline and the outbox are asked for: channels start before them."""

    database: Database
    clock: Clock
    signer: Signer
    config: Callable[[], Config]
    pipeline: Callable[[], Pipeline]
    outbox: Callable[[], Outbox]


class Answering:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def of(self, channel: str) -> Answers:
        return ChannelAnswers(self._parts, channel)


class ChannelAnswers(Answers):
    def __init__(self, parts: Parts, channel: str) -> None:
        self._parts = parts
        self._channel = channel
