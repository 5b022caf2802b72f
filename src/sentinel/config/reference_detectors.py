"""What docs/rules.md says of signals and detectors, from the records and the plugins."""

from collections.abc import Iterator
from typing import Any

import msgspec

from sentinel.config.conditions import Field, fields_of
from sentinel.config.reference_tables import cell, one_line, section
from sentinel.config.tagged import Registry
from sentinel.model.signal import KINDS


def fields_table() -> str:
    """The fields of each kind of signal that conditions, `by` and placeholders may name."""
    common = set.intersection(*(set(fields_of(kind)) for kind in KINDS))
    rows = ["| kind | fields |", "|---|---|", f"| all | {_fields('error', common)} |"]
    for kind in KINDS:
        own = set(fields_of(kind)) - common
        rows.append(f"| `{kind}` | {_fields(kind, own)} |")
    return "\n".join(rows)


def _fields(kind: str, names: set[str]) -> str:
    return ", ".join(
        _named(name, field) for name, field in fields_of(kind).items() if name in names
    )


def _named(name: str, field: Field) -> str:
    if field.choices:
        return f"`{name}` ({', '.join(field.choices)})"
    return f"`{name}`" if field.family == "text" else f"`{name}` ({_FAMILIES[field.family]})"


_FAMILIES = {"number": "a number", "flag": "true or false"}


def detectors_table(registry: Registry) -> str:
    """One row for each, with its parameters; those that must be given are bold."""
    rows = ["| type | the alert exists for | looks at | parameters |", "|---|---|---|---|"]
    for type in registry.types("detector"):
        detector = _detector(registry, type)
        summary = cell(detector.summary)
        parameters = ", ".join(_parameters(detector)) or "none"
        link = f"[`{type}`](#{type})"
        rows.append(f"| {link} | {summary} | {_kinds(detector)} | {parameters} |")
    return "\n".join(rows)


def _kinds(detector: Any) -> str:
    return "all kinds" if len(detector.kinds) == len(KINDS) else ", ".join(sorted(detector.kinds))


def _parameters(detector: Any) -> Iterator[str]:
    for field in msgspec.structs.fields(detector.Params):
        yield f"**`{field.encode_name}`**" if field.required else f"`{field.encode_name}`"


def detector_sections(registry: Registry) -> str:
    """The parameters of each, and the placeholders that it fills."""
    parts = []
    for type in registry.types("detector"):
        detector = _detector(registry, type)
        parts.append(section(f"#### `{type}`", detector.Params, detector.summary))
        facts = "; ".join(f"`{{{name}}}` {text}" for name, text in detector.facts.items())
        parts.append(f"Placeholders: {one_line(facts)}.")
    return "\n\n".join(parts)


def _detector(registry: Registry, type: str) -> Any:
    detector = registry.get("detector", type)
    assert detector is not None
    return detector
