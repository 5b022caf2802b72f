"""The number that a signal carries, and lengths of time in words."""

from sentinel.api import AnySignal, Duration

KINDS = frozenset({"metric", "status", "checkin", "span"})
"""The kinds that carry a number."""

LARGEST = 1e30
"""Nothing that a system measures is larger, and the square of it is still far from infinity."""

_FIELDS = {"Metric": "value", "Status": "latency", "Checkin": "duration", "Span": "duration"}


def reading(signal: AnySignal) -> float | None:
    """A metric's value, a status' latency, a check-in's or a span's duration.

    None where there is none, or none to learn from: not a number, infinite, beyond `LARGEST`.
    """
    value = getattr(signal, _FIELDS[type(signal).__name__])
    if value is None or not abs(value) <= LARGEST:
        return None
    return float(value)


def lasting(seconds: float) -> str:
    """As `3h20m`: as exact as a person wants to know it."""
    unit = 1 if seconds < 600 else 60 if seconds < 172_800 else 3600
    return str(Duration(round(seconds / unit) * unit))
