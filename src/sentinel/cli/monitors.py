"""`sentinel monitors` and `sentinel changes`: what the store knows of jobs and of changes."""

from typing import Annotated

import typer

from sentinel.cli.address import public_url
from sentinel.cli.app import (
    ConfigOption,
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
)
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.monitors import overview
from sentinel.store import changes as change_store


@app.command()
def monitors(
    config: ConfigOption = None, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Jobs that check in: how they are, when they run next, and the address that each pings."""
    with open_store(state_dir) as conn:
        found = overview.listing(conn, public_url(conn, config))
    if as_json:
        show_json(found)
        return
    now = SystemClock().now()
    columns = ("STATE", "LAST RUN", "NEXT", "SCHEDULE", "NAME", "ENVIRONMENT", "PING")
    rows = [
        (
            one.state,
            ago(one.last.at if one.last else None, now),
            clock_time(one.next) if one.next else "-",
            one.schedule or ("not used" if one.fault else "-"),
            one.name,
            one.environment or "any",
            one.ping_url,
        )
        for one in found
    ]
    empty = "No monitors: list jobs under `monitors:` in sentinel.yaml, or let them check in."
    show_table(columns, rows, wide=("NAME", "PING"), empty=empty)
    for one in found:
        if one.fault:
            told = f"{one.name}: the schedule that it gave is not used: {one.fault}"
            console.print(printable(told), markup=False)


@app.command()
def changes(
    search: Annotated[str, typer.Argument(help="Text in what they say of themselves.")] = "",
    kind: Annotated[str, typer.Option(help="Such as deploy or release.")] = "",
    limit: LimitOption = 50,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deploys, releases and other changes, the latest first."""
    with open_store(state_dir) as conn:
        found = change_store.search(conn, text=search, kind=kind, limit=limit)
    if as_json:
        show_json(found)
        return
    now = SystemClock().now()
    columns = ("MADE", "KIND", "SERVICE", "ENVIRONMENT", "RELEASE", "BY", "SUMMARY")
    rows = [
        (ago(c.at, now), c.kind, c.service, c.environment, c.release, c.author, c.summary)
        for c in found
    ]
    empty = "No changes: `sentinel change deploy` reports one, as the last step of a deploy."
    show_table(columns, rows, wide=("SUMMARY",), empty=empty)
