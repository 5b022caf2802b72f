"""`python -m sentinel.config.write_schemas`: the JSON Schemas that editors complete YAML with.

They hold the parameters of the built-in plugins. Other plugins' types are let through here:
`sentinel check` knows them. Checking itself never uses these files.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from sentinel.api import Kind, Params
from sentinel.config import schema_parts
from sentinel.config.conditions import fields_of
from sentinel.config.recovery import recovery_schema
from sentinel.config.schema import Action, Channel, MainFile, Probe, Rule, RulesFile
from sentinel.config.section import Section
from sentinel.config.tagged import Registry, merged_schema
from sentinel.config.validation import schema_of
from sentinel.config.wording import PATTERNS, Schema, pattern_words
from sentinel.errors import ConfigError
from sentinel.model.signal import KINDS

FOLDER = Path(__file__).parent / "schema"

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = {"type": "string", "pattern": r"\$\{"}


def schemas(registry: Registry) -> dict[str, dict[str, Any]]:
    """The schemas by file name."""
    main = _file_schema(MainFile, "Sentinel: main file")
    main["properties"]["channels"]["additionalProperties"] = {"$ref": "#/$defs/Channel"}
    main["properties"]["probes"]["items"] = {"$ref": "#/$defs/Probe"}
    main["$defs"] |= _tagged(Channel, "notifier", registry) | _tagged(Probe, "probe", registry)
    main["properties"]["actions"]["additionalProperties"] = {"$ref": "#/$defs/Action"}
    main["$defs"] |= _tagged(Action, "action", registry)
    rules = _file_schema(RulesFile, "Sentinel: rules, routes, escalations")
    rules["properties"]["rules"]["items"] = {"$ref": "#/$defs/Rule"}
    definitions = rules["$defs"]
    definitions |= _tagged(Rule, "detector", registry) | _conditions()
    definitions |= schema_parts.signals() | schema_parts.parts()
    _refer(definitions["Classify"], where="where_error")
    _refer(definitions["Feed"], **{kind: f"signal_{kind}" for kind in KINDS})
    definitions["Rule"]["allOf"] += [_where_of(kind) for kind in KINDS]
    parts = definitions["Correlation"]["properties"]["all"]["items"]
    parts |= {"minProperties": 1, "maxProperties": 1}
    parts["additionalProperties"] = {"$ref": "#/$defs/part"}
    return {"sentinel.json": _with_references(main), "rules.json": rules}


def _refer(record: dict[str, Any], **names: str) -> None:
    """Lets the keys of a record be what the definitions of these names say."""
    for key, name in names.items():
        description = record["properties"][key]["description"]
        record["properties"][key] = {"description": description, "$ref": f"#/$defs/{name}"}


def _where_of(kind: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"on": {"const": kind}}, "required": ["on"]},
        "then": {"properties": {"where": {"$ref": f"#/$defs/where_{kind}"}}},
    }


def _of_kind(kind: str) -> dict[str, Any]:
    """An `of` that names no kind has signals of the rule's own."""
    then = _where_of(kind)["then"]
    of = {"if": {"not": {"required": ["on"]}}, "then": then}
    return {**_where_of(kind), "then": {"properties": {"of": of}}}


