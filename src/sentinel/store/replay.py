"""What was stored in a span of time, read again in the order in which it came."""

import sqlite3
from collections.abc import Iterator
from heapq import merge
from typing import Any

import msgspec
import zstandard
from msgspec import Struct, field
from msgspec.structs import replace

from sentinel.model.decision import Decision
from sentinel.model.delivery import DeliveryIntent, Recipient
from sentinel.model.signal import AnySignal, Error
from sentinel.model.silence import Silence

_BATCH = 500
_VERBS = (
    "alert_fired",
    "alert_resolved",
    "incident_opened",
    "incident_rerooted",
    "incident_resolved",
)


class Extent(Struct, frozen=True):
    """The signals of a span: how many, and their numbers, `first` to `last`."""

    count: int
    first: int
    last: int


class KnownAlert(Struct, frozen=True):
    """As much of an alert as tells it apart. `key` holds the values of the rule's `by` fields."""

    id: int
    rule: str
    key: dict[str, str]
    incident: int | None = None
    fired: float | None = None


Told = tuple[Decision | DeliveryIntent, KnownAlert | None]
"""What was decided or was to be sent; a decision about an alert comes with that alert."""


class _Lean(Error, tag="error", frozen=True, kw_only=True):
    """An error whose payload is skipped: it is nearly all of the body, and no rule reads it."""

    payload: dict[str, Any] = field(name="-", default_factory=dict)


_error = msgspec.json.Decoder(_Lean).decode
_other = msgspec.json.Decoder(AnySignal).decode
_alert = msgspec.json.Decoder(KnownAlert).decode
_silence = msgspec.json.Decoder(Silence).decode


def extent(conn: sqlite3.Connection, since: float, until: float) -> Extent:
    """Of the signals received from `since` to `until`."""
    row = conn.execute(
        "SELECT count(*), min(seq), max(seq) FROM signals WHERE received >= ? AND received <= ?",
        (since, until),
    ).fetchone()
    return Extent(row[0], row[1] or 0, row[2] or 0)


def kept(conn: sqlite3.Connection) -> tuple[float, float] | None:
    """When the oldest and the newest signal of all were received."""
    row = conn.execute(
        # One by one, each is the end of an index.
        "SELECT (SELECT min(received) FROM signals), (SELECT max(received) FROM signals)"
    ).fetchone()
    return None if row[0] is None else (row[0], row[1])


def signals(
    conn: sqlite3.Connection, since: float, until: float, within: Extent
) -> Iterator[list[AnySignal]]:
    """The signals of the extent in batches, in the order in which the engine took them: errors
    without their payload, but with their groups.

    Each batch is a read of its own. One long one would keep the daemon from folding its log into
    the database, which would then grow for as long as this takes.
    """
    decompress = zstandard.ZstdDecompressor().decompress
    cursor = conn.cursor()
    cursor.row_factory = None
    seen = within.first - 1
    while True:
        # By number and not by the index on the times, which knows nothing of that order.
        rows = cursor.execute(
            "SELECT seq, kind, group_id, body FROM signals NOT INDEXED WHERE seq > ? AND seq <= ?"
            " AND received >= ? AND received <= ? ORDER BY seq LIMIT ?",
            (seen, within.last, since, until, _BATCH),
        ).fetchall()
        if not rows:
            return
        seen = rows[-1][0]
        yield [
            _as_given(_error(decompress(body)), seq, group)
            if kind == "error"
            else replace(_other(decompress(body)), seq=seq)
            for seq, kind, group, body in rows
        ]


def silences(conn: sqlite3.Connection, since: float, until: float) -> list[Silence]:
    """Those that held at some time of the span, oldest first."""
    rows = conn.execute(
        "SELECT body FROM silences WHERE ends > ? AND starts < ? ORDER BY id", (since, until)
    )
    return [_silence(row[0]) for row in rows]


def standing(
    conn: sqlite3.Connection, since: float
) -> tuple[list[KnownAlert], list[tuple[int, KnownAlert]]]:
    """The alerts that had begun before `since` and were not over; and the incidents, each with
    the alert at its root."""
    alerts = conn.execute(
        "SELECT body FROM alerts WHERE started < ?1 AND (resolved IS NULL OR resolved >= ?1)"
        " ORDER BY id",
        (since,),
    )
    incidents = conn.execute(
        "SELECT i.id, a.body FROM incidents AS i"
        " JOIN alerts AS a ON a.id = json_extract(CAST(i.body AS TEXT), '$.root')"
        " WHERE i.opened < ?1 AND (i.resolved IS NULL OR i.resolved >= ?1) ORDER BY i.id",
        (since,),
    )
    return [_alert(row[0]) for row in alerts], [(row[0], _alert(row[1])) for row in incidents]


def events(conn: sqlite3.Connection, since: float, until: float) -> Iterator[Told]:
    """What was decided about alerts and incidents, and what was to be sent, in the order of
    time. What a channel's fallback sent in another's place is left out: no rule decides it."""
    yield from merge(_decisions(conn, since, until), _deliveries(conn, since, until), key=_time_of)


def _time_of(pair: Told) -> float:
    return pair[0].at


def _decisions(conn: sqlite3.Connection, since: float, until: float) -> Iterator[Told]:
    rows = conn.execute(
        "SELECT d.at, d.verb, d.reason, d.rule, d.alert_id, d.incident_id, a.body"
        " FROM decisions AS d LEFT JOIN alerts AS a ON a.id = d.alert_id"
        f" WHERE d.at >= ? AND d.at <= ? AND d.verb IN ({', '.join('?' * len(_VERBS))})"
        " ORDER BY d.at, d.id",
        (since, until, *_VERBS),
    )
    for at, verb, reason, rule, alert, incident, body in rows:
        decision = Decision(
            at=at, verb=verb, reason=reason, text="", rule=rule, alert=alert, incident=incident
        )
        yield decision, None if body is None else _alert(body)


def _deliveries(conn: sqlite3.Connection, since: float, until: float) -> Iterator[Told]:
    rows = conn.execute(
        "SELECT channel, address, person, reason, incident_id, severity, created, also"
        " FROM deliveries WHERE created >= ? AND created <= ? AND fallback_of IS NULL"
        " AND incident_id IS NOT NULL ORDER BY created, id",
        (since, until),
    )
    for channel, address, person, reason, incident, severity, created, also in rows:
        intent = DeliveryIntent(
            recipient=Recipient(channel, address, person),
            reason=reason,
            incident=incident,
            severity=severity,
            at=created,
            also=msgspec.json.decode(also, type=tuple[int, ...]),
        )
        yield intent, None


def _as_given(error: _Lean, seq: int, group: int | None) -> Error:
    """The very record that the engine was given: it knows a signal's kind by its type. The number
    and the group stand in columns alone."""
    fields = msgspec.structs.asdict(error)
    return Error(**{**fields, "seq": seq, "group": group})
