"""What clients were and are told: broadcasts, their updates, and whom they concern. Every function
runs inside the caller's transaction."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sentinel.model.broadcast import Broadcast, BroadcastKind, Update
from sentinel.model.client import Contact, Subscription
from sentinel.store import clients

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Broadcast).decode
_UPDATE = (
    "id, broadcast_id AS broadcast, phase, text, state, created, publish_at, published,"
    " actor AS 'by', told, translations, reason"
)
_WAITS = "state IN ('draft', 'held')"
_NOTHING_COMES = (
    "NOT EXISTS (SELECT 1 FROM incidents AS i WHERE i.id = broadcasts.incident_id"
    " AND i.state IN ('open', 'acknowledged')) AND NOT EXISTS (SELECT 1 FROM updates AS u"
    f" WHERE u.broadcast_id = broadcasts.id AND (u.{_WAITS}"
    " OR u.state = 'published' AND u.told IS NULL))"
)


def save(conn: sqlite3.Connection, broadcasts: Iterable[Broadcast]) -> None:
    for one in broadcasts:
        conn.execute(
            "INSERT OR REPLACE INTO broadcasts (id, kind, incident_id, opened, ended, ends,"
            " merged, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.id,
                one.kind,
                one.incident,
                one.opened,
                one.ended,
                one.ends,
                one.merged,
                _encode(one),
            ),
        )
        note_tenants(conn, one.id, one.tenants)


def save_updates(conn: sqlite3.Connection, updates: Iterable[Update]) -> None:
    """What is noted of their telling stays as it is."""
    conn.executemany(
        "INSERT INTO updates (id, broadcast_id, phase, text, state, created, publish_at, published,"
        " actor, translations, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET text = excluded.text, state = excluded.state,"
        " publish_at = excluded.publish_at, published = excluded.published, actor = excluded.actor,"
        " translations = excluded.translations, reason = excluded.reason",
        [
            (
                one.id,
                one.broadcast,
                one.phase,
                one.text,
                one.state,
                one.created,
                one.publish_at,
                one.published,
                one.by,
                _json(one.translations),
                one.reason,
            )
            for one in updates
        ],
    )


def wanted(conn: sqlite3.Connection, now: float) -> tuple[list[Broadcast], list[Update]]:
    """Those of which something may yet come, with all that was said in them."""
    rows = conn.execute(
        "SELECT id, body FROM broadcasts WHERE ended IS NULL OR ends > ?"
        " OR incident_id IN (SELECT id FROM incidents WHERE state IN ('open', 'acknowledged'))"
        f" OR id IN (SELECT broadcast_id FROM updates WHERE {_WAITS}) ORDER BY id",
        (now,),
    ).fetchall()
    return [_decode(row[1]) for row in rows], _updates_of(conn, [row[0] for row in rows])


def get(conn: sqlite3.Connection, number: int) -> Broadcast | None:
    row = conn.execute("SELECT body FROM broadcasts WHERE id = ?", (number,)).fetchone()
    return None if row is None else _decode(row[0])


def get_update(conn: sqlite3.Connection, number: int) -> Update | None:
    row = conn.execute(f"SELECT {_UPDATE} FROM updates WHERE id = ?", (number,)).fetchone()
    return None if row is None else _update(row)


def updates_of(conn: sqlite3.Connection, broadcast: int) -> list[Update]:
    """The oldest first."""
    return _updates_of(conn, [broadcast])


def last_update(conn: sqlite3.Connection) -> int:
    """The highest number of any."""
    return conn.execute("SELECT max(id) FROM updates").fetchone()[0] or 0


def written(conn: sqlite3.Connection, by: str, text: str, after: int) -> Update | None:
    """The update that this person has just written, whose number is above `after`."""
    row = conn.execute(
        f"SELECT {_UPDATE} FROM updates WHERE id > ? AND actor = ? AND text = ?"
        " ORDER BY id LIMIT 1",
        (after, by, text),
    ).fetchone()
    return None if row is None else _update(row)


def waiting(conn: sqlite3.Connection) -> list[Update]:
    """Those that somebody may yet stop or let go; that which goes out first comes first."""
    rows = conn.execute(
        f"SELECT {_UPDATE} FROM updates WHERE {_WAITS} ORDER BY publish_at IS NULL, publish_at, id"
    )
    return [_update(row) for row in rows]


def listing(
    conn: sqlite3.Connection,
    *,
    kind: BroadcastKind | None = None,
    is_open: bool | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Broadcast]:
    """Newest first; `before` is the number of the last one of the page before."""
    rows = conn.execute(
        "SELECT body FROM broadcasts WHERE (?1 IS NULL OR kind = ?1)"
        " AND (?2 IS NULL OR (ended IS NULL) = ?2) AND (?3 IS NULL OR id < ?3)"
        " ORDER BY id DESC LIMIT ?4",
        (kind, is_open, before, limit),
    )
    return [_decode(row[0]) for row in rows]


def of_incident(conn: sqlite3.Connection, incident: int) -> list[Broadcast]:
    """The oldest first."""
    rows = conn.execute(
        "SELECT body FROM broadcasts WHERE incident_id = ? ORDER BY id", (incident,)
    )
    return [_decode(row[0]) for row in rows]


def published(
    conn: sqlite3.Connection, since: float, limit: int = 200
) -> list[tuple[Broadcast, list[Update]]]:
    """Those that clients have heard of and that were going on at some time since, or are yet to
    come; with what was published of them, newest broadcast first. What is merged into another is
    told there."""
    rows = conn.execute(
        "SELECT body FROM broadcasts WHERE (ended IS NULL OR ended >= ? OR ends >= ?) AND id IN"
        " (SELECT broadcast_id FROM updates WHERE state = 'published') ORDER BY id DESC LIMIT ?",
        (since, since, limit),
    ).fetchall()
    found = [one for row in rows if (one := _decode(row[0])).merged is None]
    said = _updates_of(conn, [one.id for one in found])
    return [
        (one, [each for each in said if each.broadcast == one.id and each.state == "published"])
        for one in found
    ]


def forget(conn: sqlite3.Connection, before: float, limit: int) -> int:
    """Those that ended before, the oldest first, with all that was said in them, unless something
    may yet come of them. How many went."""
    over = [
        row[0]
        for row in conn.execute(
            "SELECT id FROM broadcasts WHERE ended < ?1 AND ifnull(ends, 0) < ?1"
            f" AND {_NOTHING_COMES} ORDER BY id LIMIT ?2",
            (before, limit),
        )
    ]
    for statement in (
        "DELETE FROM updates WHERE broadcast_id = ?",
        "DELETE FROM broadcast_tenants WHERE broadcast_id = ?",
        "DELETE FROM broadcasts WHERE id = ?",
    ):
        conn.executemany(statement, [(number,) for number in over])
    return len(over)


def note_tenants(conn: sqlite3.Connection, broadcast: int, tenants: Iterable[str]) -> None:
    """They are, or were, affected."""
    conn.executemany(
        "INSERT OR IGNORE INTO broadcast_tenants (broadcast_id, tenant) VALUES (?, ?)",
        [(broadcast, tenant) for tenant in tenants],
    )


def tenants_of(conn: sqlite3.Connection, broadcast: int) -> list[str]:
    """Those that it affects, by name: the alerts named them, or their signals show it. Those of
    what was merged into it are among them."""
    rows = conn.execute(
        "SELECT DISTINCT tenant FROM broadcast_tenants WHERE broadcast_id IN"
        " (SELECT value FROM json_each(?)) ORDER BY tenant",
        (_json(family(conn, broadcast)),),
    )
    return [row[0] for row in rows]


def family(conn: sqlite3.Connection, broadcast: int) -> list[int]:
    """The broadcast and those that were merged into it."""
    rows = conn.execute(
        "WITH RECURSIVE family(id) AS (SELECT ? UNION"
        " SELECT b.id FROM broadcasts AS b JOIN family ON b.merged = family.id)"
        " SELECT id FROM family",
        (broadcast,),
    )
    return [row[0] for row in rows]


def to_tell(conn: sqlite3.Connection) -> list[Update]:
    """Published, and not yet written for all whom they concern; the oldest first."""
    rows = conn.execute(
        f"SELECT {_UPDATE} FROM updates WHERE state = 'published' AND told IS NULL ORDER BY id"
    )
    return [_update(row) for row in rows]


def mark_told(conn: sqlite3.Connection, update: int) -> int:
    """All deliveries of the update are written; gives their number."""
    row = conn.execute(
        "UPDATE updates SET told = (SELECT count(*) FROM deliveries WHERE update_id = ?1"
        " AND subscription_id IS NOT NULL AND fallback_of IS NULL) WHERE id = ?1 RETURNING told",
        (update,),
    ).fetchone()
    told: int = row[0]
    return told


def told_before(
    conn: sqlite3.Connection, update: Update, after: int, limit: int
) -> list[tuple[Contact, Subscription]]:
    """Who was told of an earlier update of the same broadcast, or of one that was merged into it,
    and still wants to hear: in the order of the subscriptions' numbers, from `after` on."""
    numbers = numbers_told_before(conn, update, after, limit)
    found = (clients.subscriber(conn, number) for number in numbers)
    return [one for one in found if one is not None]


