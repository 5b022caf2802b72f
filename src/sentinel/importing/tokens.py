"""Cuts a PromQL expression into tokens."""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from sentinel.errors import SentinelError

Kind = Literal["word", "number", "duration", "text", "sign", "end"]
_LONGEST = 10_000
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+(?![A-Za-z0-9_.]))
      | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
      | (?P<sign>=~|!~|==|!=|>=|<=|[-+*/%^<>=(){}\[\],:@])
    """,
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class NotUnderstood(SentinelError):
    """An expression that is not of the subset; the text says what stands in its way."""


class Token(Struct, frozen=True):
    kind: Kind
    text: str


def tokens_of(text: str) -> Iterator[Token]:
    """Raises NotUnderstood for what no token begins with."""
    if len(text) > _LONGEST:
        raise NotUnderstood(f"the expression is longer than {_LONGEST} characters")
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotUnderstood(f"found {text[position]!r}, which begins nothing that is known")
        kind = match.lastgroup or ""
        if kind == "text":
            yield Token("text", _unquoted(match[0]))
        elif kind != "space":
            yield Token(kind, match[0])  # type: ignore[arg-type]
        position = match.end()
    yield Token("end", "")


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    return inner if text[0] == "`" else _ESCAPE.sub(_character, inner)


def _character(match: re.Match[str]) -> str:
    hexadecimal = match[1] or match[2] or match[3]
    if hexadecimal or match[4]:
        code = int(hexadecimal, 16) if hexadecimal else int(match[4], 8)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise NotUnderstood(f"found the escape {match[0]}, which is no character")
        return chr(code)
    if match[5] not in _NAMED and match[5] not in "\\\"'":
        raise NotUnderstood(f"found the escape {match[0]}, which Prometheus does not have")
    return _NAMED.get(match[5], match[5])
