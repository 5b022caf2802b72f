"""Text from outside, made fit to be quoted: what can't be seen is made visible, so that it can
neither hide an instruction nor turn the text around it.

The danger of invisible and reordering characters: https://www.unicode.org/reports/tr36/ and
https://trojansource.codes/.
"""

import re
import unicodedata

from msgspec import Struct

_BREAKS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control, format, surrogate, private and unassigned characters.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# They join letters and emoji, and do no harm.
_JOINERS = "\u200c\u200d"
_LONGEST = 20_000


class Quoted(Struct, frozen=True):
    """A short text from outside, which is shown as data and never as words of the report."""

    text: str


Piece = str | Quoted
Line = tuple[Piece, ...]
"""What the report says, with the quoted parts marked."""


def visible(text: str) -> str:
    """The text with `\\n` as its only line break and no character that can't be seen."""
    text = _BREAKS.sub("\n", text[:_LONGEST]).expandtabs(4)
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(_shown(character) for character in text)


def one_line(text: str, limit: int = 300) -> str:
    """As `visible`, on one line of at most `limit` characters."""
    return clip(" ".join(visible(text[: limit * 4]).split()), limit)


def clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def clip_lines(text: str, lines: int, width: int = 160) -> list[str]:
    """The first lines, each cut to the width."""
    found = visible(text).strip("\n").split("\n")
    kept = [clip(line.rstrip(), width) for line in found[:lines]]
    return [*kept, f"… {len(found) - lines} more lines"] if len(found) > lines else kept


def _shown(character: str) -> str:
    if character == "\n" or character in _JOINERS:
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    # Supplementary variation selectors can carry whole hidden messages.
    if unicodedata.category(character) in _UNSEEN or "\U000e0100" <= character <= "\U000e01ef":
        return f"\\u{{{ord(character):x}}}"
    return character
