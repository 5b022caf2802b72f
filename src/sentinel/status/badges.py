"""A badge for other people's pages: two words and a shape, as a small SVG. Pure."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from sentinel.intelligence.untrusted import one_line
from sentinel.status.facts import PartState
from sentinel.status.words import STATES

_FILLS: Mapping[PartState, str] = {
    "up": "#0f8a7d",
    "degraded": "#945900",
    "partial": "#8f1d2c",
    "down": "#8f1d2c",
    "maintenance": "#4a6a86",
    "unknown": "#56616b",
}
_SHAPES: Mapping[PartState, str] = {
    "up": '<path d="M3 7.5l3 3 5-6.500"/>',
    "degraded": '<path d="M7 2.500L12.500 12h-11z"/>',
    "partial": '<path d="M7 2l5 5-5 5-5-5z"/>',
    "down": '<path d="M3 3l8 8m0-8l-8 8"/>',
    "maintenance": '<path d="M11.500 3.500a3 3 0 01-4 3.600L4 10.700a1.300 1.300 0 01-1.900-1.900'
    'l3.600-3.500a3 3 0 013.600-4L7.800 2.900l.4 1.900 1.900.4z"/>',
    "unknown": '<circle cx="7" cy="7" r="4.500"/>',
}
_FONT = "Verdana,DejaVu Sans,sans-serif"
_LONGEST = 60
_NARROW, _WIDE = frozenset("iIjl.,:;'|!()[]ft r"), frozenset("mwMWOQ%@&")


def badge(label: str, state: PartState) -> bytes:
    """`label` is what it is about."""
    label, word = one_line(label, _LONGEST), STATES[state]
    left, right = _length(label) + 14, _length(word) + 30
    whole = left + right
    told = escape(f"{label}: {word}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" '
        f'aria-label="{_quoted(told)}"><title>{told}</title>'
        f'<path fill="#2f373e" d="M3 0h{left - 3}v20h-{left - 3}a3 3 0 01-3-3v-14a3 3 0 013-3z"/>'
        f'<path fill="{_FILLS[state]}" d="M{left} 0h{right - 3}a3 3 0 013 3v14a3 3 0 01-3 3'
        f'h-{right - 3}z"/>'
        f'<g transform="translate({left + 6} 3)" fill="none" stroke="#fff" stroke-width="1.6" '
        f'stroke-linecap="round" stroke-linejoin="round">{_SHAPES[state]}</g>'
        f'<g fill="#fff" font-family="{_FONT}" font-size="11">'
        f'<text x="7" y="14" textLength="{left - 14}">{escape(label)}</text>'
        f'<text x="{left + 23}" y="14" textLength="{right - 30}">{word}</text></g></svg>\n'
    ).encode()


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;")


def _length(text: str) -> int:
    """About how wide it is in 11 px; the text is then set to exactly this."""
    return round(sum(4.2 if c in _NARROW else 9.6 if c in _WIDE else _other(c) for c in text))


def _other(character: str) -> float:
    # Beyond the alphabets of Europe most characters are about as wide as they are high.
    return 11.0 if ord(character) > 0x2E7F else 7.0 if character.islower() else 7.8
