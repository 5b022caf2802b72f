"""The channels of a configuration, as started notifiers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import structlog

from sentinel.api import Context, Notifier
from sentinel.config.model import ChannelConfig, Config, PersonConfig
from sentinel.discretion import presentable
from sentinel.errors import ConfigError
from sentinel.model.delivery import Limit
from sentinel.model.values import secrets_in
from sentinel.outbox import Channel
from sentinel.plugins import Registry

log = structlog.get_logger("sentinel.channels")

_START_TIMEOUT = 15.0
_STOP_TIMEOUT = 10.0


class Channels:
    """Started together, stopped together; a failed start stops what had been started."""

    def __init__(self) -> None:
        self.started: Sequence[Channel] = ()
        self._stack = AsyncExitStack()

    async def start(
        self, config: Config, registry: Registry, context: Callable[[str], Context]
    ) -> None:
        """Raises ConfigError, naming the channel whose notifier did not start."""
        async with AsyncExitStack() as stack:
            self.started = [
                await self._start(stack, channel, registry, context, config.people)
                for channel in config.channels.values()
            ]
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        await self._stack.aclose()

    async def _start(
        self,
        stack: AsyncExitStack,
        channel: ChannelConfig,
        registry: Registry,
        context: Callable[[str], Context],
        people: Mapping[str, PersonConfig],
    ) -> Channel:
        make: Any = registry.get("notifier", channel.type)
        try:
            notifier: Notifier[Any] = make(channel.params, context(channel.name))
            stack.push_async_callback(_stop, notifier, channel.name)
            async with asyncio.timeout(_START_TIMEOUT):
                await notifier.start()
        except Exception as error:
            # Foreign code: whatever it raises is told with the channel's name, without secrets.
            raise ConfigError(
                f"the channel {channel.name!r} ({channel.type}) did not start: "
                f"{type(error).__name__}: {presentable(str(error), secrets_in(channel.params))}"
            ) from error
        return Channel(
            name=channel.name,
            notifier=notifier,
            fallback=channel.fallback,
            rate=channel.rate,
            timeout=channel.timeout,
            per_person=channel.per_person,
            limits=_limits(channel, people),
        )


def _limits(channel: ChannelConfig, people: Mapping[str, PersonConfig]) -> dict[str, Limit]:
    """Those of people's own that hold for the channel: by its name before by its kind."""
    found = {
        name: person.limits.get(channel.name) or person.limits.get(channel.address or "")
        for name, person in people.items()
    }
    return {name: limit for name, limit in found.items() if limit is not None}


async def _stop(notifier: Notifier[Any], channel: str) -> None:
    """A notifier that can't be stopped must not keep the others, a reload or the end waiting."""
    try:
        async with asyncio.timeout(_STOP_TIMEOUT):
            await notifier.stop()
    except Exception as error:  # noqa: BLE001 - foreign code, any failure
        log.error("channel_not_stopped", channel=channel, error=type(error).__name__)


def address_of(config: Config) -> Callable[[str, str | None], str | None]:
    """For the outbox: where a person is reached on a channel; None where they are not."""

    def find(channel: str, person: str | None) -> str | None:
        known = config.channels.get(channel)
        if known is None:
            return None
        if known.address is None:
            return ""
        found = config.people.get(person or "")
        return None if found is None else found.addresses.get(known.address)

    return find
