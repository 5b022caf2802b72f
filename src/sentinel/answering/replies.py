"""What people write back, in few words: `ack`, `1a`, `close 4`, `ack all`.

Only the first line counts, as mail programs and telephones add more below. What is not wholly
understood is nothing: it is answered with help, and never acted on.
"""

import re
import unicodedata
from typing import Literal

from msgspec import Struct

Asking = Literal["acknowledge", "resolve", "escalate", "list", "help"]

_WORDS: dict[str, Asking] = {
    **dict.fromkeys(("a", "ack", "acknowledge", "acknowledged", "take", "mine"), "acknowledge"),
    **dict.fromkeys(("c", "close", "closed", "r", "resolve", "resolved"), "resolve"),
    **dict.fromkeys(("e", "esc", "escalate"), "escalate"),
    **dict.fromkeys(("l", "list", "status", "who"), "list"),
    **dict.fromkeys(("h", "help", "?"), "help"),
}
# Said around it, and changing nothing.
_IDLE = frozenset({"incident", "incidents", "please", "pls", "thanks", "thx", "and", "it"})
_ALL = frozenset({"all", "everything"})
_AROUND = " \t\"'`´‘’‚“”„«»‹›()[]{}<>.,;:!*_-–—…\u00a0"  # noqa: RUF001 - typed by telephones
_BETWEEN = re.compile(r"[\s,;+&/]+")
_JOINED = re.compile(r"(?:([a-z]{1,12})#?([0-9]{1,9})|#?([0-9]{1,9})([a-z]{1,12}))")
_NUMBER = re.compile(r"#?([0-9]{1,9})")
_LONGEST = 200
_MOST_NUMBERS = 20

HELP = (
    "Reply with a number and a letter: 4a takes incident 4, 4c closes it, 4e calls the next one. "
    "ack all takes all, list names them."
)
"""Fits into one SMS."""


class Asked(Struct, frozen=True):
    """`incidents` are those that were named; with `everything` all that the person was told of.
    With neither, the one that is meant if there is only one."""

    verb: Asking
    incidents: tuple[int, ...] = ()
    everything: bool = False


def read(text: str) -> Asked | None:
    """None where it is not clear what is wanted."""
    words = _words(text)
    if words is None:
        return None
    verbs: list[Asking] = []
    numbers: list[int] = []
    everything = False
    for word in words:
        if word in _IDLE:
            continue
        if word in _ALL:
            everything = True
        elif word in _WORDS:
            verbs.append(_WORDS[word])
        elif (plain := _NUMBER.fullmatch(word)) is not None:
            numbers.append(int(plain[1]))
        elif (joined := _JOINED.fullmatch(word)) is not None:
            letters = joined[1] or joined[4]
            if letters not in _WORDS:
                return None
            verbs.append(_WORDS[letters])
            numbers.append(int(joined[2] or joined[3]))
        else:
            return None
    return _meant(verbs, numbers, everything)


def _words(text: str) -> list[str] | None:
    # What keyboards write wide, and what is not seen, is meant as what it looks like.
    wide = unicodedata.normalize("NFKC", text[:2_000])
    text = "".join(one for one in wide if unicodedata.category(one) != "Cf")
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line.strip(_AROUND) or "?" in line), "")
    if len(first) > _LONGEST or first.startswith(">"):
        return None
    parts = (part.strip(_AROUND) for part in _BETWEEN.split(first.casefold()))
    return [part for part in parts if part]


def _meant(verbs: list[Asking], numbers: list[int], everything: bool) -> Asked | None:
    """One thing only: several at once would have to be done in an order that nobody gave."""
    if len(set(verbs)) != 1 or len(numbers) > _MOST_NUMBERS:
        return None
    verb, named = verbs[0], tuple(dict.fromkeys(numbers))
    if verb in ("list", "help"):
        return Asked(verb)
    # Everything is taken in one go, and closed one by one.
    if everything and (verb != "acknowledge" or named):
        return None
    return Asked(verb, named, everything)
