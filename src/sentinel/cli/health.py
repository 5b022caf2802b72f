"""`sentinel health` and `sentinel drill`: whether all is well, and whether pages arrive."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    ago,
    app,
    clock_time,
    config_path,
    console,
    show_json,
    show_table,
    state_path,
)
from sentinel.cli.asking import AuthorOption, author_of
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError, Invalid, StoreError
from sentinel.health.bars import percent
from sentinel.intelligence.wording import counted, span
from sentinel.model.snapshot import OVERALL_RANK
from sentinel.store import audit, drills
from sentinel.store.connection import connect, connect_readonly, transaction
from sentinel.store.drills import Drill
from sentinel.store.lock import is_held

if TYPE_CHECKING:
    from sentinel.config.model import ComponentConfig, MaintenanceConfig
    from sentinel.health.overview import ComponentHealth

_TAKEN_WITHIN = 15.0
_LOOK_EVERY = 0.2


@app.command()
def health(
    config: ConfigOption = None, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Components with their uptime and error budgets. The exit status is 0 if all is healthy, 1 if
    something is degraded, 2 if it is critical."""
    from sentinel.health.overview import overview

    now = SystemClock().now()
    with open_store(state_dir) as conn:
        components, maintenance = _configured(config)
        found = overview(conn, components, now, maintenance)
    if as_json:
        show_json(found)
    else:
        console.print(f"Overall: {found.overall}", markup=False)
        shares = ("24H", "7D", "30D", "90D", "KNOWN")
        columns = ("STATE", "SINCE", "COMPONENT", *shares, "BUDGET", "MESSAGE")
        empty = "No components: list probes, or `components:`, in sentinel.yaml."
        rows = [_row(one, now) for one in found.components]
        show_table(columns, rows, wide=("COMPONENT", "MESSAGE"), empty=empty)
    raise typer.Exit(OVERALL_RANK[found.overall])


@app.command()
def drill(
    name: Annotated[str, typer.Argument(help="A fire drill of the configuration.")],
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a fire drill now, and wait for what comes of it. The exit status is 0 if every message
    got its receipt."""
    actor, folder = author_of(author), state_path(state_dir)
    # A folder without a database is a wrong one: a command makes none.
    connect_readonly(folder).close()
    with contextlib.closing(connect(folder)) as conn:
        before = _ask(conn, name, actor)
        held = _result(conn, folder, name, before)
    if as_json:
        show_json(held)
    else:
        console.print(f"{held.name}: {held.outcome}; {held.text}", markup=False)
    raise typer.Exit(0 if held.outcome == "passed" else 1)


def _configured(
    given: Path | None,
) -> "tuple[Mapping[str, ComponentConfig], Sequence[MaintenanceConfig]]":
    """As much as can be read: what the store has is worth showing whatever is wrong with it."""
    from sentinel import installation
    from sentinel.config.components import read_components
    from sentinel.config.settings import read_main

    try:
        path = config_path(given)
    except ConfigError:
        return {}, ()
    found, _ = installation.read(path, os.environ)
    if found is not None:
        return found.config.components, found.config.maintenance
    main, _ = read_main(path, os.environ)
    return ({} if main is None else read_components(main)[0]), ()


def _row(one: "ComponentHealth", now: float) -> tuple[object, ...]:
    known = one.uptime[2].share is not None
    return (
        one.state,
        ago(one.since, now),
        one.name,
        *(percent(uptime.share) for uptime in one.uptime),
        # A share of minutes must not pass for one of months.
        span(one.uptime[-1].seconds.told) if one.uptime[-1].seconds.told else "-",
        f"{one.budget.left:.0%}" if known else "-",
        one.message,
    )


def _ask(conn: sqlite3.Connection, name: str, actor: str) -> int:
    """The number of the last drill before."""
    now = SystemClock().now()
    with transaction(conn):
        if not drills.ask(conn, name, actor, now):
            known = ", ".join(drills.plans(conn)) or "none; list them under `fire_drills:`"
            raise Invalid(f"found no fire drill {name!r}, expected one of: {known}")
        audit.note(conn, now, actor, "fire drill asked for", name, "by the command line")
        latest = drills.listing(conn, 1)
    return latest[0].id if latest else 0


def _result(conn: sqlite3.Connection, folder: Path, name: str, before: int) -> Drill:
    """Raises StoreError where no daemon takes it, or none is there any more to judge it."""
    left, is_told = _TAKEN_WITHIN, False
    while True:
        held = [one for one in drills.listing(conn, 5, name) if one.id > before]
        if held and held[-1].outcome != "waiting":
            return held[-1]
        if not held and left <= 0:
            raise StoreError(
                f"no daemon has taken it within {_TAKEN_WITHIN:.0f} s: it is held if one starts "
                "within the hour"
            )
        if held and not is_held(folder):
            raise StoreError("the daemon ended before the receipts came: the next one judges it")
        if held and not is_told:
            typer.echo(_waiting(held[-1]), err=True)
            is_told = True
        time.sleep(_LOOK_EVERY)
        left -= _LOOK_EVERY


def _waiting(held: Drill) -> str:
    """Receipts may take as long as the configuration gives them: nobody is to wonder meanwhile."""
    number = counted(len(held.deliveries), "message")
    return f"{number} under way: waiting for the receipts, until {clock_time(held.until)} at most"
