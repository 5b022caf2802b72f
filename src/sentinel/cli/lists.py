"""Commands that read the store: the lists and `explain`. They work beside a running daemon and
without one."""

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
    clock_time,
    console,
    printable,
    show_json,
    show_table,
    state_path,
)
from sentinel.clock import SystemClock
from sentinel.errors import Invalid, StoreError
from sentinel.model.alert import Alert
from sentinel.store import alerts as alert_store
from sentinel.store import codes, decisions, groups
from sentinel.store import deliveries as delivery_store
from sentinel.store.connection import connect_readonly


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
        (a.id, a.state, a.severity, a.count, ago(a.started, now), a.incident, a.rule, _key(a))
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
            i.state,
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
            d.error or d.receipt,
        )
        for d in found
    ]
    show_table(columns, rows, wide=("TO", "NOTE"), empty="No messages: nobody had to be told.")


@app.command()
def explain(
    alert: Annotated[int, typer.Argument(help="Number of an alert.")],
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why an alert did, or did not, page anyone."""
    with open_store(state_dir) as conn:
        found = alert_store.get(conn, alert)
        if found is None:
            raise Invalid(f"there is no alert {alert}: `sentinel alerts` lists them")
        why = decisions.of_alert(conn, alert)
        sent = delivery_store.listing(conn, incident=found.incident) if found.incident else []
    if as_json:
        show_json({"alert": found, "decisions": why, "deliveries": sent})
        return
    for line in (
        f"Alert {found.id} of the rule {found.rule} ({_key(found)}) is {found.state}.",
        f"It holds {found.count} signals. Verdict: {found.verdict}.",
        "",
        "What was decided, and why:",
    ):
        console.print(printable(line), markup=False)
    rows = [(clock_time(d.at), d.verb, d.reason, d.text) for d in why]
    show_table(("AT", "WHAT", "REASON", "WHY"), rows, wide=("WHY",), empty="nothing")
    console.print("\nWho was told of its incident:")
    to = [(d.channel, d.person, d.reason, d.state, d.attempts, d.error) for d in sent]
    columns = ("CHANNEL", "TO", "WHY", "STATE", "TRIES", "ERROR")
    show_table(columns, to, wide=("ERROR",), empty="nobody")


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


def _key(alert: Alert) -> str:
    """Fingerprints are long and say little."""
    return ", ".join(f"{name}={value[:40]}" for name, value in alert.key.items()) or "-"
