"""Silences as people ask for them: what is refused, what one would keep quiet, and the matchers
that meet given alerts. The same for the API, the pages and the command line."""

from sentinel.silencing.prefill import matchers_for
from sentinel.silencing.preview import Preview, preview_of
from sentinel.silencing.request import Times, checked, read_matchers

__all__ = [
    "Preview",
    "Times",
    "checked",
    "matchers_for",
    "preview_of",
    "read_matchers",
]
