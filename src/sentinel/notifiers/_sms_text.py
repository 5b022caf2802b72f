"""What an SMS says: in the alphabet that costs least, and no longer than may be paid for."""

# ruff: noqa: RUF001

import re

from sentinel.notifiers._segments import segments

_CUT = "..."
_LINK = re.compile(r"https?://\S+")
_MOST_CHARACTERS = 160
# A word that would leave this much of the room empty is cut as well.
_LONG_WORD = 30
# What typography adds for the eye. A letter with an accent is part of a name, and stays.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\t\u00a0\u202f\u205f\u3000", " "),
        **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
        **dict.fromkeys("\u2028\u2029", "\n"),
        **dict.fromkeys("‘’‚‛′`´‹›", "'"),
        **dict.fromkeys("“”„″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−·•●", "-"),
        "…": "...",
        "×": "x",
        "÷": "/",
        "→": "->",
        "←": "<-",
        "≥": ">=",
        "≤": "<=",
        "≠": "!=",
        "≈": "~",
        "µ": "u",
        "°": " deg",
        "™": "(TM)",
        "©": "(c)",
        "®": "(R)",
        # Carriage returns, and what is not seen: zero widths, directions, variation selectors.
        **dict.fromkeys("\r\u00ad\ufeff"),
        **dict.fromkeys(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F)))),
        **dict.fromkeys(map(chr, (*range(0x2060, 0x2070), *range(0xFE00, 0xFE10)))),
    }
)


def plain(text: str) -> str:
    """The same text with as few characters outside of GSM-7 as its meaning allows."""
    # A sentence that was cut ends with a full stop of its own.
    text = re.sub(r"\.{4,}", "...", text.translate(_PLAIN))
    kept = (one for one in text if one == "\n" or one.isprintable())
    lines = (re.sub(r" {2,}", " ", line).strip() for line in "".join(kept).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


def fitted(text: str, most: int) -> str:
    """The text in at most so many segments. What is too long loses the end of what stands before
    its last link: a link is there whole, or not at all."""
    text = plain(text)
    if segments(text) <= most:
        return text
    links = list(_LINK.finditer(text))
    if links:
        head = text[: links[-1].start()].rstrip()
        for tail in (text[links[-1].start() :], links[-1][0]):
            cut = _cut(head, f" {tail}", most)
            if cut is not None:
                return cut
        text = head or text
    cut = _cut(text, "", most)
    return cut if cut is not None else ""


def _cut(head: str, tail: str, most: int) -> str | None:
    """As much of the head as fits before the tail; None where not even the tail fits."""
    if segments(head + tail) <= most:
        return (head + tail).strip()
    # More than this never fits, and what is measured again and again had better be short.
    head = head[: _MOST_CHARACTERS * most]
    inside = {
        place for found in _LINK.finditer(head) for place in range(found.start() + 1, found.end())
    }
    ends = [end for end in range(len(head) - 1, 0, -1) if end not in inside]
    anywhere = _first_fitting(head, ends, tail, most)
    if anywhere is None:
        return tail.strip() if segments(tail.strip()) <= most else None
    between_words = [end for end in ends if head[end].isspace() and end <= anywhere]
    clean = between_words[0] if between_words else 0
    end = clean if anywhere - clean <= _LONG_WORD else anywhere
    return f"{head[:end].rstrip()}{_CUT}{tail}"


def _first_fitting(head: str, ends: list[int], tail: str, most: int) -> int | None:
    texts = ((end, f"{head[:end].rstrip()}{_CUT}{tail}") for end in ends)
    return next((end for end, text in texts if segments(text) <= most), None)
