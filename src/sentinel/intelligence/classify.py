"""The operator's own word on errors, compiled: fingerprint, severity and category."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from sentinel.engine.conditions import Condition, compile_where
from sentinel.model.signal import Category, Error, Severity


class Entry(Struct, frozen=True):
    condition: Condition
    fingerprint: tuple[str, ...] = ()
    severity: Severity | None = None
    category: Category | None = None


class Answers(Struct):
    """What is empty or None is left to the grouping, the catalog and the level to say."""

    fingerprint: tuple[str, ...] = ()
    severity: Severity | None = None
    category: Category | None = None


class Classifier:
    """For each answer, the first entry that meets the error and gives it wins."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries = entries

    def answers(self, error: Error) -> Answers:
        found = Answers()
        for entry in self._entries:
            if entry.condition.matches(error):
                found.fingerprint = found.fingerprint or entry.fingerprint
                found.severity = found.severity or entry.severity
                found.category = found.category or entry.category
        return found


def make_entry(
    where: Mapping[str, Any],
    fingerprint: Sequence[str] = (),
    severity: Severity | None = None,
    category: Category | None = None,
) -> Entry:
    return Entry(compile_where(where), tuple(fingerprint), severity, category)
