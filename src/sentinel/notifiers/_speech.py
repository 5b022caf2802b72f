"""A message as it is said aloud."""

# ruff: noqa: RUF001

import re

_LINK = re.compile(r"\(?https?://\S+")
_SAID = {
    ">=": " at least ",
    "<=": " at most ",
    "%": " percent",
    "&": " and ",
    "+": " plus ",
    "=": " equals ",
    "<": " below ",
    ">": " above ",
    "@": " at ",
    "≥": " at least ",
    "≤": " at most ",
    "→": " to ",
}
_SIGNS = re.compile("|".join(map(re.escape, _SAID)))
# A name of letters and digits that programs use: its parts are words.
_JOINT = re.compile(r"(?<=\w)_+|_+(?=\w)|(?<=[a-z])(?=[A-Z][a-z])")
_PAUSE = re.compile(r"[·•|/\\;()\[\]{}]+|\n\s*\n|\s[-–—]+\s|(?:\.\.\.|…)")
_UNSAID = re.compile(r"[^\w\s.,:?!'%-]+")
_GROUPS = re.compile(r"(?<=\d),(?=\d{3}\b)")
# Read digit by digit: the many of them mean no amount.
_LONG_NUMBER = re.compile(r"\d{7,}")
# Voices spell out what is written in capitals: right for SMS, tiresome for DELIVERY.
_CAPITALS = re.compile(r"\b[A-Z]{5,}\b")
# Of several pauses, which links and brackets leave behind, the last one.
_DOUBLED = re.compile(r"(?:\s*[,.:;])*\s*([,.:?!])\s")
_LONGEST = 600


def spoken(text: str) -> str:
    """Without links, signs and the spelling of programs. Bounded: nobody listens for long."""
    text = _LINK.sub("", text)
    text = _GROUPS.sub("", text)
    text = _SIGNS.sub(lambda found: _SAID[found[0]], text)
    text = _JOINT.sub(" ", text)
    text = _CAPITALS.sub(lambda found: found[0].lower(), text)
    text = _PAUSE.sub(", ", text)
    text = _LONG_NUMBER.sub(lambda found: " ".join(found[0]), text)
    text = _UNSAID.sub(" ", text)
    text = _DOUBLED.sub(r"\1 ", f"{text} ")
    return re.sub(r"\s+", " ", text).strip(" ,:")[:_LONGEST].rstrip()
