"""The question who would be called: as people put it, and answered by what is set now."""

import re
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from sentinel.engine.book import Book
from sentinel.engine.calendar_text import WEEKDAYS, parse_clock
from sentinel.errors import Invalid
from sentinel.model.alert import AlertSeverity
from sentinel.on_call.request import moment_of
from sentinel.on_call.trial import Case, Trial, tried
from sentinel.store import overrides, rests, silences

SEVERITIES: tuple[AlertSeverity, ...] = get_args(AlertSeverity)
MOST_LABELS = 50
FARTHEST = 5 * 366 * 86_400.0
"""How far from now may be asked for, in seconds."""

_LONGEST = 500
_LABEL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*?)\s*", re.DOTALL)


def answer(conn: sqlite3.Connection, book: Book, case: Case, now: float) -> Trial:
    """With the silences, overrides and rests that are set now. Raises Invalid for a route that
    there is not."""
    try:
        return tried(
            book,
            case,
            silences=silences.lasting(conn, now),
            resting=rests.lasting(conn, now),
            overrides=overrides.between(conn, min(now, case.at), float("inf")),
        )
    except KeyError as error:
        raise Invalid(f"route: found {case.route!r}, which there is not") from error


def case_of(
    *,
    at: str,
    severity: str,
    labels: Iterable[str],
    route: str | None,
    zone: ZoneInfo,
    now: float,
) -> Case:
    """`at` is a time as `moment_in` reads it, `labels` are texts such as `team=web`; one named
    severity goes before `severity`. Raises Invalid."""
    known = labels_of(labels)
    word = known.pop("severity", severity)
    found = next((one for one in SEVERITIES if one == word), None)
    if found is None:
        raise Invalid(f"severity: found {word[:100]!r}, expected one of {', '.join(SEVERITIES)}")
    moment = moment_in(at, zone, now)
    if abs(moment - now) > FARTHEST:
        raise Invalid("at: found a time more than five years away, expected a nearer one")
    return Case(at=moment, severity=found, labels=known, route=route)


def labels_of(texts: Iterable[str]) -> dict[str, str]:
    """Raises Invalid for a text that is none."""
    found: dict[str, str] = {}
    for text in texts:
        if not text.strip():
            continue
        match = _LABEL.fullmatch(text)
        if match is None or len(text) > _LONGEST:
            raise Invalid(f"labels: found {text[:100]!r}, expected a label such as team=web")
        found[match[1]] = match[2].strip('"')
    if len(found) > MOST_LABELS:
        raise Invalid(f"labels: found {len(found)}, expected at most {MOST_LABELS}")
    return found


def moment_in(text: str, zone: ZoneInfo, now: float) -> float:
    """`now`, `Sun 03:00` for the next one from now on, `03:00`, or a date with a time. Raises
    Invalid."""
    words = text.strip().lower().split()
    if words == ["now"]:
        return now
    if words and ":" in words[-1] and len(words) <= 2 and "-" not in text:
        return _next(words, zone, now)
    try:
        return moment_of(text, zone, "at")
    except Invalid as error:
        raise Invalid(f"{error}; or in words: now, 03:00, Sun 03:00") from error


def _next(words: list[str], zone: ZoneInfo, now: float) -> float:
    names = [name for name in WEEKDAYS if len(words) == 2 and words[0] in (name, name[:3])]
    if len(words) == 2 and not names:
        raise Invalid(f"at: found {words[0][:50]!r}, expected a weekday such as Sun")
    try:
        minute = parse_clock(words[-1])
    except ValueError as error:
        raise Invalid(f"at: {error}") from error
    today = datetime.fromtimestamp(now, zone).date()
    for ahead in range(9):
        day = today + timedelta(days=ahead)
        if names and WEEKDAYS[day.isoweekday() % 7] != names[0]:
            continue
        wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
        if wall.timestamp() >= now:
            return wall.timestamp()
    raise AssertionError("every weekday comes within nine days")
