"""What actions may ask of Sentinel, and how it does that."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import Struct

from sentinel.acting.look import look
from sentinel.api import (
    ActionResult,
    AnySignal,
    Context,
    Invalid,
    Message,
    Metric,
    Operations,
    Receipt,
    Status,
)
from sentinel.channels import address_of
from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.intelligence.message import compose_test
from sentinel.model.delivery import Delivery
from sentinel.outbox import Channel
from sentinel.outbox.attempt import Failure, attempt
from sentinel.plugins import Registry

_MOST_METRICS = 30


class Parts(Struct):
    """The parts of Sentinel that actions act on. A reload exchanges the first three. `emit`
    stores signals; `reload` gives what is wrong with the configuration, or None."""

    config: Config
    registry: Registry
    channels: Sequence[Channel]
    context: Callable[[str], Context]
    clock: Clock
    emit: Callable[[Sequence[AnySignal]], Awaitable[None]]
    reload: Callable[[], Awaitable[str | None]]


class SentinelOperations(Operations):
    """For one run, asked for by `actor`."""

    def __init__(self, parts: Parts, actor: str) -> None:
        self._parts = parts
        self._actor = actor

    async def test_channel(self, channel: str, person: str | None = None) -> ActionResult:
        parts = self._parts
        found = next((one for one in parts.channels if one.name == channel), None)
        if found is None:
            raise Invalid(f"there is no channel {channel}")
        message = self._test_message(channel, person)
        receipt = await attempt(found.notifier, message, found.longest, parts.clock)
        to = f" to {person or self._actor}" if message.to else ""
        if isinstance(receipt, Failure):
            text = f"The channel {channel} did not take the message{to}: {receipt.text}"
            return ActionResult(ok=False, text=text)
        text = f"The channel {channel} took the message{to}: look whether it arrived."
        return ActionResult(ok=True, text=text, facts=_facts_of(receipt))

    async def run_probe(self, probe: str) -> ActionResult:
        parts = self._parts
        found = next((one for one in parts.config.probes if one.name == probe), None)
        plugin: Any = None if found is None else parts.registry.get("probe", found.type)
        if found is None or plugin is None:
            raise Invalid(f"there is no probe {probe}")
        signals = await look(found, plugin, parts.context, parts.clock)
        result = _result_of(signals)
        await parts.emit(signals)
        return result

    def probes(self) -> Sequence[str]:
        return [probe.name for probe in self._parts.config.probes]

    async def reload(self) -> ActionResult:
        problems = await self._parts.reload()
        if problems is not None:
            return ActionResult(ok=False, text=problems)
        return ActionResult(ok=True, text="The configuration was read again.")

    def _test_message(self, channel: str, person: str | None) -> Message:
        parts = self._parts
        who = person or self._actor
        address = address_of(parts.config)(channel, who)
        if address is None:
            key = parts.config.channels[channel].address
            raise Invalid(
                f"the channel {channel} sends to people, and {who} is none with an {key} in the "
                "configuration: give them one, or list an action of the type test_channel with a "
                "`person`"
            )
        now = parts.clock.now()
        delivery = Delivery(
            id=0,
            key=f"test-{uuid.uuid4().hex}",
            channel=channel,
            address=address,
            person=who if address else None,
            reason="test",
            severity="info",
            created=now,
            due=now,
        )
        return compose_test(delivery, parts.config.public_url)


def _facts_of(receipt: Receipt) -> dict[str, str]:
    facts = {"reference": receipt.reference, "detail": receipt.detail}
    return {name: value for name, value in facts.items() if value}


def _result_of(signals: Sequence[AnySignal]) -> ActionResult:
    statuses = [signal for signal in signals if isinstance(signal, Status)]
    metrics = [signal for signal in signals if isinstance(signal, Metric)][:_MOST_METRICS]
    told = [_told(one) for one in statuses] or [f"{len(signals)} signals"]
    return ActionResult(
        ok=all(one.status in ("up", "degraded") for one in statuses),
        text="; ".join(told),
        facts={one.name: f"{_number(one.value)} {one.unit or ''}".strip() for one in metrics},
    )


def _number(value: float) -> str:
    """Three digits say enough of a fraction; of a large number none is left out."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _told(status: Status) -> str:
    took = "" if status.latency is None else f" after {status.latency * 1000:.0f} ms"
    why = f": {status.message}" if status.message else ""
    return f"{status.component} is {status.status}{took}{why}"
