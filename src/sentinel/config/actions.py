"""Actions: reads them, and adds a test of each channel and each probe."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ActionConfig, ChannelConfig, PersonConfig, ProbeConfig
from sentinel.config.names import unknown_name
from sentinel.config.problem import Problem
from sentinel.config.schema import Action
from sentinel.config.tagged import Registry, Tagged, read_tagged
from sentinel.model.values import to_record


def read_actions(
    document: Document,
    registry: Registry,
    channels: Mapping[str, ChannelConfig],
    probes: Sequence[ProbeConfig],
    people: Mapping[str, PersonConfig],
) -> tuple[dict[str, ActionConfig], list[Problem]]:
    """Those that are right in themselves, by name, and the tests, as `test:channel:NAME` and
    `test:probe:NAME`: a colon is in no name that is given."""
    # Names of what is wrong in itself count too: a reference to one is no second mistake.
    known = {
        "channel": {*document.section("channels"), *channels},
        "probe": {
            name
            for item in document.items("probes")
            if isinstance(item, dict) and isinstance(name := item.get("name"), str)
        },
        "person": {*document.section("people"), *people},
    }
    actions: dict[str, ActionConfig] = {}
    problems: list[Problem] = []
    for name in document.section("actions"):
        path = ("actions", name)
        tagged, found = read_tagged(document, path, "action", Action, registry)
        problems += found
        if tagged:
            problems += document.positive(path, timeout=tagged.common.timeout)
            problems += _check_names(document, tagged, known)
            actions[name] = _action(name, tagged)
    actions |= {one.name: one for one in _tests(registry, channels, probes)}
    return actions, problems


def _action(name: str, tagged: Tagged[Action]) -> ActionConfig:
    common, plugin = tagged.common, tagged.plugin
    return ActionConfig(
        name=name,
        type=common.type,
        params=tagged.params,
        cooldown=float(common.cooldown),
        timeout=float(plugin.timeout if common.timeout is None else common.timeout),
        role=common.role,
        allow_rules=common.allow_rules,
        changes=plugin.changes,
    )


def _check_names(
    document: Document, tagged: Tagged[Action], known: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    for key, kind in tagged.plugin.names.items():
        named = getattr(tagged.params, key)
        for path, name in _named((*tagged.path, key), named):
            if name not in known[kind]:
                yield unknown_name(document, path, kind, name, known[kind])


def _named(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    for index, item in enumerate(value if isinstance(value, list | tuple) else ()):
        yield (*path, index), item


def _tests(
    registry: Registry, channels: Mapping[str, ChannelConfig], probes: Sequence[ProbeConfig]
) -> Iterator[ActionConfig]:
    for name in channels:
        yield from _test(registry, "test_channel", "channel", name)
    for probe in probes:
        yield from _test(registry, "run_probe", "probe", probe.name)


def _test(registry: Registry, type: str, key: str, name: str) -> Iterator[ActionConfig]:
    plugin: Any = registry.get("action", type)
    # None where only some plugins are loaded, as in an author's own test.
    if plugin is not None:
        yield ActionConfig(
            name=f"test:{key}:{name}",
            type=type,
            params=to_record(plugin.Params, {key: name}),
            timeout=float(plugin.timeout),
            changes=plugin.changes,
        )
