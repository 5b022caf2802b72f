"""Whether a colour can be read against another, and what it takes to make it so.

The contrast ratio is that of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
"""

LEAST = 4.5
"""For text of common size (success criterion 1.4.3)."""
_STEPS = 64


def contrast(one: str, other: str) -> float:
    """From 1 to 21, of two colours such as `#17507f`."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, paper: str) -> str:
    """The colour nearest to this one, of the same hue, that can be read on the paper."""
    ink = 0 if _luminance(paper) > 0.5 else 255
    for step in range(_STEPS + 1):
        found = _mixed(colour, ink, step / _STEPS)
        if contrast(found, paper) >= LEAST:
            return found
    return found


def _mixed(colour: str, with_grey: int, share: float) -> str:
    parts = (round(part + (with_grey - part) * share) for part in _parts(colour))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
