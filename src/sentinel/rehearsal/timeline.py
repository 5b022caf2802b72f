"""What was decided around the moments at which expectations were not met."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from sentinel.model.decision import Decision
from sentinel.rehearsal.history import History
from sentinel.rehearsal.result import Failure, Gap, Line, Mark
from sentinel.rehearsal.words import name_of

# More would have to be scrolled through; what led to the moment says more than what followed. With
# several failures, each has its share, but no less than the least.
_BEFORE, _AFTER = 17, 8
_LEAST = 4


def timeline(history: History, failures: Sequence[Failure]) -> tuple[Line | Mark | Gap, ...]:
    """Empty where nothing failed."""
    return tuple(_timeline(history, sorted(failures, key=lambda one: (one.at, one.line))))


def _timeline(history: History, failures: Sequence[Failure]) -> Iterator[Line | Mark | Gap]:
    number = len(history.decisions)
    times = [history.since_start(decision.at) for decision in history.decisions]
    before, after = (max(_LEAST, most // max(1, len(failures))) for most in (_BEFORE, _AFTER))
    shown = 0
    for position, failure in enumerate(failures):
        middle = bisect_right(times, failure.at)
        yield from _gap(max(shown, middle - before) - shown)
        shown = max(shown, middle - before)
        yield from _lines(history, shown, middle)
        yield Mark(failure.at, failure.line)
        shown = middle
        until = min(number, middle + after)
        if position + 1 < len(failures):
            until = min(until, bisect_right(times, failures[position + 1].at))
        yield from _lines(history, shown, until)
        shown = until
    if failures:
        yield from _gap(number - shown)


def _gap(decisions: int) -> Iterator[Gap]:
    if decisions:
        yield Gap(decisions)


def _lines(history: History, first: int, end: int) -> Iterator[Line]:
    for decision in history.decisions[first:end]:
        what = decision.verb.replace("_", " ")
        if decision.verb == "not_delivered":
            what = f"{what} ({decision.reason})"
        at = history.since_start(decision.at)
        yield Line(at, what, _about(history, decision), decision.text)


def _about(history: History, decision: Decision) -> str:
    alert = history.alerts.get(decision.alert or 0)
    if alert is not None:
        return name_of(alert.rule, alert.key)
    if decision.incident is not None:
        return f"incident {decision.incident}"
    return decision.rule or "-"
