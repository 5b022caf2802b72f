"""Mappings whose `type` names a plugin: channels, probes and rules.

The type is looked up first; then all keys are held against that plugin's own parameters and
the common keys together. A schema of "one of all plugins" could only say that none fits.
"""

from functools import cache
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from sentinel.api import Kind, Params
from sentinel.config.document import Document, KeyPath
from sentinel.config.problem import Problem
from sentinel.config.secrecy import told
from sentinel.config.section import Section
from sentinel.config.suggest import did_you_mean, one_of
from sentinel.config.validation import check, refused, schema_of, sound_part
from sentinel.config.wording import Schema
from sentinel.model.values import to_record

C = TypeVar("C", bound=Section)


class Registry(Protocol):
    """The part of `sentinel.plugins.Registry` that the configuration needs."""

    def get(self, kind: Kind, type: str) -> type[Any] | None: ...
    def types(self, kind: Kind) -> list[str]: ...


class Tagged(Struct, Generic[C], frozen=True):
    """One mapping that is right in itself. `plugin` is the registered class."""

    path: KeyPath
    common: C
    plugin: Any
    params: Params


def read_tagged(
    document: Document, path: KeyPath, kind: Kind, common: type[C], registry: Registry
) -> tuple[Tagged[C] | None, list[Problem]]:
    """`common` holds the keys that are the same for all types of the kind."""
    data = document.at(path)
    plugin, problems = _plugin_of(document, path, kind, common, registry)
    if plugin is None:
        return None, problems
    reserved = set(common.__struct_encode_fields__) & set(plugin.Params.__struct_encode_fields__)
    if reserved:
        return None, [_reserved(document, path, kind, plugin, reserved)]
    schema = merged_schema(common, plugin.Params)
    problems = check(document, path, schema)
    if problems:
        # What else is wrong is told at once: no configuration is made of the rest.
        data = sound_part(schema, data)
        if data is None:
            return None, problems
    own = set(common.__struct_encode_fields__)
    try:
        return Tagged(
            path,
            to_record(common, {key: value for key, value in data.items() if key in own}),
            plugin,
            to_record(plugin.Params, {k: value for k, value in data.items() if k not in own}),
        ), problems
    except msgspec.ValidationError as error:
        # What the schema can't say, such as two parameters that exclude each other.
        return None, problems or [refused(document, path, schema, plugin.type, str(error))]
    except Exception as error:  # noqa: BLE001 - a plugin's own check of its parameters
        text = f"{type(error).__name__}: {error}"
        return None, problems or [refused(document, path, schema, plugin.type, text)]


@cache
def merged_schema(common: type[Section], params: type[Params]) -> Schema:
    """The common keys and a plugin's parameters as one mapping, titled as the common one."""
    ours, theirs = schema_of(common), schema_of(params)
    return {
        **ours,
        "properties": {**ours["properties"], **theirs["properties"]},
        "required": [*ours["required"], *theirs["required"]],
        "$defs": {**ours["$defs"], **theirs["$defs"]},
    }


def _plugin_of(
    document: Document, path: KeyPath, kind: Kind, common: type[Section], registry: Registry
) -> tuple[Any, list[Problem]]:
    data = document.at(path)
    schema = schema_of(common)
    default = schema["properties"]["type"].get("default")
    name = data.get("type", default) if isinstance(data, dict) else None
    # A key that may belong to an unknown type can't be called unknown.
    common_problems = check(document, path, {**schema, "additionalProperties": True})
    if not isinstance(name, str):
        return None, common_problems
    plugin = registry.get(kind, name)
    if plugin is not None:
        return plugin, []
    types = registry.types(kind)
    problem = document.problem(
        (*path, "type"),
        "config/unknown-type",
        found=f"{kind} type {told(document, (*path, 'type'), name)}",
        expected=one_of(types) if types else f"a {kind} plugin, and none is loaded",
        hint=did_you_mean(name, types) or "`sentinel plugins` lists what is loaded",
    )
    return None, [problem, *common_problems]


def _reserved(
    document: Document, path: KeyPath, kind: Kind, plugin: Any, reserved: set[str]
) -> Problem:
    return document.problem(
        (*path, "type"),
        "plugin/reserved-key",
        found=f"{kind} {plugin.type} with a parameter named {', '.join(sorted(reserved))}",
        expected="other names: these keys are the same for all types",
        hint="rename the parameter in the plugin",
    )
