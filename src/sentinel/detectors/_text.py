"""Values of fields as text: signals hold what others sent."""

import hashlib
import math
from typing import Any

_LONGEST_SHOWN = 200


def text_of(value: Any) -> str | None:
    """As it would stand in YAML; None for no value, and for a number that is none."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if math.isfinite(value) else None
    return str(value)


def shown(text: str) -> str:
    """Short enough for a state, and made of characters that can be written."""
    short = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return short.encode("utf-8", "replace").decode()


def digest(text: str) -> int:
    """64 bits that stand for a text of any length.

    Of 10,000 texts two are taken for one with a probability of 3 in 10^12.
    """
    hashed = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(hashed.digest(), "big")
