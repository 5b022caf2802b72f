"""Why an alert began: its rule's place, and what each condition found in the signal."""

import sqlite3

from msgspec import Struct

from sentinel.engine.book import Book
from sentinel.engine.conditions import Line
from sentinel.engine.rules import Rule
from sentinel.model.alert import Alert
from sentinel.model.decision import Match
from sentinel.model.signal import KIND_OF, Signal
from sentinel.store import decisions, signals


class Why(Struct, frozen=True):
    """`source` is the rule's `file:line`. `lines` are its conditions, held against the signal
    that began the alert; `matches` say how that signal was accounted for, under each rule that
    it met. `notes` say what could not be told.
    """

    source: str | None
    signal: int | None
    lines: list[Line]
    matches: list[Match]
    notes: list[str]


def why(conn: sqlite3.Connection, alert: Alert, book: Book | None) -> Why:
    """Without a book, the part that only the configuration knows is left out."""
    rule = book.rules.by_name.get(alert.rule) if book else None
    signal = signals.get(conn, alert.signal) if alert.signal else None
    notes = []
    if book and rule is None:
        notes.append(f"The rule {alert.rule} is not in the configuration any more.")
    if not alert.signal:
        notes.append("No signal began it: the detector found this while none came.")
    elif signal is None:
        notes.append("The signal that began it is older than what is kept.")
    lines: list[Line] = []
    if rule and signal:
        lines = rule.condition.explain(signal) if rule.kind == KIND_OF[type(signal)] else []
        if not _still_begins(rule, signal, alert):
            notes.append(
                "The rule has been changed since: as it is now, this signal would not begin "
                "this alert."
            )
    return Why(
        source=rule.source if rule else None,
        signal=alert.signal or None,
        lines=lines,
        matches=decisions.matches_of(conn, alert.signal) if alert.signal else [],
        notes=notes,
    )


def _still_begins(rule: Rule, signal: Signal, alert: Alert) -> bool:
    return (
        rule.kind == KIND_OF[type(signal)]
        and rule.condition.matches(signal)
        and rule.key(signal) == alert.key
    )
