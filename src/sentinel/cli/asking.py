"""Asking the daemon for something through its database. Whoever may write that may command; while
no daemon runs, what was asked waits for one."""

import contextlib
import getpass
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

import typer

from sentinel.cli.app import console, printable, show_json, state_path
from sentinel.clock import SystemClock
from sentinel.engine.commands import Command
from sentinel.errors import Invalid, StoreError
from sentinel.store import audit, commands
from sentinel.store.connection import connect, connect_readonly, transaction

AuthorOption = Annotated[
    str | None, typer.Option("--author", help="Who does this; your login name if left out.")
]
_LONGEST_NAME = 100
NOT_TAKEN = "no daemon has taken it within 10 s: it holds as soon as one runs"

_PATIENCE = 10.0
_LOOK_EVERY = 0.1


def author_of(given: str | None) -> str:
    """Raises Invalid where nobody can be named."""
    if given is not None:
        name = given.strip()
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise Invalid(f"--author: expected a name of 1 to {_LONGEST_NAME} characters")
        return name
    # Whoever became root for this still has a name.
    if "SUDO_USER" in os.environ:
        return os.environ["SUDO_USER"]
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise Invalid("found no login name, expected one, or --author NAME") from error


def ask(state_dir: Path, command: Command, actor: str, action: str, object: str) -> bool:
    """Write it down, with who did what to which object for the audit trail. Whether the daemon
    took it within ten seconds."""
    # A folder without a database is a wrong one: a command makes none.
    connect_readonly(state_dir).close()
    now = SystemClock().now()
    with contextlib.closing(connect(state_dir)) as conn:
        with transaction(conn):
            number = commands.ask(conn, command, actor, now)
            audit.note(conn, now, actor, action, object, "by the command line")
        return _is_taken(conn, number)


class Ending(Protocol):
    """What somebody set for a while, such as a silence."""

    def state_at(self, now: float) -> str: ...


_E = TypeVar("_E", bound=Ending)


def end(
    kind: str,
    number: int,
    *,
    read: Callable[[], _E],
    command: Callable[[str, float], Command],
    author: str | None,
    state_dir: Path | None,
    as_json: bool,
) -> None:
    """End what one of a kind is for, now. `command` is given who asks, and when. Raises Invalid
    where there is none of this number, or where it is over."""
    now, by = SystemClock().now(), author_of(author)
    if read().state_at(now) in ("over", "expired"):
        raise Invalid(f"{kind} {number} is over already")
    asked = command(by, now)
    taken = ask(state_path(state_dir), asked, by, f"{kind} ended", f"{kind} {number}")
    if as_json:
        show_json({"taken": taken, kind: read()})
    else:
        console.print(printable(f"{kind} {number} is ended" if taken else NOT_TAKEN), markup=False)


def _is_taken(conn: sqlite3.Connection, number: int) -> bool:
    left = _PATIENCE
    try:
        while commands.waits(conn, number):
            if left <= 0:
                return False
            time.sleep(_LOOK_EVERY)
            left -= _LOOK_EVERY
    except sqlite3.Error as error:
        raise StoreError(f"the store could not be read: {error}") from error
    return True
