"""Durations as Prometheus writes them, in Sentinel's units."""

import re
from typing import Any

from sentinel.model.values import Duration

_WHOLE = re.compile(r"(?:\d{1,9}(?:ms|[smhdwy]))+")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")


def length(text: Any) -> Duration | None:
    """None for what is no duration. A year has 365 days, as in Prometheus; a bare 0 is none."""
    text = str(text)
    if text == "0":
        return Duration(0)
    if not _WHOLE.fullmatch(text):
        return None
    days = _PART.sub(lambda m: f"{int(m[1]) * 365}d" if m[2] == "y" else m[0], text)
    try:
        return Duration.parse(days)
    except ValueError:
        # Some thousands of millions of years.
        return None
