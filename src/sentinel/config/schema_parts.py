"""The parts of the JSON Schema of rules that are made from the signals' fields: what a test may
send, and what the parts of a correlation may name."""

from typing import Any

from sentinel.config.conditions import Field, field_named
from sentinel.config.correlations import CHOICES, FIELDS, SORTS, Sort
from sentinel.config.given_signals import given_fields, required_fields
from sentinel.model.signal import KINDS

_TYPES = {"text": "string", "number": "number", "flag": "boolean"}
_TAGS = r"^tags\..+"


def signals() -> dict[str, Any]:
    """The fields of each kind of signal, as a test gives them."""
    text = {"type": "string"}
    return {
        f"signal_{kind}": {
            "title": f"Fields of {kind} signals",
            "type": "object",
            "properties": {
                **{name: _scalar(field_named(kind, name)) for name in given_fields(kind)},
                "tags": {"type": "object", "additionalProperties": text},
            },
            "patternProperties": {_TAGS: text},
            "required": list(required_fields(kind)),
            "additionalProperties": False,
        }
        for kind in KINDS
    }


def _scalar(field: Field | None) -> dict[str, Any]:
    assert field is not None
    return {"enum": list(field.choices)} if field.choices else {"type": _TYPES[field.family]}


def parts() -> dict[str, Any]:
    """A part of a correlation: an alert, if it says nothing else."""
    others = [sort for sort in SORTS if sort != "alert"]
    return {
        "part": {
            "title": "Part of a correlation",
            "type": "object",
            "anyOf": [{"required": ["alert"]}, {"required": ["on"]}],
            "allOf": [
                *map(_branch, others),
                {
                    "if": {"not": {"properties": {"on": {"enum": others}}, "required": ["on"]}},
                    "then": {"$ref": "#/$defs/part_alert"},
                },
            ],
        },
        **{f"part_{sort}": _part(sort) for sort in SORTS},
        "part_text": {"title": "Value of a field", **_one_of({"type": "string"})},
    }


def _branch(sort: Sort) -> dict[str, Any]:
    return {
        "if": {"properties": {"on": {"const": sort}}, "required": ["on"]},
        "then": {"$ref": f"#/$defs/part_{sort}"},
    }


def _part(sort: Sort) -> dict[str, Any]:
    """An alert may also have any label, the others tags."""
    text = {"$ref": "#/$defs/part_text"}
    fields = {
        name: _one_of({"enum": list(CHOICES[sort, name])}) if (sort, name) in CHOICES else text
        for name in FIELDS[sort]
    }
    return {
        "title": f"Part that is a {sort}" if sort != "alert" else "Part that is an alert",
        "type": "object",
        "properties": {"on": {"const": sort}, **fields},
        "patternProperties": {_TAGS: text},
        "additionalProperties": text if sort == "alert" else False,
    }


def _one_of(value: dict[str, Any]) -> dict[str, Any]:
    """One value, one of several, or the same as in another part."""
    same = {
        "type": "object",
        "properties": {"same_as": {"type": "string", "pattern": r"^[^.]+\..+"}},
        "required": ["same_as"],
        "additionalProperties": False,
    }
    return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}, same]}