def numbers_told_before(
    conn: sqlite3.Connection, update: Update, after: int = 0, limit: int = -1
) -> list[int]:
    """The numbers of those subscriptions, all of them where there is no limit."""
    rows = conn.execute(
        "SELECT DISTINCT d.subscription_id FROM deliveries AS d"
        " JOIN subscriptions AS s ON s.id = d.subscription_id"
        " WHERE d.update_id IN (SELECT id FROM updates WHERE id < ?2"
        "  AND broadcast_id IN (SELECT value FROM json_each(?1)))"
        " AND d.subscription_id > ?3 AND s.state = 'active' ORDER BY d.subscription_id LIMIT ?4",
        (_json(family(conn, update.broadcast)), update.id, after, limit),
    )
    return [row[0] for row in rows]


def was_told(conn: sqlite3.Connection, update: Update) -> bool:
    """Whether anything was published in the broadcast before this."""
    row = conn.execute(
        "SELECT 1 FROM updates WHERE id < ?2 AND state = 'published'"
        " AND broadcast_id IN (SELECT value FROM json_each(?1)) LIMIT 1",
        (_json(family(conn, update.broadcast)), update.id),
    ).fetchone()
    return row is not None


def spreading(conn: sqlite3.Connection) -> list[tuple[Broadcast, Update | None]]:
    """The broadcasts that go on and of which more tenants may come to be affected, each with its
    latest update, which was told: None where nothing was yet."""
    rows = conn.execute("SELECT body FROM broadcasts WHERE ended IS NULL ORDER BY id").fetchall()
    found = [one for row in rows if (one := _decode(row[0])).audience == "affected"]
    said = _updates_of(conn, [one.id for one in found])
    latest = {each.broadcast: each for each in said if each.told is not None}
    return [(one, latest.get(one.id)) for one in found]


