"""What other processes on this machine ask of the daemon. Whoever may write the database may
command; a daemon that does not run finds what was asked when it starts."""

import sqlite3

import msgspec
from msgspec.structs import replace

from sentinel.engine.commands import Command

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Command).decode


def ask(conn: sqlite3.Connection, command: Command, actor: str, now: float) -> int:
    """Write it down for the daemon; gives the number by which `waits` knows it."""
    row = conn.execute(
        "INSERT INTO commands (at, actor, body) VALUES (?, ?, ?) RETURNING id",
        (now, actor, _encode(command)),
    ).fetchone()
    return int(row[0])


def waits(conn: sqlite3.Connection, number: int) -> bool:
    """Whether the daemon has not taken it yet."""
    return conn.execute("SELECT 1 FROM commands WHERE id = ?", (number,)).fetchone() is not None


def take(conn: sqlite3.Connection, now: float) -> list[Command]:
    """All that was asked, oldest first, as received now; they are gone then."""
    rows = conn.execute("SELECT id, body FROM commands ORDER BY id").fetchall()
    conn.executemany("DELETE FROM commands WHERE id = ?", [(row[0],) for row in rows])
    return [replace(one, received=now) for row in rows if (one := _read(row)) is not None]


def _read(row: sqlite3.Row) -> Command | None:
    """None for what this version can't read: left where it is, it would fail every commit."""
    try:
        command: Command = _decode(row[1])
    except msgspec.MsgspecError as error:
        # Here, so that the command line, which only asks, does not load what logs.
        import structlog

        log = structlog.get_logger("sentinel.store.commands")
        log.error("a command was set aside", number=row[0], error=str(error))
        return None
    return command


def waiting(conn: sqlite3.Connection) -> int:
    """How many wait to be taken."""
    count: int = conn.execute("SELECT count(*) FROM commands").fetchone()[0]
    return count
