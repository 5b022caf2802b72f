"""Cuts what stands in a fact to values that can be compared safely."""

from hashlib import blake2b

LONGEST_TEXT = 200
LARGEST_NUMBER = 1e15


def canonical(value: object) -> str | None:
    """A text that is equal for values equal in type and value; None where it counts as missing.

    Integers and floats are one type: number. Of a long text the beginning and a hash are kept.
    """
    # A boolean is an integer to Python, so it is asked for first.
    if isinstance(value, bool):
        return "b1" if value else "b0"
    if isinstance(value, str):
        return "s" + _bounded(str.__str__(value))
    if isinstance(value, int | float):
        # NaN fails this comparison too. Adding zero turns -0.0 into 0.0.
        fits = -LARGEST_NUMBER <= value <= LARGEST_NUMBER
        return f"n{float(value) + 0.0!r}" if fits else None
    return None


def _bounded(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    # Lone surrogates come in with JSON and have no UTF-8 of their own.
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{text[:LONGEST_TEXT]}…{digest}"
