"""`sentinel books`: whether everything that came in is accounted for."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    app,
    clock_time,
    config_path,
    console,
    printable,
    show_json,
)
from sentinel.cli.lists import open_store
from sentinel.cli.moments import moment
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError

if TYPE_CHECKING:
    from sentinel.books import Balance
    from sentinel.config.model import Config


@app.command()
def books(
    since: Annotated[
        str, typer.Option("--since", help="A time such as 2026-11-01T08:00Z, or how long ago.")
    ] = "24h",
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that every signal, alert, incident and message is accounted for. Exit status 1: not."""
    from sentinel.books import Audit
    from sentinel.books.keeper import kept_since
    from sentinel.config.schema import Retention

    now, found = SystemClock().now(), _config(config)
    begin = kept_since(
        moment(since, "--since", now), now, found.retention if found else Retention()
    )
    rules = None if found is None else {rule.name for rule in found.rules}
    with open_store(state_dir) as conn:
        balance = Audit(begin, now, rules).run(conn)
    if as_json:
        show_json(balance)
    else:
        _show(balance)
    if not balance.balanced:
        sys.exit(1)


def _config(given: Path | None) -> "Config | None":
    """None where there is none that is fit: the books are checked all the same."""
    from sentinel import installation

    try:
        path = config_path(given)
    except ConfigError:
        return None
    found, _ = installation.read(path, os.environ)
    return found.config if found else None


def _show(balance: "Balance") -> None:
    say = console.print
    for title, counts in (
        ("Signals that met a rule", balance.matches),
        ("Alerts", balance.alerts),
        ("Incidents", balance.incidents),
        ("Messages, of all time", balance.deliveries),
    ):
        told = ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
        say(printable(f"{title}: {told or 'none'}"), markup=False)
    since = clock_time(balance.since)
    if balance.balanced:
        say(f"\nSince {since} everything is accounted for: the books balance.", style="bold")
        return
    say(f"\nSince {since}, {balance.found} things are not accounted for:", style="bold")
    for one in balance.imbalances:
        say(printable(f"  {one.text} ({one.what})"), markup=False)
    if balance.found > len(balance.imbalances):
        say(f"  … and {balance.found - len(balance.imbalances)} more")
