"""`sentinel action`: tests and repairs at the push of a key."""

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import asdict

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    ago,
    app,
    config_path,
    console,
    printable,
    show_json,
    show_table,
    state_path,
)
from sentinel.cli.asking import AuthorOption, author_of
from sentinel.clock import SystemClock
from sentinel.errors import Invalid, StoreError
from sentinel.model.action import ActionRun
from sentinel.store import action_runs
from sentinel.store.connection import FILE, connect, connect_readonly, transaction
from sentinel.store.lock import is_held

action = typer.Typer(help="List and run actions: tests and repairs.", no_args_is_help=True)
app.add_typer(action, name="action")

_LOOK_EVERY = 0.2
_FAILED, _IN_PART = 1, 3
_CUT_OFF = {
    "pending": "The daemon ended before it began: the next one runs it if it starts in a minute.",
    "running": "The daemon ended while it ran: how far it came is not known.",
}


@action.command("list")
def list_actions(
    config: ConfigOption = None, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """What may be run: what the configuration names, and a test of each channel and probe."""
    import os

    from sentinel import installation

    found, _ = installation.require(config_path(config), os.environ)
    last = _last(state_path(state_dir))
    actions = list(found.config.actions.values())
    if as_json:
        fields = ("name", "type", "changes", "role", "allow_rules", "cooldown", "timeout")
        known = [(one.name, asdict(one)) for one in actions]
        show_json(
            [{**{key: one[key] for key in fields}, "last": last.get(name)} for name, one in known]
        )
        return
    now = SystemClock().now()
    rows = []
    for one in actions:
        run = last.get(one.name)
        rows.append(
            (
                one.name,
                one.type,
                "yes" if one.changes else "no",
                "yes" if one.allow_rules else "no",
                run.state if run else None,
                ago(run.began or run.asked, now) if run else None,
            )
        )
    columns = ("NAME", "TYPE", "CHANGES", "RULES", "LAST", "WHEN")
    empty = "No actions: there is neither a channel nor a probe, nor an entry of `actions:`."
    show_table(columns, rows, wide=("NAME",), empty=empty)


@action.command("run")
def run(
    name: Annotated[str, typer.Argument(help="As `sentinel action list` shows it.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run an action and wait for what comes of it: by the daemon, or here while none runs.

    Exit status: 0 it succeeded, 1 it failed or was refused, 3 its end is not known.
    """
    by, state = author_of(author), state_path(state_dir)
    if is_held(state):
        ended = _by_daemon(state, name, by, dry=dry_run)
    else:
        ended = _here(config_path(config), state, name, by, dry=dry_run)
    if as_json:
        show_json(ended)
    else:
        console.print(f"{ended.action}: {ended.state}", markup=False)
        for line in (ended.text or _CUT_OFF.get(ended.state, "")).splitlines():
            console.print(printable(line), markup=False)
    if not ended.over or ended.state == "unknown":
        raise typer.Exit(_IN_PART)
    if ended.state != "succeeded":
        raise typer.Exit(_FAILED)


def _here(config: Path, state: Path, name: str, by: str, *, dry: bool) -> ActionRun:
    import os

    from sentinel import ending, installation
    from sentinel.acting.alone import run_alone
    from sentinel.config.schema import Log
    from sentinel.logs import configure_logs

    # What came of it is said below; standard output is for that alone.
    configure_logs(Log(level="warning"))
    found, _ = installation.require(config, os.environ)
    if name not in found.config.actions:
        raise Invalid(f"there is no action {name}: `sentinel action list` lists them")
    return ending.run(run_alone(found, state, name, by, SystemClock(), dry=dry))


def _by_daemon(state: Path, name: str, by: str, *, dry: bool) -> ActionRun:
    """The run as it ended; as it stands, where the daemon is gone before."""
    with contextlib.closing(connect(state)) as conn:
        with transaction(conn):
            number = action_runs.ask(conn, name, by, SystemClock().now(), dry=dry)
        while True:
            try:
                found = action_runs.get(conn, number)
            except sqlite3.Error as error:
                raise StoreError(f"the store could not be read: {error}") from error
            if found is None:
                raise StoreError(f"the run {number} is gone from the store")
            if found.over or not is_held(state):
                return found
            time.sleep(_LOOK_EVERY)


def _last(state: Path) -> dict[str, ActionRun]:
    """The latest runs; none before anything was ever stored."""
    if not (state / FILE).exists():
        return {}
    with contextlib.closing(connect_readonly(state)) as conn:
        try:
            return action_runs.latest(conn)
        except sqlite3.Error as error:
            raise StoreError(f"the store could not be read: {error}") from error
