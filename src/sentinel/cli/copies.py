"""`sentinel backup` and `sentinel restore`."""

from pathlib import Path
from typing import Annotated

import typer

from sentinel.cli.app import StateOption, app, state_path


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="File to write; it must not exist yet.")],
    state_dir: StateOption = None,
) -> None:
    """Copy the database to a file, also while the daemon runs."""
    from sentinel.store import backup as copies

    size = copies.backup(state_path(state_dir), target)
    typer.echo(f"wrote {target} ({size / 1e6:.1f} MB)")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `sentinel backup` wrote.")],
    state_dir: StateOption = None,
) -> None:
    """Put a backup in place of the database. The daemon must be stopped."""
    from sentinel.store import backup as copies

    before = copies.restore(state_path(state_dir), source)
    typer.echo(f"restored {source}")
    if before is not None:
        typer.echo(f"the database that was there before is now {before}")
