"""Who may sign in: users, their sessions, one-time links and API tokens.

Tokens are random and are stored only as their SHA-256, so that a copy of the database opens
nothing. Passwords come here already hashed (sentinel.web.passwords).
"""

import hashlib
import secrets
import sqlite3
from typing import Literal, get_args

from msgspec import Struct

from sentinel.errors import Invalid

Role = Literal["admin", "responder", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)
FIRST_USER = "admin"
LINK_LASTS = 3600.0
SESSION_LASTS = 14 * 86400.0
# A session's end is moved at most this often, so that reading pages writes next to nothing.
_SLIDE = 3600.0
_LONGEST_NAME = 100
_USER = "users.id, users.name, users.role, users.created, users.password IS NOT NULL AS active"


class User(Struct, frozen=True, kw_only=True):
    """`active` users have set a password; the others still have their link to follow."""

    id: int
    name: str
    role: Role
    created: float
    active: bool


class Session(Struct, frozen=True, kw_only=True):
    """`csrf` is what a form of this session must carry. `expires` slides with use."""

    user: User
    csrf: str
    expires: float


class ApiToken(Struct, frozen=True, kw_only=True):
    """`id` is the beginning of the token's hash: it names the token and opens nothing."""

    id: str
    name: str
    user: str
    role: Role
    created: float


def first_link(conn: sqlite3.Connection, now: float) -> str | None:
    """While nobody has a password: a fresh one-time token for the user `admin`; else None."""
    if conn.execute("SELECT 1 FROM users WHERE password IS NOT NULL").fetchone():
        return None
    conn.execute(
        "INSERT OR IGNORE INTO users (name, role, created) VALUES (?, 'admin', ?)",
        (FIRST_USER, now),
    )
    row = conn.execute("SELECT id FROM users WHERE name = ?", (FIRST_USER,)).fetchone()
    return new_link(conn, row[0], now)


def add_user(conn: sqlite3.Connection, name: str, role: Role, now: float) -> User:
    """Raises Invalid where the name is taken or can't be one."""
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid(f"found the name {name[:100]!r}, expected 1 to 100 printable characters")
    try:
        cursor = conn.execute(
            "INSERT INTO users (name, role, created) VALUES (?, ?, ?)", (name, role, now)
        )
    except sqlite3.IntegrityError as error:
        raise Invalid(f"there is a user {name!r} already: choose another name") from error
    return User(id=cursor.lastrowid or 0, name=name, role=role, created=now, active=False)


def users(conn: sqlite3.Connection) -> list[User]:
    return [_user(row) for row in conn.execute(f"SELECT {_USER} FROM users ORDER BY name")]


def get(conn: sqlite3.Connection, id: int) -> User | None:
    row = conn.execute(f"SELECT {_USER} FROM users WHERE id = ?", (id,)).fetchone()
    return None if row is None else _user(row)


def password_of(conn: sqlite3.Connection, name: str) -> tuple[User, str] | None:
    """The user of this name and the hash to check against; None for nobody who can sign in."""
    row = conn.execute(
        f"SELECT {_USER}, users.password FROM users WHERE name = ? AND password IS NOT NULL",
        (name,),
    ).fetchone()
    return None if row is None else (_user(row), row["password"])


def set_role(conn: sqlite3.Connection, id: int, role: Role) -> None:
    """Raises Invalid where nobody would be left to administrate."""
    _require_another_admin(conn, id, unless=role == "admin")
    conn.execute("UPDATE users SET role = ? WHERE id = ?", (role, id))


def remove_user(conn: sqlite3.Connection, id: int) -> None:
    """Ends the user's sessions, tokens and devices too. Raises Invalid for the last
    administrator."""
    _require_another_admin(conn, id)
    for table in ("sessions", "sign_in_links", "api_tokens", "push_devices"):
        conn.execute(f"DELETE FROM {table} WHERE user_id = ?", (id,))
    conn.execute("DELETE FROM users WHERE id = ?", (id,))


def new_link(conn: sqlite3.Connection, user: int, now: float) -> str:
    """A token that lets the user set a password, once, within an hour. Voids earlier ones."""
    token = secrets.token_urlsafe(32)
    conn.execute("DELETE FROM sign_in_links WHERE user_id = ? OR expires <= ?", (user, now))
    conn.execute(
        "INSERT INTO sign_in_links (token, user_id, expires) VALUES (?, ?, ?)",
        (_hash(token), user, now + LINK_LASTS),
    )
    return token


