"""`sentinel backtest`: what other rules would have made of the signals that are stored."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    app,
    config_path,
    console,
    printable,
    show_json,
    show_table,
)
from sentinel.cli.lists import open_store
from sentinel.cli.moments import moment
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError, Invalid
from sentinel.model.values import Duration

if TYPE_CHECKING:
    from sentinel.backtest import Progress, Report
    from sentinel.installation import Installation

_MOST_ROWS = 20


@app.command()
def backtest(
    since: Annotated[
        str, typer.Option("--from", help="A time such as 2026-11-01T08:00Z, or how long ago.")
    ] = "7d",
    until: Annotated[str | None, typer.Option("--to", help="As --from; now if left out.")] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            help="Folder of new rules, to compare with the current ones. Without it the current "
            "ones are compared with what really happened.",
        ),
    ] = None,
    warm_up: Annotated[
        str, typer.Option("--warm-up", help="So much before --from goes through uncounted.")
    ] = "1h",
    acknowledge_after: Annotated[
        str | None,
        typer.Option(
            "--acknowledge-after",
            help="Whoever is paged takes the incident so much later; nobody does if left out.",
        ),
    ] = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the result to this file as a page, too.")
    ] = None,
) -> None:
    """Run stored signals through the current rules or new ones; print what differs."""
    from sentinel.backtest import Plan, run
    from sentinel.backtest.page import render_html

    path, now = config_path(config), SystemClock().now()
    begin = moment(since, "--from", now)
    end = now if until is None else min(now, moment(until, "--to", now))
    if begin >= end:
        raise typer.BadParameter("expected --from to be before --to, and not in the future")
    plan = Plan(
        since=begin,
        until=end,
        current=_installation(path, None, warn=rules is None),
        other=None if rules is None else _installation(path, rules, warn=True),
        warm_up=_duration(warm_up, "--warm-up"),
        acknowledge_after=_patience(acknowledge_after),
    )
    with open_store(state_dir) as conn, _progress() as progress:
        report = run(conn, plan, progress)
    if html is not None:
        html.write_text(render_html(report), "utf-8")
    if as_json:
        show_json(report)
    else:
        show(report)
    if html is not None:
        typer.echo(f"wrote {html}", err=True)


def _installation(path: Path, rules: Path | None, *, warn: bool) -> "Installation":
    """Raises ConfigError with every problem, as `sentinel check` lists them."""
    from sentinel import installation

    if rules is not None and not rules.is_dir():
        raise Invalid(f"--rules: found no folder {rules}, expected one with files of rules")
    found, problems = installation.read(path, os.environ, rules_dir=rules)
    if found is None:
        raise ConfigError(installation.listed(problems))
    for problem in problems if warn else ():
        typer.echo(f"{'warning' if problem.warning else 'error'}: {problem}", err=True)
    return found


@contextmanager
def _progress() -> "Iterator[Progress]":
    """A bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("signals", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Console(stderr=True)
    with Progress(
        *columns, console=shown, transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("signals", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def show(report: "Report") -> None:
    from sentinel.backtest.sections import headline, sections, sides

    console.print(printable(report.summary), style="bold", markup=False)
    for line in (headline(report), *sides(report)):
        console.print(printable(line), markup=False)
    for section in sections(report, _MOST_ROWS):
        console.print(f"\n{section.title}", style="bold", markup=False)
        if section.rows:
            wide = ("ALERT", "WHAT", "WHO")
            show_table(section.columns, section.rows, wide=wide, empty="")
        if section.more:
            console.print(section.more, markup=False)
    console.print()
    for note in report.notes:
        console.print(note, style="dim", markup=False)


def _duration(text: str, option: str) -> float:
    try:
        return float(Duration.parse(text))
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {error}") from None


def _patience(text: str | None) -> float | None:
    if text is None:
        return None
    found = _duration(text, "--acknowledge-after")
    if found < 1:
        raise typer.BadParameter(f"--acknowledge-after: found {text!r}, expected 1s or more")
    return found
