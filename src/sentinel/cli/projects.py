"""`sentinel dsn`: where an application sends its errors."""

import contextlib
from typing import Annotated

import typer

from sentinel.cli.address import public_url
from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    app,
    show_json,
    state_path,
)
from sentinel.clock import SystemClock
from sentinel.store import projects
from sentinel.store.connection import connect, transaction
from sentinel.store.projects import dsn_of


@app.command()
def dsn(
    project: Annotated[str, typer.Argument(help="Name of the project; made if there is none.")],
    config: ConfigOption = None,
    state_dir: StateOption = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Where applications reach Sentinel.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the DSN of a project, also while the daemon runs."""
    from sentinel.store.migrations import migrate

    projects.require_name(project)
    with contextlib.closing(connect(state_path(state_dir))) as conn:
        migrate(conn)
        with transaction(conn):
            found = projects.ensure(conn, project, SystemClock().now())
        text = dsn_of(found, url or public_url(conn, config))
    if as_json:
        show_json({"project": found.name, "id": found.id, "key": found.key, "dsn": text})
    else:
        typer.echo(text)
