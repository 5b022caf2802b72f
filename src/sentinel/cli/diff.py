"""`sentinel diff`: what is not as it was when the system was last known to be good."""

import os
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
    printable,
    show_json,
    show_table,
)
from sentinel.cli.lists import open_store
from sentinel.cli.moments import moment
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError, Invalid
from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import counted

if TYPE_CHECKING:
    from sentinel.config.schema_snapshots import Snapshots
    from sentinel.snapshots import Comparison

_WIDEST = 300
_BY_DEFAULT = (
    "Compared by the default terms, and without data counts: no configuration was found that is "
    "fit. Name the daemon's with --config or SENTINEL_CONFIG."
)


@app.command()
def diff(
    since: Annotated[
        str,
        typer.Option(
            "--since",
            help="good: the last known good snapshot; or that of a time such as "
            "2026-11-01T08:00Z, or so long ago: 2h.",
        ),
    ] = "good",
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """What got worse, better or changed since the system was last known to be good."""
    from sentinel.config.schema_snapshots import Snapshots
    from sentinel.snapshots import compare_latest, compare_since

    now, own = SystemClock().now(), _terms(config)
    terms = own or Snapshots()
    with open_store(state_dir) as conn:
        if since == "good":
            found = compare_latest(conn, terms)
        else:
            found = compare_since(conn, moment(since, "--since", now), terms)
    if found is None:
        raise Invalid("no snapshot was taken yet: a running daemon takes the first after 10 s")
    if found.before is None and since != "good":
        raise Invalid(f"no snapshot is kept from {since} or before: see `retention`")
    if as_json:
        show_json(found)
    else:
        _show(found, terms, now)
        if own is None:
            _say(f"\n{_BY_DEFAULT}")


def _terms(given: Path | None) -> "Snapshots | None":
    """Those of the configuration; None where there is none that is fit."""
    from sentinel import installation

    try:
        path = config_path(given)
    except ConfigError:
        return None
    found, _ = installation.read(path, os.environ)
    return found.config.snapshots if found else None


def _show(found: "Comparison", terms: "Snapshots", now: float) -> None:
    after, before = found.after, found.before
    _say(f"Now:    {after.overall}, snapshot {after.id} of {clock_time(after.at)}")
    if before is None:
        _say("Before: none is known to be good yet, so nothing can be compared")
        for one in found.unmet or [f"it has to stay good for {terms.good.for_}"]:
            _say(f"        {one}")
        return
    known = "known to be good" if before.good else before.overall
    _say(f"Before: {known}, snapshot {before.id} of {clock_time(before.at)}")
    _say(f"        {counted(found.minutes or 0, 'minute')} between them\n")
    show_table(
        ("IS", "SEVERITY", "BEFORE", "AFTER", "WHAT"),
        [
            (
                one.kind,
                one.severity if one.kind == "worse" else "",
                one.before,
                one.after,
                one.sentence,
            )
            for one in found.differences
        ],
        wide=("BEFORE", "AFTER", "WHAT"),
        empty="Nothing differs.",
    )
    if found.changes:
        _say("\nChanged between:")
        for change in found.changes:
            by = f" by {one_line(change.author, 100)}" if change.author else ""
            _say(f"  {ago(change.at, now)}  {one_line(change.title, _WIDEST)}{by}")
    if found.actions:
        _say("\nWhat to do:")
        for action in found.actions:
            _say(f"  - {action}")


def _say(text: str) -> None:
    for line in text.split("\n"):
        console.print(printable(line), markup=False)
