"""Projects and their keys: where signals come from."""

import re
import secrets
import sqlite3

from msgspec import Struct

from sentinel.errors import Invalid

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Project(Struct, frozen=True):
    """`id` is the number in a DSN, which Sentry SDKs insist on; `key` is no secret to clients."""

    id: int
    name: str
    key: str


def ensure(conn: sqlite3.Connection, name: str, now: float) -> Project:
    """The project of this name, made with a fresh key if there was none."""
    conn.execute(
        "INSERT OR IGNORE INTO projects (name, key, created) VALUES (?, ?, ?)",
        (name, secrets.token_hex(16), now),
    )
    row = conn.execute("SELECT id, name, key FROM projects WHERE name = ?", (name,)).fetchone()
    return Project(*row)


def by_key(conn: sqlite3.Connection, key: str) -> Project | None:
    row = conn.execute("SELECT id, name, key FROM projects WHERE key = ?", (key,)).fetchone()
    return None if row is None else Project(*row)


def all_of(conn: sqlite3.Connection) -> list[Project]:
    rows = conn.execute("SELECT id, name, key FROM projects ORDER BY id")
    return [Project(*row) for row in rows]


def require_name(name: str) -> None:
    """Raises Invalid where it can't be the name of a project."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"found the project name {name[:100]!r}, expected up to 100 letters, digits, '.', "
            "'_' and '-', the first one a letter or a digit"
        )


def dsn_of(project: Project, public_url: str) -> str:
    """What a Sentry SDK is given: the key, the address and the project's number."""
    scheme, _, rest = public_url.rstrip("/").partition("://")
    return f"{scheme}://{project.key}@{rest}/{project.id}"