def spread(
    conn: sqlite3.Connection, broadcast: Broadcast, after: int, reach: float
) -> tuple[list[str], int]:
    """The tenants whose signals, from the one after `after` on, belong to the incident of a
    broadcast, without those that were noted: those that its alerts counted, and those with the same
    errors from `reach` seconds before each alert on. And the number of the last signal there is."""
    last: int = conn.execute("SELECT max(seq) FROM signals").fetchone()[0] or 0
    if last <= after:
        return [], after
    found = {
        row[0]
        for row in conn.execute(
            "SELECT DISTINCT s.tenant FROM alerts AS a JOIN matches AS m ON m.alert_id = a.id"
            " JOIN signals AS s ON s.seq = m.signal WHERE a.incident_id = ? AND m.signal > ?"
            " AND s.tenant IS NOT NULL",
            (broadcast.incident, after),
        )
    }
    groups = conn.execute(
        "SELECT group_id, min(started) FROM alerts WHERE incident_id = ? AND group_id IS NOT NULL"
        " GROUP BY group_id",
        (broadcast.incident,),
    ).fetchall()
    for group, began in groups:
        first = conn.execute(
            "SELECT seq FROM signals WHERE received >= ? ORDER BY received LIMIT 1",
            (began - reach,),
        ).fetchone()
        begin = max(after, first[0] - 1) if first else last
        found |= {
            row[0]
            for row in conn.execute(
                "SELECT DISTINCT tenant FROM signals WHERE group_id = ? AND seq > ?"
                " AND tenant IS NOT NULL",
                (group, begin),
            )
        }
    return sorted(found.difference(tenants_of(conn, broadcast.id))), last


def _updates_of(conn: sqlite3.Connection, broadcasts: Sequence[int]) -> list[Update]:
    rows = conn.execute(
        f"SELECT {_UPDATE} FROM updates WHERE broadcast_id IN (SELECT value FROM json_each(?))"
        " ORDER BY id",
        (_json(broadcasts),),
    )
    return [_update(row) for row in rows]


def _update(row: sqlite3.Row) -> Update:
    values: dict[str, Any] = dict(row)
    return Update(**{**values, "translations": msgspec.json.decode(values["translations"])})


def _json(values: Any) -> str:
    return msgspec.json.encode(values).decode()
