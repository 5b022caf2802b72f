"""`sentinel explain`: why an alert, a signal or a rule is as it is."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from sentinel.cli.app import ConfigOption, JsonOption, StateOption, app, config_path, show_json
from sentinel.cli.lists import open_store
from sentinel.cli.moments import moment
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError, Invalid

if TYPE_CHECKING:
    from sentinel.cli.explained import Explanation
    from sentinel.engine.book import Book

_LEFT_OUT = "What only the configuration knows is left out"


@app.command()
def explain(
    subject: Annotated[
        str | None,
        typer.Argument(metavar="ALERT", help="Number of an alert, or the name of its rule."),
    ] = None,
    signal: Annotated[
        int | None, typer.Option("--signal", help="Number of a signal, instead of an alert.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", help="Name of a rule, instead of an alert.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="How it was at a time such as 2026-11-01T08:00Z, or so long ago: 10m "
            "[default: now].",
        ),
    ] = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why an alert fired and whom it did, or did not, page; what became of a signal; why a rule
    fires or does not."""
    from sentinel.cli import explained
    from sentinel.explanation import explain_alert, explain_rule, explain_signal

    subject = subject or None
    if [subject, signal, rule].count(None) != 2:
        raise typer.BadParameter(
            "expected one of: the number of an alert or the name of its rule, --signal, --rule"
        )
    alert = int(subject) if subject and subject.isdecimal() else None
    rule = subject if subject and alert is None else rule
    now = SystemClock().now()
    when = None if at is None else moment(at, "--at", now)
    book, hint = _book(config)
    found: Explanation | None = None
    with open_store(state_dir) as conn:
        if alert is not None:
            found = explain_alert(conn, alert, book, now, when)
            what, help = f"alert {alert}", "`sentinel alerts` lists them"
        elif signal is not None:
            found = explain_signal(conn, signal, book, now, when)
            what, help = f"signal {signal}", "or it is older than what is kept"
        elif rule is not None:
            found = explain_rule(conn, rule, book, now, when)
            what, help = f"rule {rule}", _meant(rule, book)
    if found is None:
        raise Invalid(f"there is no {what}{'' if at is None else ' at that time'}: {help}")
    found = replace(found, notes=[*found.notes, *filter(None, [hint])])
    if as_json:
        show_json(found)
    else:
        explained.show(found, now)


def _book(given: Path | None) -> "tuple[Book | None, str]":
    """The rules, or a hint what to do so that they are found."""
    from sentinel import installation
    from sentinel.wiring import build_book

    try:
        path = config_path(given)
    except ConfigError as error:
        return None, f"{_LEFT_OUT}: {error}."
    found, _ = installation.read(path, os.environ)
    if found is None:
        return None, f"{_LEFT_OUT}: {path} is refused, `sentinel check` says why."
    return build_book(found.config, found.registry, found.catalog), ""


def _meant(name: str, book: "Book | None") -> str:
    if book is None:
        return "name the configuration with --config"
    near = get_close_matches(name, book.rules.by_name, n=1)
    return f"did you mean {near[0]}?" if near else "the configuration has none of this name"
