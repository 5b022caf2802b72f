"""Channels: reads them, and checks their fallbacks."""

from collections.abc import Iterator, Mapping

from sentinel.config.document import Document
from sentinel.config.model import ChannelConfig
from sentinel.config.names import unknown_name
from sentinel.config.problem import Problem
from sentinel.config.rests import limit_of
from sentinel.config.schema import Channel
from sentinel.config.tagged import Registry, Tagged, read_tagged


def read_channels(
    document: Document, registry: Registry, public_url: str | None
) -> tuple[dict[str, ChannelConfig], list[Problem]]:
    """Those that are right in themselves, by name. `public_url` is None where it is not known."""
    channels: dict[str, ChannelConfig] = {}
    problems: list[Problem] = []
    for name in document.section("channels"):
        path = ("channels", name)
        tagged, found = read_tagged(document, path, "notifier", Channel, registry)
        problems += found
        if tagged:
            problems += document.positive(path, timeout=tagged.common.timeout)
            channels[name] = _channel(name, tagged)
            if public_url is not None:
                problems += _doubts(document, path, tagged, public_url)
    problems += _check_fallbacks(document, channels)
    return channels, problems


def _channel(name: str, tagged: Tagged[Channel]) -> ChannelConfig:
    common, plugin = tagged.common, tagged.plugin
    return ChannelConfig(
        name=name,
        type=common.type,
        params=tagged.params,
        address=plugin.address_of(tagged.params),
        heard_from=plugin.address,
        fallback=common.fallback,
        rate=plugin.capabilities.rate if common.rate is None else common.rate,
        timeout=float(plugin.timeout if common.timeout is None else common.timeout),
        per_person=limit_of(common.per_person),
    )


def _doubts(
    document: Document, path: tuple[str, str], tagged: Tagged[Channel], public_url: str
) -> Iterator[Problem]:
    plugin = tagged.plugin
    try:
        pairs = [(str(a), str(b)) for a, b in plugin.doubts(tagged.params, public_url)]
    except Exception as error:  # noqa: BLE001 - foreign code may raise anything; this is advice
        what = f"{plugin.__qualname__}.doubts raised {type(error).__name__}"
        pairs = [(what, "pairs of what was found and what is expected instead")]
    for found, expected in pairs:
        yield document.problem(
            path,
            "channel/doubtful",
            found=found,
            expected=expected,
            warning=True,
        )


def _check_fallbacks(
    document: Document, channels: Mapping[str, ChannelConfig]
) -> Iterator[Problem]:
    named = document.section("channels")
    in_loops: set[str] = set()
    for channel in channels.values():
        path = ("channels", channel.name, "fallback")
        if channel.fallback is None:
            continue
        if channel.fallback not in named:
            yield unknown_name(document, path, "channel", channel.fallback, named)
            continue
        loop = _loop_from(channel.name, channels)
        if loop and channel.name not in in_loops:
            in_loops.update(loop)
            yield document.problem(
                path,
                "channel/fallback-loop",
                found=f"fallbacks in a circle: {' -> '.join([*loop, loop[0]])}",
                expected="a last channel without a fallback",
                hint="remove one of these fallbacks",
            )
        fallback = channels.get(channel.fallback)
        if fallback and fallback.address and not channel.address:
            yield document.problem(
                path,
                "channel/fallback-address",
                found=f"{fallback.name}, which sends to a person's {fallback.address}",
                expected="a channel that knows itself where to send",
                hint=f"{channel.name} is not addressed to a person, so there is no address",
            )


def _loop_from(name: str, channels: Mapping[str, ChannelConfig]) -> list[str]:
    """The names from this one back to it, empty where the fallbacks end."""
    seen = [name]
    while (channel := channels.get(seen[-1])) and channel.fallback:
        if channel.fallback == name:
            return seen
        if channel.fallback in seen:
            return []
        seen.append(channel.fallback)
    return []
