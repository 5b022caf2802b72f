"""JSON as SDKs really send it."""

import json
import math
from typing import Any

import msgspec

from sentinel.api import Invalid

_LONGEST_INTEGER = 18


def decode(text: bytes, what: str) -> Any:
    """Decode strict JSON fast, and mend what is only nearly JSON.

    NaN and Infinity (older Python SDKs) become null, bytes that are not UTF-8 become U+FFFD and
    half surrogate pairs (JavaScript that cuts a string within an emoji) become `?`. Raises
    Invalid, naming `what`, for everything else and for nesting that no sender means.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError as error:
        raise _too_deep(what) from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _mend(text, what)


def decode_object(text: bytes, what: str) -> dict[str, Any]:
    """As `decode`, for what must be a JSON object."""
    value = decode(text, what)
    if not isinstance(value, dict):
        raise Invalid(f"{what}: found {name_of(value)}, expected a JSON object")
    return value


def name_of(value: Any) -> str:
    """What JSON calls this value's type, with an article."""
    if value is None:
        return "null"
    return _NAMES.get(type(value), "something else")


def _mend(text: bytes, what: str) -> Any:
    try:
        value = json.loads(
            text.decode("utf-8-sig", "replace"),
            parse_constant=_no_number,
            parse_float=_float,
            parse_int=_integer,
        )
        # Writing it out and reading it again leaves only what can be stored.
        return msgspec.json.decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as error:
        raise _too_deep(what) from error
    except ValueError as error:
        raise Invalid(f"{what} is not valid JSON: {error}") from error


def _no_number(_: str) -> None:
    return None


def _float(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _integer(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else _float(digits)


def _too_deep(what: str) -> Invalid:
    return Invalid(f"{what} is nested too deeply: hundreds of levels, expected at most some dozens")


_NAMES: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}
