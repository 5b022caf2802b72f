"""Writes plain data as YAML that Sentinel's own reader reads back the same, with comments."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from sentinel.config.document import plain

_WIDTH = 92
# A time such as 08:00 and the quoted words are something else to other readers of YAML.
_QUOTED = frozenset(("null", "y", "n", "yes", "no", "on", "off"))
_PLAIN = re.compile(
    r"(?:[0-9]+(?:ms|[smhdw]))+"
    r"|[A-Za-z][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*"
    r"|[A-Za-z][A-Za-z0-9_./@-]*:[a-z0-9_.@-]+"
)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


class Noted(Struct, frozen=True):
    """A value with lines of comment above it."""

    value: Any
    comment: Sequence[str] = ()


def emit(data: dict[str, Any]) -> str:
    """`data` is made of dict, list, str, numbers, bool and `Noted`; keys are words. A value of
    None is a section of comments alone."""
    return "".join(f"{line}\n" for line in _mapping(data, ""))


def comment(text: str) -> str:
    """One line of comment, whatever the text holds."""
    return f"# {_one_line(text)}".rstrip()


def scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and plain(text) == text and text.lower() not in _QUOTED:
        return text
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _key(key: str) -> str:
    return key if key == "on" else scalar(key)


def _mapping(data: dict[str, Any], indent: str) -> Iterator[str]:
    for key, item in data.items():
        value, notes = _opened(item)
        yield from (f"{indent}{comment(note)}" for note in notes)
        yield from _entry(f"{indent}{_key(key)}:", value, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if value is None:
        yield head
    elif isinstance(value, dict):
        yield f"{head}" if value else f"{head} {{}}"
        yield from _mapping(value, f"{indent}  ")
    elif isinstance(value, list):
        short = _flow(value)
        if short is not None and len(head) + len(short) < _WIDTH:
            yield f"{head} {short}"
        else:
            yield head
            yield from _items(value, f"{indent}  ")
    else:
        yield f"{head} {scalar(value)}"


def _items(items: list[Any], indent: str) -> Iterator[str]:
    for item in items:
        value, notes = _opened(item)
        yield from (f"{indent}{comment(note)}" for note in notes)
        if isinstance(value, dict) and value:
            lines = list(_mapping(value, f"{indent}  "))
            first = next(n for n, line in enumerate(lines) if not line.lstrip().startswith("#"))
            # A comment of the first key goes above the item's dash.
            yield from (f"{indent}{line.lstrip()}" for line in lines[:first])
            yield f"{indent}- {lines[first].lstrip()}"
            yield from lines[first + 1 :]
        elif isinstance(value, list) and _flow(value) is None:
            yield f"{indent}-"
            yield from _items(value, f"{indent}  ")
        else:
            yield f"{indent}- {_short(value)}"


def _short(value: Any) -> str:
    """On the line of its dash: a scalar, a list of scalars, an empty mapping."""
    if isinstance(value, dict):
        return "{}"
    return _flow(value) or "" if isinstance(value, list) else scalar(value)


def _flow(items: list[Any]) -> str | None:
    """`[a, b]`; None where an item is more than a scalar."""
    if any(isinstance(item, dict | list | Noted) for item in items):
        return None
    return f"[{', '.join(scalar(item) for item in items)}]"


def _opened(item: Any) -> tuple[Any, Sequence[str]]:
    return (item.value, item.comment) if isinstance(item, Noted) else (item, ())


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65_536 else char


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
