"""What fixed more than one of several incidents, and how often it held."""

import re
from collections import defaultdict
from collections.abc import Iterable

from sentinel.model.resolution import Similar, Tried

_WORD = re.compile(r"\w+")


def tried(found: Iterable[Similar]) -> tuple[Tried, ...]:
    """What held most often first. The same words are the same fix, however they are written."""
    by_words: dict[tuple[str, ...], list[Similar]] = defaultdict(list)
    for one in found:
        if one.fix:
            by_words[tuple(_WORD.findall(one.fix.text.casefold()))].append(one)
    counted = [_counted(same) for same in by_words.values() if len(same) > 1]
    return tuple(sorted(counted, key=lambda one: (one.came_back - one.held, -one.times, one.text)))


def _counted(same: list[Similar]) -> Tried:
    latest = max(same, key=lambda one: one.resolved)
    return Tried(
        text=latest.fix.text if latest.fix else "",
        times=len(same),
        held=sum(one.held is True for one in same),
        came_back=sum(one.held is False for one in same),
    )
