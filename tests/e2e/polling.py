"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_PAUSE = 0.02


def until(look: Callable[[], _T], what: str, seconds: float = 15.0) -> _T:
    """The first answer of `look` that counts as true; fails saying what did not happen."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}; last seen: {found!r}")
        time.sleep(_PAUSE)
    return found
