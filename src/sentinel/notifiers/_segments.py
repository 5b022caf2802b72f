"""How many SMS a text becomes. GSM 03.38 (3GPP TS 23.038, 6.2.1) for the alphabet, 3GPP TS 23.040
for the room that the header of a part takes."""

from collections.abc import Iterable
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each is sent as an escape and a second septet.
_EXTENDED = frozenset("\f^{}\\[~]|€")
_ROOM: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


def encoding_of(text: str) -> Encoding:
    """One character outside of the alphabet makes the whole message UCS-2."""
    return "GSM-7" if _BASIC.issuperset(set(text) - _EXTENDED) else "UCS-2"


def segments(text: str) -> int:
    """The number of parts that are sent, and paid for. None of them for an empty text."""
    if not text:
        return 0
    encoding = encoding_of(text)
    alone, each = _ROOM[encoding]
    costs = [_cost(character, encoding) for character in text]
    return 1 if sum(costs) <= alone else _parts(costs, each)


def _cost(character: str, encoding: Encoding) -> int:
    """In septets, or in units of UTF-16."""
    if encoding == "GSM-7":
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(costs: Iterable[int], room: int) -> int:
    """A character of two units is never torn, so the end of a part may stay empty."""
    parts, used = 1, 0
    for cost in costs:
        if used + cost > room:
            parts, used = parts + 1, 0
        used += cost
    return parts
