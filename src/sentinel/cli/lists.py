"""Commands that list what is in the store, beside a running daemon and without one."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from sentinel.cli.app import (
    JsonOption,
    LimitOption,
    StateOption,
    ago,
    app,
    show_json,
    show_table,
    state_path,
)
from sentinel.clock import SystemClock
from sentinel.errors import StoreError
from sentinel.model.alert import Alert
from sentinel.model.override import Override
from sentinel.store import alerts as alert_store
from sentinel.store import codes, groups, overrides
from sentinel.store import deliveries as delivery_store
from sentinel.store.connection import connect_readonly


def lasting_overrides(state_dir: Path | None) -> list[Override]:
    """Those that are not over. Without a database nobody can have set any."""
    try:
        with open_store(state_dir) as conn:
            return overrides.lasting(conn, SystemClock().now())
    except StoreError:
        return []


@app.command()
def errors(
    search: Annotated[str, typer.Argument(help="Text in title, culprit or code.")] = "",
    uncatalogued: Annotated[
        bool, typer.Option("--uncatalogued", help="Codes that need a catalog entry instead.")
    ] = False,
    limit: LimitOption = 50,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Error groups, latest seen first."""
    with open_store(state_dir) as conn:
        if uncatalogued:
            _show_codes(codes.uncatalogued(conn, limit), as_json)
            return
        found = groups.search(conn, text=search, limit=limit)
    if as_json:
        show_json(found)
        return
    now = SystemClock().now()
    columns = ("ID", "STATUS", "COUNT", "USERS", "TENANTS", "SEEN", "CODE", "TITLE")
    rows = [
        (g.id, g.status, g.count, g.users, g.tenants, ago(g.last_seen, now), g.code, g.title)
        for g in found
    ]
    empty = "No errors yet: `sentinel dsn PROJECT` prints where an application sends them."
    show_table(columns, rows, wide=("CODE", "TITLE"), empty=empty)


@app.command()
def alerts(
    limit: LimitOption = 50, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Alerts, newest first. `sentinel explain ID` says why."""
    with open_store(state_dir) as conn:
        found = alert_store.search(conn, limit=limit)
    if as_json:
        show_json(found)
        return
    now = SystemClock().now()
    columns = ("ID", "STATE", "SEVERITY", "COUNT", "SINCE", "INCIDENT", "RULE", "KEY")
    rows = [
        (a.id, a.state, a.severity, a.count, ago(a.started, now), a.incident, a.rule, key_text(a))
        for a in found
    ]
    show_table(columns, rows, wide=("RULE", "KEY"), empty="No alerts: no rule has matched yet.")


@app.command()
def incidents(
    limit: LimitOption = 50, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Incidents, newest first."""
    with open_store(state_dir) as conn:
        found = alert_store.search_incidents(conn, limit=limit)
    if as_json:
        show_json(found)
        return
    now = SystemClock().now()
    columns = ("ID", "STATE", "SEVERITY", "ALERTS", "OPENED", "RESOLVED", "WHO HAS IT", "TITLE")
    rows = [
        (
            i.id,
            i.state if i.folded_into is None else f"part of {i.folded_into}",
            i.severity,
            i.size,
            ago(i.opened, now),
            ago(i.resolved, now),
            i.acknowledged_by,
            i.title,
        )
        for i in found
    ]
    show_table(columns, rows, wide=("TITLE",), empty="No incidents.")


@app.command()
def deliveries(
    limit: LimitOption = 50, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Messages, newest first, with their attempts and receipts."""
    with open_store(state_dir) as conn:
        found = delivery_store.listing(conn, limit=limit)
    if as_json:
        show_json(found)
        return
    now = SystemClock().now()
    columns = ("ID", "STATE", "CHANNEL", "TO", "WHY", "INCIDENT", "TRIES", "SENT", "NOTE")
    rows = [
        (
            d.id,
            d.state,
            d.channel,
            d.person or d.address or "-",
            d.reason,
            d.incident,
            d.attempts,
            ago(d.sent, now),
            d.error or "; ".join(part for part in (d.receipt, d.outcome) if part),
        )
        for d in found
    ]
    show_table(columns, rows, wide=("TO", "NOTE"), empty="No messages: nobody had to be told.")


@contextlib.contextmanager
def open_store(state_dir: Path | None) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect_readonly(state_path(state_dir))) as conn:
        try:
            yield conn
        except sqlite3.Error as error:
            raise StoreError(f"the store could not be read: {error}") from error


def _show_codes(found: list[codes.Code], as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    now = SystemClock().now()
    rows = [
        (c.count, ago(c.last_seen, now), c.project, c.code, f"{c.file or '-'}:{c.line or '-'}")
        for c in found
    ]
    columns = ("COUNT", "SEEN", "PROJECT", "CODE", "EMITTED AT")
    empty = "Every code that was seen has its catalog entry."
    show_table(columns, rows, wide=("CODE", "EMITTED AT"), empty=empty)


def key_text(alert: Alert) -> str:
    """Fingerprints are long and say little."""
    return ", ".join(f"{name}={value[:40]}" for name, value in alert.key.items()) or "-"