def texts(registry: Registry) -> dict[str, str]:
    """The schemas as they are written, by file name."""
    return {
        name: json.dumps(_worded(schema), indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas(registry).items()
    }


def _worded(schema: Any) -> Any:
    """Says in words what a pattern asks for, by a keyword of the YAML language server."""
    if isinstance(schema, list):
        return [_worded(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    worded = {key: _worded(item) for key, item in schema.items()}
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (pattern in PATTERNS or "examples" in schema):
        worded["patternErrorMessage"] = f"Expected {pattern_words(schema)}"
    return worded


def _file_schema(record: type[Section], title: str) -> dict[str, Any]:
    # A copy: what a file's schema gains here must not come to be checked by.
    schema = deepcopy(dict(schema_of(record)))
    definitions = {k: v for k, v in schema["$defs"].items() if k != record.__name__}
    sections = {key: _or_nothing(item) for key, item in schema["properties"].items()}
    whole = {**schema, "title": title, "properties": sections, "$defs": definitions}
    return {"$schema": _DRAFT, **whole}


def _or_nothing(schema: Schema) -> dict[str, Any]:
    """A section whose every line is commented out counts as left out."""
    kind = schema.get("type")
    if kind in ("object", "array"):
        return {**schema, "type": [kind, "null"]}
    if "$ref" in schema:
        outside = {key: item for key, item in schema.items() if key != "$ref"}
        return {**outside, "anyOf": [{"$ref": schema["$ref"]}, {"type": "null"}]}
    return dict(schema)


def _tagged(common: type[Section], kind: Kind, registry: Registry) -> dict[str, Any]:
    """The definition of the mapping, and one for each type, which holds once `type` is known."""
    title = common.__name__
    schema = schema_of(common)
    default = schema["properties"]["type"].get("default")
    definitions = {key: item for key, item in schema["$defs"].items() if key != title}
    choices = []
    for type in registry.types(kind):
        plugin = registry.get(kind, type)
        name = f"{title}_{type}"
        params = plugin.Params  # type: ignore[union-attr]
        merged = merged_schema(common, params)
        if "recover_when" in merged["properties"]:
            merged = _with_recovery(merged, params)
        whole = _renamed(merged, name)
        definitions |= whole.pop("$defs")
        definitions[name] = {**whole, "title": f"{title} of type {type}"}
        if population := definitions.get(f"{name}_Population"):
            population["allOf"] = [_where_of(one) for one in KINDS]
            definitions[name]["allOf"] = [_of_kind(one) for one in KINDS]
        choices.append(
            {
                "if": {
                    "properties": {"type": {"const": type}},
                    "required": [] if type == default else ["type"],
                },
                "then": {"$ref": f"#/$defs/{name}"},
            }
        )
    known = {"anyOf": [{"enum": registry.types(kind)}, {"type": "string"}]}
    properties = {**schema["properties"], "type": {**schema["properties"]["type"], **known}}
    own = {**schema, "properties": properties, "additionalProperties": True, "allOf": choices}
    return {**definitions, title: {key: own[key] for key in own if key != "$defs"}}


def _with_recovery(schema: Schema, params: type[Params]) -> Schema:
    properties = schema["properties"]
    eased = {
        key: {word: value for word, value in item.items() if word != "default"}
        for key, item in recovery_schema(params)["properties"].items()
    }
    recovery = {
        "description": properties["recover_when"]["description"],
        "type": "object",
        "properties": eased,
        "additionalProperties": False,
    }
    return {**schema, "properties": {**properties, "recover_when": recovery}}


def _renamed(schema: Schema, prefix: str) -> dict[str, Any]:
    """The same schema, its definitions and the references to them named after the prefix."""
    start = "#/$defs/"

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: f"{start}{prefix}_{item.removeprefix(start)}" if key == "$ref" else walk(item)
                for key, item in value.items()
            }
        return [walk(item) for item in value] if isinstance(value, list) else value

    renamed: dict[str, Any] = walk(schema)
    definitions = {f"{prefix}_{name}": item for name, item in renamed["$defs"].items()}
    used: dict[str, Any] = {}
    waiting = [renamed["properties"]]
    while waiting:
        text = json.dumps(waiting.pop())
        named = [name for name in definitions if f'"{start}{name}"' in text and name not in used]
        used |= {name: definitions[name] for name in named}
        waiting += [definitions[name] for name in named]
    return {**renamed, "$defs": {name: item for name, item in definitions.items() if name in used}}


def _conditions() -> dict[str, Any]:
    """The conditions that rules on each kind of signal may have."""
    definitions: dict[str, Any] = {
        "test_text": _test({"type": "string"}, ("matches", "contains", "starts_with")),
        "test_number": _test({"type": "number"}, ("gt", "gte", "lt", "lte")),
        "test_flag": _test({"type": "boolean"}, ()),
    }
    for kind in KINDS:
        own = {"$ref": f"#/$defs/where_{kind}"}
        fields: dict[str, Any] = {}
        for name, field in fields_of(kind).items():
            fields[name] = {"$ref": f"#/$defs/test_{field.family}"}
            if field.choices:
                fields[name] = _test({"enum": list(field.choices)}, ())
        definitions[f"where_{kind}"] = {
            "title": f"Conditions on {kind} signals",
            "type": "object",
            "properties": {
                **fields,
                "any": {"type": "array", "items": own, "minItems": 1},
                "all": {"type": "array", "items": own, "minItems": 1},
                "not": own,
            },
            "patternProperties": {r"^tags\..": {"$ref": "#/$defs/test_text"}},
            "additionalProperties": False,
        }
    return definitions


def _test(scalar: dict[str, Any], operators: tuple[str, ...]) -> dict[str, Any]:
    """A value, one of several values, or operators."""
    values = {"type": "array", "items": scalar, "minItems": 1}
    known: dict[str, Any] = dict.fromkeys(operators, scalar)
    known |= {"exists": {"type": "boolean"}, "not": {"anyOf": [scalar, values]}}
    mapping = {"type": "object", "properties": known, "minProperties": 1}
    return {"anyOf": [scalar, values, {**mapping, "additionalProperties": False}]}


def _with_references(schema: Any) -> Any:
    """Lets a reference stand wherever a text is not free, as in the main file it may."""
    if isinstance(schema, list):
        return [_with_references(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    walked = {
        key: item if key in ("if", "propertyNames", "enum") else _with_references(item)
        for key, item in schema.items()
    }
    return _or_reference(walked) if _is_narrow(walked) else walked


def _is_narrow(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    narrow_text = kind == "string" and "pattern" in schema
    return narrow_text or "enum" in schema or kind in ("integer", "number", "boolean")


def _or_reference(schema: dict[str, Any]) -> dict[str, Any]:
    outside = {key: item for key, item in schema.items() if key in ("description", "default")}
    inside = {key: item for key, item in schema.items() if key not in outside}
    return {**outside, "anyOf": [inside, _REFERENCE]}


def built_in_registry() -> Registry:
    """The plugins that come with Sentinel, and no others. Raises ConfigError if one is wrong."""
    # Imported here: the plugins' loader itself builds on this package.
    from sentinel.plugins import BUILT_INS, load_sources
    from sentinel.plugins.sources import built_ins

    registry, problems = load_sources(built_ins(BUILT_INS))
    if problems:
        raise ConfigError("\n".join(map(str, problems)))
    return registry


def main() -> None:
    for name, text in texts(built_in_registry()).items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
