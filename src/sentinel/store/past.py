"""What is remembered of incidents to compare new ones with, longer than their details are kept."""

import sqlite3
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from sentinel.model.alert import Alert, Incident
from sentinel.store import alerts, changes, groups, resolutions

HOLDS = 7 * 86_400.0
"""A fix has held when what it fixed did not come back for so long."""
_MOST = 20
_BEFORE = 900.0
_encode = msgspec.json.Encoder().encode


class Picture(Struct, frozen=True, kw_only=True):
    """An incident by what others can be like. `groups` are the error groups of its alerts with the
    root's first, `places` its services and components, `changes` what was made shortly before."""

    id: int
    title: str
    rule: str
    code: str | None = None
    tenant: str | None = None
    cause: str = ""
    groups: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    opened: float
    resolved: float | None = None


_decode = msgspec.json.Decoder(Picture).decode


def picture_of(conn: sqlite3.Connection, incident: Incident) -> Picture:
    own = alerts.of_incident(conn, incident.id)
    root = [alert for alert in own if alert.id == incident.root]
    numbers = [incident.group, *(alert.group for alert in [*root, *own])]
    distinct = tuple(n for n in dict.fromkeys(numbers) if n is not None)[:_MOST]
    found = [groups.get(conn, number) for number in distinct]
    made = changes.before(conn, incident.opened, _BEFORE)
    return Picture(
        id=incident.id,
        title=incident.title,
        # Without alerts it was folded into another one, and is like nothing.
        rule=incident.rule if own else "",
        code=incident.code if own else None,
        tenant=incident.tenant,
        cause=incident.cause,
        groups=distinct,
        codes=_distinct(alert.code for alert in own),
        errors=tuple(group.title for group in found if group is not None),
        places=_distinct(place for alert in own for place in places_of(alert)),
        changes=_distinct(f"{one.kind} {one.service or one.component or ''}" for one in made),
        opened=incident.opened,
        resolved=incident.resolved,
    )


def places_of(alert: Alert) -> list[str]:
    """The service and the component that its signals named, as labels or otherwise."""
    said = {**alert.about, **alert.key, **alert.labels}
    return [said[name] for name in ("service", "component") if said.get(name)]


def get(conn: sqlite3.Connection, number: int) -> Picture | None:
    row = conn.execute("SELECT body FROM past_incidents WHERE id = ?", (number,)).fetchone()
    return None if row is None else _decode(row[0])


def remember(conn: sqlite3.Connection, incident: Incident) -> None:
    """Note it, or note it anew. An action that helped counts as what fixed it, until a person says
    otherwise."""
    picture = picture_of(conn, incident)
    fix = resolutions.get(conn, incident.id)
    if fix is None and incident.resolved is not None:
        fix = resolutions.by_action(conn, incident.id)
        if fix is not None:
            resolutions.put(conn, fix)
    conn.execute(
        "INSERT OR REPLACE INTO past_incidents (id, code, group_id, rule, opened, resolved, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            picture.id,
            picture.code,
            picture.groups[0] if picture.groups else None,
            picture.rule,
            picture.opened,
            picture.resolved,
            _encode(picture),
        ),
    )
    conn.execute("DELETE FROM past_words WHERE rowid = ?", (picture.id,))
    if picture.resolved is not None and picture.rule:
        conn.execute(
            "INSERT INTO past_words (rowid, title, codes, errors, places, changes, fix)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (picture.id, picture.title, *_words(picture), fix.text if fix else ""),
        )


def _words(picture: Picture) -> list[str]:
    return [
        " ".join(texts)
        for texts in (picture.codes, picture.errors, picture.places, picture.changes)
    ]


def learn(conn: sqlite3.Connection, since: float, most: int) -> int:
    """Note at most so many incidents that are new or have ended, of those that did not end before
    a time; returns how many."""
    rows = conn.execute(
        "SELECT body FROM incidents WHERE id > (SELECT coalesce(max(id), 0) FROM past_incidents)"
        " AND coalesce(resolved, ?1) >= ?1 UNION ALL"
        " SELECT i.body FROM past_incidents AS p JOIN incidents AS i ON i.id = p.id"
        " WHERE p.resolved IS NULL AND i.state = 'resolved' LIMIT ?2",
        (since, most),
    )
    found = [alerts.decode_incident(row[0]) for row in rows]
    for incident in found:
        remember(conn, incident)
    return len(found)


def held(conn: sqlite3.Connection, picture: Picture, now: float) -> bool | None:
    """Whether nothing with the same root came back within a week of its end; None while that is
    too early to say."""
    if picture.resolved is None:
        return None
    column, value = root_of(picture)
    came_back = conn.execute(
        f"SELECT 1 FROM past_incidents WHERE {column} = ?1 AND id <> ?2 AND opened > ?3"
        " AND opened <= ?4 AND (?5 IS NULL"
        "  OR coalesce(json_extract(CAST(body AS TEXT), '$.tenant'), ?5) = ?5) LIMIT 1",
        (value, picture.id, picture.resolved, picture.resolved + HOLDS, picture.tenant),
    ).fetchone()
    if came_back:
        return False
    return True if now - picture.resolved >= HOLDS else None


def root_of(picture: Picture) -> tuple[str, str | int]:
    """The column, and its value, that incidents with the same root share."""
    if picture.code is not None:
        return "code", picture.code
    if picture.groups:
        return "group_id", picture.groups[0]
    return "rule", picture.rule


def forget(conn: sqlite3.Connection, before: float, most: int) -> int:
    """Forget at most so many that ended before a time, with what fixed them; returns how many were
    looked at."""
    rows = conn.execute(
        "SELECT id FROM past_incidents WHERE resolved < ? ORDER BY resolved LIMIT ?",
        (before, most),
    )
    numbers = [(row[0],) for row in rows]
    # The newest one says up to where incidents have been looked at.
    last = conn.execute("SELECT max(id) FROM past_incidents").fetchone()[0]
    conn.executemany("DELETE FROM past_words WHERE rowid = ?", numbers)
    conn.executemany("DELETE FROM resolutions WHERE incident_id = ?", numbers)
    gone = [one for one in numbers if one[0] != last]
    conn.executemany("DELETE FROM past_incidents WHERE id = ?", gone)
    return len(numbers)


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:_MOST]
