"""What all commands share: the program, its options and how it shows things."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sentinel.errors import ConfigError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Turns errors and health snapshots into the one message that each person needs.",
)
# Folded for a terminal alone: `grep` and the like must find a code or a path in one piece.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 10_000)

_CONFIGS = ("sentinel.yaml", "/etc/sentinel/sentinel.yaml")
_STATE_DIRS = ("var", "/var/lib/sentinel")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="SENTINEL_CONFIG", help="Main file (default: ./sentinel.yaml)."
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state-dir",
        envvar="SENTINEL_STATE_DIR",
        help="Where the database is (default: ./var, or /var/lib/sentinel if only that exists).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Most rows.")]


def config_path(given: Path | None) -> Path:
    """Raises ConfigError where no file was named and none is in the usual places."""
    if given is not None:
        return given
    for candidate in _CONFIGS:
        if Path(candidate).exists():
            return Path(candidate)
    raise ConfigError(
        f"no configuration: looked for {' and '.join(_CONFIGS)}; name one with --config or "
        "SENTINEL_CONFIG"
    )


def state_path(given: Path | None) -> Path:
    if given is not None:
        return given
    # systemd gives the folder of `StateDirectory=` by this name.
    if "STATE_DIRECTORY" in os.environ:
        return Path(os.environ["STATE_DIRECTORY"].split(":")[0])
    return next((Path(one) for one in _STATE_DIRS if Path(one).is_dir()), Path(_STATE_DIRS[0]))


def show_json(value: Any) -> None:
    """One JSON document on standard output, for programs."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    typer.echo(text)


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, wide: Sequence[str], empty: str
) -> None:
    """Only the `wide` columns are folded where the terminal is narrow. `empty` says what it
    means that there are no rows."""
    rows = list(rows)
    if not rows:
        console.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in wide)
    for row in rows:
        # Titles and messages come from outside: they are shown, not read as markup.
        table.add_row(*(escape(printable(cell)) for cell in row))
    console.print(table)


def printable(value: object) -> str:
    """No control characters: text from outside must not steer the terminal."""
    if value is None:
        return "-"
    return "".join(char if char.isprintable() else " " for char in str(value))


def ago(time: float | None, now: float) -> str:
    """Short, for tables; `--json` has the exact times."""
    if time is None:
        return "-"
    seconds = now - time
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size:.0f}{unit} ago"
    return f"{max(seconds, 0):.0f}s ago"


def clock_time(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
