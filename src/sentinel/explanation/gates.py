"""What keeps an alert quiet at this moment, and what lets it pass."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from sentinel.engine import gates
from sentinel.engine.book import Book
from sentinel.engine.inhibition import Inhibition
from sentinel.engine.matchers import Matchers, all_hold, parse_matchers
from sentinel.engine.rests import rest_of
from sentinel.engine.routing import Route
from sentinel.explanation.upcoming import dnd_at
from sentinel.model.alert import Alert
from sentinel.model.rest import DoNotDisturb, Rest
from sentinel.model.silence import Silence
from sentinel.store import alerts, silences

Kind = Literal["silenced", "maintenance", "inhibited", "muted"] | Rest
_PASSED: dict[Kind, str] = {
    "silenced": "no silence matches it",
    "maintenance": "no maintenance that is on matches it",
    "inhibited": "no alert that fires inhibits it",
    "muted": "no mute time of its routes is on",
    "quiet_hours": "nobody who is told has quiet hours",
    "digest": "nobody who is told hears of it in a digest",
    "do_not_disturb": "nobody who is told wants to be left alone now",
}


class GateLine(Struct, frozen=True, kw_only=True):
    kind: Kind
    closed: bool
    text: str
    until: float | None = None


class _Surroundings(Struct, frozen=True, kw_only=True):
    book: Book
    now: float
    alerts: Mapping[int, Alert]
    silences: Mapping[int, Silence]
    matchers_of: Mapping[int, Matchers]
    inhibition: Inhibition


def lines(
    conn: sqlite3.Connection,
    book: Book,
    alert: Alert,
    routes: Iterable[Route],
    people: Iterable[str],
    now: float,
) -> list[GateLine]:
    """Every gate that is closed, and for each kind of which none is, that it lets the alert
    pass. `routes` are those that take it, `people` those who are told or are next."""
    closed = [
        *_of_alert(conn, book, alert, now),
        *_of_routes(routes, now),
        *_of_people(book, dnd_at(conn, now), alert, people, now),
    ]
    kinds = {one.kind for one in closed}
    passed = [
        GateLine(kind=kind, closed=False, text=text)
        for kind, text in _PASSED.items()
        if kind not in kinds
    ]
    return [*closed, *passed]


def _of_alert(conn: sqlite3.Connection, book: Book, alert: Alert, now: float) -> Iterator[GateLine]:
    kinds: dict[str, Kind] = {one: one for one in ("silenced", "maintenance", "inhibited")}
    for gate in gates.closed_for(_surroundings(conn, book, alert, now), alert):
        yield GateLine(kind=kinds[gate.reason], closed=True, text=gate.text, until=gate.until)


def _surroundings(conn: sqlite3.Connection, book: Book, alert: Alert, now: float) -> _Surroundings:
    lasting = {one.id: one for one in silences.lasting(conn, now)}
    # Every alert that fires has to be read to know what inhibits one; most can't be inhibited.
    is_target = any(all_hold(one.target, alert.labels) for one in book.inhibit)
    firing = [one for one in alerts.unresolved(conn) if one.active] if is_target else []
    inhibition = Inhibition(book.inhibit)
    for one in firing:
        inhibition.add(one)
    return _Surroundings(
        book=book,
        now=now,
        alerts={one.id: one for one in firing},
        silences=lasting,
        matchers_of={one.id: parse_matchers(one.matchers) for one in lasting.values()},
        inhibition=inhibition,
    )


def _of_routes(routes: Iterable[Route], now: float) -> Iterator[GateLine]:
    for route in routes:
        if (gate := gates.of_route(route, now)) is not None:
            yield GateLine(kind="muted", closed=True, text=gate.text, until=gate.until)


def _of_people(
    book: Book,
    dnd: Mapping[str, DoNotDisturb],
    alert: Alert,
    people: Iterable[str],
    now: float,
) -> Iterator[GateLine]:
    for person in dict.fromkeys(people):
        wait = rest_of(book, dnd, person, alert.severity, now)
        if wait is not None:
            yield GateLine(kind=wait.reason, closed=True, text=wait.text, until=wait.until)
