"""Values of the application cut down to what may travel: plain, bounded, and safe to make."""

import datetime
import decimal
import enum
import math
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

TEXT = 1024
MESSAGE = 8192
MANY = 50
DEEP = 4
_PLAIN = (
    uuid.UUID,
    decimal.Decimal,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    pathlib.PurePath,
    enum.Enum,
)


def cut(text: str, most: int = TEXT) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def text_of(thing: object, most: int = TEXT) -> str:
    """`str(thing)`, which is the application's code and may raise."""
    try:
        return cut(str(thing), most)
    except Exception as problem:  # noqa: BLE001 - any code may be behind __str__
        return f"<unprintable {type(thing).__name__}: {type(problem).__name__}>"


def plain(value: Any, depth: int = DEEP) -> Any:
    """JSON-ready copy of `value`.

    Of an unknown object only the type is told: its repr could query a database, block, or
    show a secret.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return cut(str(value))
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else text_of(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, _PLAIN):
        return text_of(value)
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if depth and isinstance(value, dict):
        return {text_of(k, 64): plain(v, depth - 1) for k, v in list(value.items())[:MANY]}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth - 1) for item in list(value)[:MANY]]
    return f"<{type(value).__module__}.{type(value).__qualname__}>"


def tags_of(*layers: Mapping[str, Any] | None) -> dict[str, str]:
    """The layers merged, later ones first in rank, as bounded text."""
    tags: dict[str, str] = {}
    for layer in layers:
        for key, value in layer.items() if layer else ():
            if value is not None and len(tags) < MANY:
                tags[text_of(key, 64)] = text_of(value, 200)
    return tags
