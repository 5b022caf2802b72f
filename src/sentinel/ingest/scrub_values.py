"""Where the value of a `key=value`, `"key": "value"` or `Key: value` inside a text ends.

Each scan stops where the value stops, so that the whole text is read once.
"""

import re

_OPENING = re.compile(rb"""\s{0,4}(?:[bruBRU]{0,2})(\\{0,15})(["'`])""")
_BARE = re.compile(rb"""[ \t]{0,4}((?:[^\s"'`,;&<>()\[\]{}\\]|\\[^"'nrt])*)""")
# `Digest username="bob", response="…"` has quotes within its value.
_LINE = re.compile(rb"""[ \t]{0,4}((?:=\\{0,8}"[^"\r\n]*"|[^\r\n"'\\]|\\[^"'nr])*)""")
_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}


def quoted(data: bytes, at: int) -> tuple[int, int] | None:
    """The span inside the quotes that open at `at`, or None where none open.

    In JSON inside JSON a quote carries backslashes, 1, 3 or 7 of them; the closing quote carries
    as many. A text that was cut off may lack it: then all the rest is the value.
    """
    opening = _OPENING.match(data, at)
    if not opening:
        return None
    start, slashes, quote = opening.end(), len(opening[1]), opening[2]
    end = start
    while (end := data.find(quote, end)) >= 0:
        run = end
        while run > start and data[run - 1] == 0x5C:
            run -= 1
        extra = end - run - slashes
        if extra >= 0 and extra % (2 * (slashes + 1)) == 0:
            return start, end - slashes
        end += 1
    return start, len(data)


def bare(data: bytes, at: int) -> tuple[int, int]:
    """The span of an unquoted value: a word, a list, or a call such as `SecretStr('x')`."""
    match = _BARE.match(data, at)
    if not match:
        return at, at
    start, end = match.span(1)
    following = data[end : end + 1]
    if following in (b'"', b"'") and start < end and (inner := quoted(data, end)):
        return start, inner[1] + 1
    if following in _CLOSING:
        closing = data.find(_CLOSING[following], end)
        end = closing + 1 if closing >= 0 else len(data)
    return start, end


def encoded(data: bytes, at: int) -> tuple[int, int]:
    """The span of a value behind `%3D`, which an `&` ends that is encoded or not."""
    start, end = bare(data, at)
    stop = data.find(b"%26", start, end)
    return start, end if stop < 0 else stop


def line(data: bytes, at: int) -> tuple[int, int]:
    """The span of an unquoted header's value: the rest of the line."""
    match = _LINE.match(data, at)
    return match.span(1) if match else (at, at)
