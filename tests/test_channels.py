"""The channels of a configuration start and stop together, whatever one of their plugins does."""

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from sentinel.api import Context, Message, Notifier, Params, Receipt, Secret
from sentinel.channels import Channels
from sentinel.errors import ConfigError


class KeyParams(Params, frozen=True):
    key: Secret = Secret("")


class Plain(Notifier[KeyParams]):
    type = "plain"
    Params = KeyParams
    stopped: ClassVar[list[str]] = []

    async def send(self, message: Message) -> Receipt:
        return Receipt()

    async def stop(self) -> None:
        self.stopped.append(self.context.name)


class Unstoppable(Plain):
    async def stop(self) -> None:
        raise RuntimeError("it will not stop")


class Talkative(Plain):
    async def start(self) -> None:
        raise RuntimeError(f"refused with the key {self.params.key.reveal()}")


async def started(*notifiers: type[Plain]) -> Channels:
    config: Any = SimpleNamespace(
        channels={
            str(number): SimpleNamespace(
                name=str(number),
                type=str(number),
                params=KeyParams(key=Secret("hush-hush")),
                fallback=None,
                rate=None,
                timeout=None,
                address=None,
                per_person=None,
            )
            for number, _ in enumerate(notifiers)
        },
        people={},
    )
    registry: Any = SimpleNamespace(get=lambda kind, type: notifiers[int(type)])

    def context(name: str) -> Context:
        return Context(name=name, clock=None, log=None, http=None)  # type: ignore[arg-type]

    channels = Channels()
    await channels.start(config, registry, context)
    return channels


async def test_a_notifier_that_fails_to_stop_keeps_nobody_else_from_stopping() -> None:
    Plain.stopped.clear()
    channels = await started(Plain, Unstoppable, Plain)
    await channels.stop()
    assert Plain.stopped == ["2", "0"]


async def test_why_a_channel_did_not_start_is_told_without_its_secrets() -> None:
    with pytest.raises(ConfigError, match="refused with the key") as told:
        await started(Talkative)
    assert "hush-hush" not in str(told.value)
