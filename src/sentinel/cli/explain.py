"""`sentinel explain`: why an alert began, and why it did or did not page anyone."""

import os
from pathlib import Path
from typing import Annotated

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
    show_table,
)
from sentinel.cli.lists import key_text, open_store
from sentinel.engine.book import Book
from sentinel.errors import ConfigError, Invalid
from sentinel.store import alerts, decisions, deliveries
from sentinel.why import Why, why

_LONGEST = 200


@app.command()
def explain(
    alert: Annotated[int, typer.Argument(help="Number of an alert.")],
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why an alert began, and why it did, or did not, page anyone."""
    book, hint = _book(config)
    with open_store(state_dir) as conn:
        found = alerts.get(conn, alert)
        if found is None:
            raise Invalid(f"there is no alert {alert}: `sentinel alerts` lists them")
        cause = why(conn, found, book)
        made = decisions.of_alert(conn, alert)
        sent = deliveries.listing(conn, incident=found.incident) if found.incident else []
    if as_json:
        show_json(
            {"alert": found, "why": cause, "decisions": made, "deliveries": sent, "hint": hint}
        )
        return
    _say(f"Alert {found.id} of the rule {found.rule} ({key_text(found)}) is {found.state}.")
    _say(f"It holds {found.count} signals. Verdict: {found.verdict}.")
    _show_cause(cause, hint)
    _say("\nWhat was decided, and why:")
    rows = [(clock_time(d.at), d.verb, d.reason, d.text) for d in made]
    show_table(("AT", "WHAT", "REASON", "WHY"), rows, wide=("WHY",), empty="nothing")
    _say("\nWho was told of its incident:")
    to = [(d.channel, d.person, d.reason, d.state, d.attempts, d.error) for d in sent]
    columns = ("CHANNEL", "TO", "WHY", "STATE", "TRIES", "ERROR")
    show_table(columns, to, wide=("ERROR",), empty="nobody")


def _book(given: Path | None) -> tuple[Book | None, str]:
    """The rules, or a hint what to do so that they are found."""
    from sentinel import installation
    from sentinel.wiring import build_book

    try:
        path = config_path(given)
    except ConfigError as error:
        return None, f"The rule's place and conditions are left out: {error}."
    found, _ = installation.read(path, os.environ)
    if found is None:
        return None, (
            f"The rule's place and conditions are left out: {path} is refused, "
            "`sentinel check` says why."
        )
    return build_book(found.config, found.registry, found.catalog), ""


def _show_cause(cause: Why, hint: str) -> None:
    if cause.source:
        _say(f"The rule is written in {cause.source}.")
    for note in filter(None, (*cause.notes, hint)):
        _say(note)
    if cause.lines:
        _say(f"\nIts conditions, and what signal {cause.signal}, which began it, had there:")
        rows = [
            ("yes" if one.held else "no", one.field, one.wanted[:_LONGEST], one.found[:_LONGEST])
            for one in cause.lines
        ]
        columns = ("HELD", "FIELD", "WANTED", "FOUND")
        show_table(columns, rows, wide=("WANTED", "FOUND"), empty="")
    if cause.matches:
        _say("\nHow that signal was accounted for:")
        told = [(one.rule, one.outcome, one.alert) for one in cause.matches]
        show_table(("RULE", "OUTCOME", "ALERT"), told, wide=("RULE",), empty="")


def _say(text: str) -> None:
    console.print("\n" * text.startswith("\n") + printable(text.lstrip("\n")), markup=False)
