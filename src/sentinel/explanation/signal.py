"""What became of a signal, and which rules it only just missed."""

import sqlite3
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sentinel.engine.book import Book
from sentinel.engine.conditions import Line
from sentinel.engine.rules import Rule, encode_key
from sentinel.explanation import past
from sentinel.explanation.windows import WindowView, window_of
from sentinel.explanation.wording import group_text, several
from sentinel.model.alert import Alert
from sentinel.model.decision import Match
from sentinel.model.signal import KIND_OF, AnySignal, Error
from sentinel.store import alerts, decisions, signals

_MOST_MISSES = 10


class Met(Struct, frozen=True, kw_only=True):
    """A rule whose conditions the signal meets. `compared`: it does not meet them and is only
    what the rule compares with. `window` is as it is now; None where nothing is left of it."""

    rule: str
    source: str
    compared: bool
    group: str
    lines: list[Line]
    window: WindowView | None


class Missed(Struct, frozen=True, kw_only=True):
    """A rule of which some conditions held and others did not."""

    rule: str
    source: str
    held: int
    lines: list[Line]


class SignalExplanation(Struct, frozen=True, kw_only=True):
    """`signal` is without its payload. `matches` say how it was accounted for when it came, `met`
    what the rules make of it as they are now. `missed` are the nearest of the rules of its kind
    that it does not meet; of `others` no condition holds."""

    at: float
    headline: str
    kind: str
    signal: AnySignal
    matches: list[Match]
    alerts: list[Alert]
    met: list[Met]
    missed: list[Missed]
    others: int
    notes: list[str]


def explain_signal(
    conn: sqlite3.Connection,
    number: int,
    book: Book | None,
    now: float,
    at: float | None = None,
) -> SignalExplanation | None:
    """None where there is no such signal, or it is older than what is kept, or came after `at`.
    Without a book, what only the configuration knows is left out."""
    signal = signals.get(conn, number)
    if signal is None or (at is not None and signal.received > at):
        return None
    if isinstance(signal, Error):
        signal = replace(signal, payload={})
    matches = decisions.matches_of(conn, number)
    met = list(_met(conn, signal, book, now)) if book else []
    known = {one.rule for one in met}
    missed, others = _missed(signal, book, known) if book else ([], 0)
    return SignalExplanation(
        at=now if at is None else min(at, now),
        headline=_headline(number, matches, missed, knows=book is not None),
        kind=KIND_OF[type(signal)],
        signal=signal,
        matches=matches,
        alerts=list(_alerts(conn, matches, at)),
        met=met,
        missed=missed[:_MOST_MISSES],
        others=others,
        notes=list(_notes(matches, met)) if book else [],
    )


def _met(conn: sqlite3.Connection, signal: AnySignal, book: Book, now: float) -> Iterator[Met]:
    for entry in book.rules.matching(signal):
        rule, key = entry.rule, entry.rule.key(signal)
        yield Met(
            rule=rule.name,
            source=rule.source,
            compared=not entry.counts,
            group=group_text(key),
            lines=_lines(rule, signal),
            window=window_of(conn, rule, (rule.name, encode_key(key)), now),
        )


def _missed(signal: AnySignal, book: Book, met: set[str]) -> tuple[list[Missed], int]:
    """Those of which a condition holds, the nearest first, and how many there are of which none
    does."""
    found, others = [], 0
    for rule in book.rules.by_name.values():
        if rule.name in met or rule.kind != KIND_OF[type(signal)]:
            continue
        lines = _lines(rule, signal)
        held = sum(line.held for line in lines)
        if held:
            found.append(Missed(rule=rule.name, source=rule.source, held=held, lines=lines))
        else:
            others += 1
    return sorted(found, key=lambda one: (len(one.lines) - one.held, -one.held)), others


def _lines(rule: Rule, signal: AnySignal) -> list[Line]:
    """Those of the rule's `of` too, where the signal has to meet both."""
    kind, population = KIND_OF[type(signal)], rule.population
    lines = rule.condition.explain(signal) if rule.kind == kind else []
    if population is not None and population.kind == kind:
        lines = [*lines, *population.condition.explain(signal)]
    return lines


def _alerts(
    conn: sqlite3.Connection, matches: Sequence[Match], at: float | None
) -> Iterator[Alert]:
    for number in dict.fromkeys(one.alert for one in matches if one.alert is not None):
        alert = alerts.get(conn, number)
        if alert is not None and at is not None:
            alert = past.alert_at(alert, decisions.of_alert(conn, number), at)
        if alert is not None:
            yield alert


def _headline(
    number: int, matches: Sequence[Match], missed: Sequence[Missed], *, knows: bool
) -> str:
    if matches:
        return f"Signal {number} {several(map(_outcome_text, matches))}."
    if not knows:
        return f"Signal {number} met no rule when it came."
    if not missed:
        return f"Signal {number} met no rule, and no condition of any rule of its kind holds."
    nearest = missed[0]
    failed = next(line for line in nearest.lines if not line.held)
    return (
        f"Signal {number} met no rule. The nearest, {nearest.rule}, wanted {failed.field} "
        f"{failed.wanted} and found {failed.found}."
    )


def _outcome_text(match: Match) -> str:
    match match.outcome:
        case "opened":
            return f"opened alert {match.alert} of the rule {match.rule}"
        case "merged":
            return f"was merged into alert {match.alert} of the rule {match.rule}"
        case "suppressed":
            return f"was not judged by the rule {match.rule} ({match.reason})"
        case "waiting":
            where = f"in alert {match.alert}, pending then," if match.alert else "in its window"
            return f"was counted {where} by the rule {match.rule}"


def _notes(matches: Sequence[Match], met: Sequence[Met]) -> Iterator[str]:
    then = {one.rule for one in matches}
    now = {one.rule for one in met if not one.compared}
    for rule in sorted(then - now):
        yield f"The rule {rule} has been changed, or removed, since: it no longer meets it."
    for rule in sorted(now - then):
        yield f"It meets the rule {rule} as that is now; when it came, it did not."
