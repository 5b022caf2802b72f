"""What a rule watches, what it has found lately, and why it fires or does not."""

import sqlite3
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sentinel.engine.book import Book
from sentinel.engine.rules import Rule
from sentinel.explanation import past
from sentinel.explanation.rule_words import Pair, words
from sentinel.explanation.windows import WindowView, count_of, latest_of
from sentinel.intelligence.wording import clock_time, counted
from sentinel.model.alert import Alert
from sentinel.model.decision import Decision
from sentinel.store import alerts, decisions, signals

_DAY = 86_400.0
# A day of a flood is more than is worth counting while somebody waits.
_MOST_SIGNALS = 500_000
_MOST_WINDOWS = 10
_MOST_ALERTS, _SHOWN_ALERTS = 1_000, 20


class OutcomeCount(Struct, frozen=True):
    outcome: str
    reason: str
    number: int


class RuleExplanation(Struct, frozen=True, kw_only=True):
    """`windows` is the number of groups that are watched and `latest` the most recent of them, as
    they are now. `alerts` are the latest of those that are not over. `matches` count the signals
    that met the rule since `matched_since`. `off` says why the rule is off; None where nothing
    says that it is. `kind_seen` is when the latest signal of the rule's kind came.
    """

    at: float
    headline: str
    name: str
    source: str | None
    rule: list[Pair]
    off: str | None
    windows: int
    latest: list[WindowView]
    alerts: list[Alert]
    matches: list[OutcomeCount]
    matched_since: float
    kind_seen: float | None
    decisions: list[Decision]
    notes: list[str]


def explain_rule(
    conn: sqlite3.Connection,
    name: str,
    book: Book | None,
    now: float,
    at: float | None = None,
) -> RuleExplanation | None:
    """None where the configuration has no such rule and nothing is kept of one. Without a book,
    what only the configuration knows is left out."""
    at = now if at is None else min(at, now)
    rule = book.rules.by_name.get(name) if book else None
    made = decisions.of_rule(conn, name, at)
    latest = alerts.last_of_rule(conn, name, at)
    if rule is None and latest is None and not made:
        return None
    is_past = at < now
    since, matches = _matches(conn, name, at)
    off = _off(conn, name, made, at)
    seen = signals.latest_of_kind(conn, rule.kind) if rule else None
    number = 0 if is_past else count_of(conn, name)
    windows = latest_of(conn, rule, _MOST_WINDOWS, now) if rule and not is_past else []
    current = list(_alerts(conn, name, at, is_past=is_past))
    return RuleExplanation(
        at=at,
        headline=_headline(name, rule, current, matches, windows, latest, off, seen, at),
        name=name,
        source=rule.source if rule else None,
        rule=words(rule) if rule else [],
        off=off,
        windows=number,
        latest=windows,
        alerts=current[:_SHOWN_ALERTS],
        matches=matches,
        matched_since=since,
        kind_seen=seen,
        decisions=made,
        notes=list(_notes(name, book, rule, is_past=is_past)),
    )


def _matches(conn: sqlite3.Connection, name: str, at: float) -> tuple[float, list[OutcomeCount]]:
    """Those of the last day; of a flood, of its latest signals. With the time they go back to."""
    first, since = signals.last_before(conn, at - _DAY) + 1, at - _DAY
    last = signals.last_before(conn, at)
    if last - first >= _MOST_SIGNALS:
        first = last - _MOST_SIGNALS + 1
        oldest = signals.get(conn, first)
        since = since if oldest is None else oldest.received
    return since, [OutcomeCount(*row) for row in decisions.outcomes_of(conn, name, first, last)]


def _off(conn: sqlite3.Connection, name: str, made: Sequence[Decision], at: float) -> str | None:
    """A rule whose detector failed is off until the next start or reload, of which the store does
    not know: a signal that was judged since, or an alert, says that it is on again."""
    failed = next((one for one in made if one.verb == "detector_failed"), None)
    if failed is None or any(one.at > failed.at and one.alert is not None for one in made):
        return None
    first = signals.last_before(conn, failed.at) + 1
    if decisions.was_judged(conn, name, first, signals.last_before(conn, at)):
        return None
    return f"since {clock_time(failed.at, at)}: {failed.text}"


def _alerts(conn: sqlite3.Connection, name: str, at: float, *, is_past: bool) -> Iterator[Alert]:
    for alert in alerts.of_rule(conn, name, at, _MOST_ALERTS):
        if not is_past:
            yield alert
        elif (then := past.alert_at(alert, decisions.of_alert(conn, alert.id), at)) is not None:
            yield then


def _headline(
    name: str,
    rule: Rule | None,
    current: Sequence[Alert],
    matches: Sequence[OutcomeCount],
    windows: Sequence[WindowView],
    latest: Alert | None,
    off: str | None,
    seen: float | None,
    at: float,
) -> str:
    if off is not None:
        return f"{name} is off {off}."
    firing = sum(one.active for one in current)
    pending = sum(one.state == "pending" for one in current)
    if firing or pending:
        least = "at least " if len(current) == _MOST_ALERTS else ""
        parts = [
            f"fires for {least}{counted(firing, 'group')}" if firing else "",
            f"is pending for {least}{counted(pending, 'group')}" if pending else "",
        ]
        return f"{name} {' and '.join(filter(None, parts))}."
    if latest is None:
        last = "It has never fired."
    else:
        last = f"Its latest alert, {latest.id}, began at {clock_time(latest.started, at)}."
    if rule is not None and seen is None:
        return f"{name} does not fire: no {rule.kind} signal has ever come. {last}"
    met = sum(one.number for one in matches)
    if not met:
        return f"{name} does not fire: no signal has met its conditions lately. {last}"
    state = f" The latest window: {windows[0].text}." if windows else ""
    return f"{name} does not fire: {counted(met, 'signal')} met its conditions.{state} {last}"


def _notes(name: str, book: Book | None, rule: Rule | None, *, is_past: bool) -> Iterator[str]:
    if book is not None and rule is None:
        yield f"The rule {name} is not in the configuration any more."
    if is_past:
        yield "What was in its windows then is not kept."
