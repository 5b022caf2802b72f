"""Keeps secrets out of what is said about a configuration."""

import re
from collections.abc import Iterator
from typing import Any

from sentinel.config.document import Document, KeyPath
from sentinel.config.suggest import shape, show
from sentinel.model.values import hidden

HIDDEN = "***"

_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)?|secret|token|credential|(api|auth|private|access|signing)_?key"
    r"|\bkey\b|\bdsn\b|authorization|cookie",
    re.IGNORECASE,
)
# An address with a user in it mostly holds a password too.
_URL_WITH_USER = re.compile(r"://[^/\s]*@")


def is_secret(path: KeyPath) -> bool:
    """Whether a key of this path is named like something that must not be shown."""
    return any(isinstance(part, str) and bool(_SECRET_KEY.search(part)) for part in path)


def told(document: Document, path: KeyPath, value: Any, *, secret: bool = False) -> str:
    """How a value may be told: as it is, as the reference it came from, or hidden."""
    if isinstance(value, list | dict) or value is None:
        return show(value)
    if secret or is_secret(path):
        return f"{HIDDEN} ({shape(value)})"
    if path in document.references:
        return f"the value of {document.references[path]}"
    if isinstance(value, str) and _URL_WITH_USER.search(value):
        return f"{HIDDEN} (an address with a user)"
    return show(value)


def hide(document: Document, data: Any, text: str, secret_keys: frozenset[str]) -> str:
    """The text, which others wrote about the data, without its secrets and without values that
    came from references. `secret_keys` are keys of the data that hold secrets, however named."""
    values = set(_secrets(data, (), secret_keys)) | set(_referred(document))
    return hidden(text, sorted(values, key=len, reverse=True))


def _secrets(value: Any, path: KeyPath, keys: frozenset[str]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets(item, (*path, key), keys)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, path, keys)
    elif value not in (None, "") and (is_secret(path) or not keys.isdisjoint(path)):
        yield str(value)


def _referred(document: Document) -> Iterator[str]:
    for path in document.references:
        value = document.at(path)
        if value != "":
            yield str(value)
