"""Value types that configuration and plugin parameters share: durations, sizes, secrets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(?:(\d{1,9}(?:\.\d{1,9})?)(ms|[smhdw]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_SIZES = {"B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*(B|KB|MB|GB)")


class Duration(float):
    """Seconds, written as `30s`, `5m`, `1h30m`, `7d`. Prints as it is written."""

    __slots__ = ()
    pattern = r"^(\d{1,9}(\.\d{1,9})?(ms|s|m|h|d|w))+$"
    expected = "a duration such as 30s, 5m, 1h30m or 7d"

    @classmethod
    def parse(cls, text: Any) -> "Duration":
        """Raises ValueError for anything but a string of numbers with units."""
        if not isinstance(text, str) or not _DURATION.fullmatch(text):
            raise ValueError(f"expected {cls.expected}, found {text!r}")
        return cls(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))

    def __str__(self) -> str:
        if not self:
            return "0s"
        parts, rest = [], round(float(self), 3)
        for unit in ("w", "d", "h", "m"):
            whole, rest = divmod(rest, _UNITS[unit])
            if whole:
                parts.append(f"{whole:.0f}{unit}")
        if rest:
            parts.append(f"{rest:g}s")
        return "".join(parts)


class Size(int):
    """Bytes, written as `10MB`."""

    __slots__ = ()
    pattern = r"^\d{1,15}(\.\d{1,9})?\s*(B|KB|MB|GB)$"
    expected = "a size such as 500KB or 10MB"

    @classmethod
    def parse(cls, text: Any) -> "Size":
        """Raises ValueError for anything but a number with a unit."""
        match = _SIZE.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise ValueError(f"expected {cls.expected}, found {text!r}")
        return cls(float(match[1]) * _SIZES[match[2]])


_ANYWHERE = 6


class Secret:
    """A string that never shows itself in a repr, a log or an error."""

    __slots__ = ("_text",)
    pattern = ""
    expected = "a string; better a reference such as ${MY_SECRET} or ${credential:NAME}"

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def parse(cls, text: Any) -> "Secret":
        if not isinstance(text, str):
            raise ValueError(f"expected {cls.expected}, found {type(text).__name__}")
        return cls(text)

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"


def secrets_in(value: Any) -> tuple[str, ...]:
    """The texts of all secrets in a record, however deep; the longest first, as one may hold
    another."""
    found = {secret.reveal() for secret in _secrets(value) if secret}
    return tuple(sorted(found, key=len, reverse=True))


def redacted(text: str, params: Any) -> str:
    """The text, which others wrote, without the secrets among these parameters."""
    return hidden(text, secrets_in(params))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without these, the longest of which come first. One of few letters is hidden where
    it stands by itself: within words it would take the text away and give the secret."""
    for secret in secrets:
        if len(secret) >= _ANYWHERE:
            text = text.replace(secret, "***")
        else:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", text)
    return text


def _secrets(value: Any) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
        return
    if isinstance(value, msgspec.Struct):
        value = [getattr(value, name) for name in value.__struct_fields__]
    elif isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _secrets(item)


_VALUES = (Duration, Size, Secret)


def duration(text: str) -> Any:
    """A record field whose default is this duration."""
    return msgspec.field(default_factory=lambda: Duration.parse(text))


def size(text: str) -> Any:
    """A record field whose default is this size."""
    return msgspec.field(default_factory=lambda: Size.parse(text))


def decode_value(kind: type, value: Any) -> Any:
    """msgspec `dec_hook` for the types of this module."""
    if issubclass(kind, _VALUES):
        return value if isinstance(value, kind) else kind.parse(value)
    raise NotImplementedError(f"no decoder for {kind}")


def schema_of_value(kind: type) -> dict[str, Any]:
    """msgspec `schema_hook` for the types of this module."""
    if issubclass(kind, _VALUES):
        schema: dict[str, Any] = {"type": "string", "description": kind.expected}
        return {**schema, "pattern": kind.pattern} if kind.pattern else schema
    raise NotImplementedError(f"no schema for {kind}")


def to_record(kind: type[_T], data: Any) -> _T:
    """Turns plain YAML data into a typed record. Raises msgspec.ValidationError."""
    return msgspec.convert(data, kind, dec_hook=decode_value)
