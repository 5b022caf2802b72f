"""Scalars as Prometheus and Alertmanager read them: Go's YAML knows more booleans."""

from typing import Any

_TRUE = frozenset(("true", "yes", "on", "y"))
_FALSE = frozenset(("false", "no", "off", "n"))


def text_of(value: Any) -> str:
    """Numbers and booleans are texts where a text is wanted."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def flag_of(value: Any) -> bool | None:
    """None for what is no boolean."""
    word = text_of(value).lower()
    return True if word in _TRUE else False if word in _FALSE else None
