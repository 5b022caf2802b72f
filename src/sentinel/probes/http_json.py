"""A JSON answer, and the values in it by their paths."""

from typing import Any

import msgspec

LONGEST_QUOTE = 60
MISSING = object()
_EXAMPLES = "counts.companies or checks.0.name"


class Unreadable(Exception):
    """The answer is no JSON document; the text says why, for a person."""


def document(body: bytes, whole: bool) -> Any:
    """`whole` is False where the body was longer than what was read of it. Raises Unreadable."""
    if not whole:
        raise Unreadable(
            f"the answer is longer than {len(body)} bytes, too long to be read as JSON"
        )
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        begins = quote(body[:200].decode(errors="replace"))
        raise Unreadable(f"the answer is not JSON: it begins {begins}") from error


def checked_path(key: str, path: str) -> str:
    """The path, which may be written with JSONPath's `$.` before it. Raises ValueError for what
    else JSONPath knows, naming the parameter."""
    plain = path.removeprefix("$.")
    if set("$[]*?") & set(plain) or "" in plain.split("."):
        raise ValueError(f"expected a path such as {_EXAMPLES} in `{key}`, found {path!r}")
    return plain


def at(value: Any, path: str) -> Any:
    """`checks.0.name`: keys of objects, and positions in lists. MISSING where there is none."""
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def quote(value: object) -> str:
    text = msgspec.json.encode(value).decode(errors="replace")
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