def user_of_link(conn: sqlite3.Connection, token: str, now: float) -> User | None:
    """Whose link it is, without using it up."""
    row = conn.execute(
        f"SELECT {_USER} FROM sign_in_links JOIN users ON users.id = user_id"
        " WHERE token = ? AND expires > ?",
        (_hash(token), now),
    ).fetchone()
    return None if row is None else _user(row)


def use_link(conn: sqlite3.Connection, token: str, password: str, now: float) -> User | None:
    """Set the hashed password and use the link up. Ends the sessions that the user had."""
    found = user_of_link(conn, token, now)
    if found is None:
        return None
    conn.execute("DELETE FROM sign_in_links WHERE token = ?", (_hash(token),))
    conn.execute("DELETE FROM sessions WHERE user_id = ?", (found.id,))
    conn.execute("UPDATE users SET password = ? WHERE id = ?", (password, found.id))
    return get(conn, found.id)


def start_session(conn: sqlite3.Connection, user: int, agent: str, now: float) -> str:
    """The token for the cookie. `agent` is the browser's own description."""
    token = secrets.token_urlsafe(32)
    conn.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
    conn.execute(
        "INSERT INTO sessions (token, user_id, csrf, created, expires, agent)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (_hash(token), user, secrets.token_urlsafe(24), now, now + SESSION_LASTS, agent[:200]),
    )
    return token


def session(conn: sqlite3.Connection, token: str, now: float) -> Session | None:
    row = conn.execute(
        f"SELECT {_USER}, csrf, expires FROM sessions JOIN users ON users.id = user_id"
        " WHERE token = ? AND expires > ?",
        (_hash(token), now),
    ).fetchone()
    return row and Session(user=_user(row), csrf=row["csrf"], expires=row["expires"])


def should_slide(found: Session, now: float) -> bool:
    return found.expires < now + SESSION_LASTS - _SLIDE


def slide(conn: sqlite3.Connection, token: str, now: float) -> None:
    """The session is in use: move its end."""
    conn.execute(
        "UPDATE sessions SET expires = ? WHERE token = ?", (now + SESSION_LASTS, _hash(token))
    )


def end_session(conn: sqlite3.Connection, token: str) -> None:
    conn.execute("DELETE FROM sessions WHERE token = ?", (_hash(token),))


def new_token(conn: sqlite3.Connection, user: int, name: str, now: float) -> str:
    """An API token that may do what its user may. It can't be shown again. Raises Invalid."""
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid("expected a name of 1 to 100 printable characters: what will use the token?")
    token = f"sentinel_{secrets.token_urlsafe(32)}"
    conn.execute(
        "INSERT INTO api_tokens (token, name, user_id, created) VALUES (?, ?, ?, ?)",
        (_hash(token), name, user, now),
    )
    return token


def user_of_token(conn: sqlite3.Connection, token: str) -> User | None:
    row = conn.execute(
        f"SELECT {_USER} FROM api_tokens JOIN users ON users.id = user_id WHERE token = ?",
        (_hash(token),),
    ).fetchone()
    return None if row is None else _user(row)


def tokens(conn: sqlite3.Connection, user: int | None = None) -> list[ApiToken]:
    """Those of one user, or all; newest first."""
    rows = conn.execute(
        "SELECT substr(token, 1, 12) AS id, api_tokens.name, users.name AS user, users.role,"
        " api_tokens.created FROM api_tokens JOIN users ON users.id = user_id"
        " WHERE ?1 IS NULL OR user_id = ?1 ORDER BY api_tokens.created DESC, id",
        (user,),
    )
    return [ApiToken(**dict(row)) for row in rows]


def remove_token(conn: sqlite3.Connection, id: str, user: int | None = None) -> bool:
    """Whether there was such a token (of this user, where one is given)."""
    cursor = conn.execute(
        "DELETE FROM api_tokens WHERE substr(token, 1, 12) = ?1 AND (?2 IS NULL OR user_id = ?2)",
        (id, user),
    )
    return cursor.rowcount > 0


def _require_another_admin(conn: sqlite3.Connection, id: int, unless: bool = False) -> None:
    row = conn.execute(
        "SELECT 1 FROM users WHERE role = 'admin' AND password IS NOT NULL AND id <> ?", (id,)
    ).fetchone()
    if row is None and not unless:
        raise Invalid("the last administrator with a password can't be taken away")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _user(row: sqlite3.Row) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        created=row["created"],
        active=bool(row["active"]),
    )
