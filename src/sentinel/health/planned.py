"""Announced maintenance of components: time that does not count as being down."""

from collections.abc import Iterable, Sequence

from sentinel.config.model import MaintenanceConfig
from sentinel.engine.intervals import spans
from sentinel.engine.matchers import Matcher, all_hold, parse_matchers
from sentinel.model.uptime import Span

Window = tuple[float, float]
"""From when to when, in seconds since 1970 UTC."""


_NAMES = ("component", "service")


class Announced:
    """What was announced between two times, as the configuration has it now."""

    def __init__(
        self, maintenance: Iterable[MaintenanceConfig], since: float, until: float
    ) -> None:
        self._known: list[tuple[tuple[Matcher, ...], list[Window]]] = []
        for one in maintenance:
            matchers = parse_matchers(one.matchers)
            # One that asks for more is about some alerts, and perhaps not about their component.
            if matchers and all(matcher.label in _NAMES for matcher in matchers):
                self._known.append((matchers, list(spans(one.during, since, until))))

    def of(self, component: str) -> list[Window]:
        """In order, and without overlaps."""
        labels = dict.fromkeys(_NAMES, component)
        found = sorted(
            window
            for matchers, windows in self._known
            if all_hold(matchers, labels)
            for window in windows
        )
        merged: list[Window] = []
        for began, ended in found:
            if merged and began <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], ended)
            else:
                merged.append((began, ended))
        return merged


def apart(times: Iterable[Span], windows: Sequence[Window]) -> tuple[list[Span], list[Span]]:
    """The times without what was down within the windows, and just that. Both in order."""
    kept: list[Span] = []
    planned: list[Span] = []
    for span in times:
        at = span.began
        for began, ended in windows if span.state == "down" else ():
            low, high = max(at, began), min(span.ended, ended)
            if low >= high:
                continue
            if at < low:
                kept.append(Span(at, low, span.state))
            planned.append(Span(low, high, span.state))
            at = high
        if at < span.ended:
            kept.append(Span(at, span.ended, span.state))
    return kept, planned
