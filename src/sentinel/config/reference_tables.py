"""Tables of keys in Markdown, from the records that the checks themselves use."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sentinel.config.suggest import show
from sentinel.config.validation import schema_of
from sentinel.config.wording import alternatives, words
from sentinel.model.values import Duration, Size

Record = type[msgspec.Struct]

_HEAD = ("| key | value | if left out | |", "|---|---|---|---|")


def keys_table(record: Record) -> str:
    """One row for each key; empty for a record without any."""
    rows = list(_rows(record, schema_of(record)))
    return "\n".join([*_HEAD, *rows]) if rows else ""


def section(title: str, record: Record, summary: str | None = None) -> str:
    """The table under a heading and what the record says of itself, or `summary` instead."""
    text = schema_of(record).get("description", "") if summary is None else summary
    described = f"{one_line(text).rstrip('.')}." if text else ""
    table = keys_table(record) or "No parameters of its own."
    return "\n\n".join(filter(None, (title, described, table)))


def one_line(text: str) -> str:
    return " ".join(text.split())


def cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def _rows(record: Record, schema: Mapping[str, Any]) -> Iterator[str]:
    for field in msgspec.structs.fields(record):
        item = schema["properties"][field.encode_name]
        value = cell(words(item, schema["$defs"]))
        description = cell(item.get("description", "").rstrip("."))
        secret = any(branch.get("writeOnly") for branch in alternatives(item))
        value = "a secret" if secret else value
        yield f"| `{field.encode_name}` | {value} | {_default(field)} | {description} |"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "**required**"
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    if value in (None, "", (), [], {}):
        return ""
    if isinstance(value, msgspec.Struct):
        return "see below"
    return f"`{_written(value)}`"


def _written(value: Any) -> str:
    """As it would be written in the YAML."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Size):
        return _size(value)
    if isinstance(value, Duration) and value and value % 86400 == 0:
        return f"{value / 86400:.0f}d"
    return str(value) if isinstance(value, Duration | str) else show(value)


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"
