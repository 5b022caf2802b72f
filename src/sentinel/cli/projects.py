"""`sentinel dsn`: where an application sends its errors."""

import contextlib
import os
from typing import Annotated

import typer

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    app,
    config_path,
    show_json,
    state_path,
)
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError
from sentinel.store import projects
from sentinel.store.connection import connect, transaction
from sentinel.store.projects import dsn_of

_DEFAULT_URL = "http://127.0.0.1:8420"


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
    text = dsn_of(found, url or _public_url(config))
    if as_json:
        show_json({"project": found.name, "id": found.id, "key": found.key, "dsn": text})
    else:
        typer.echo(text)


def _public_url(config: ConfigOption) -> str:
    """The configuration's, where there is one; a DSN can be had without."""
    from sentinel.config.settings import public_url_of, read_main, read_settings

    try:
        path = config_path(config)
    except ConfigError:
        return _DEFAULT_URL
    main, _ = read_main(path, os.environ)
    settings = None if main is None else read_settings(main, path)[0]
    return _DEFAULT_URL if settings is None else public_url_of(settings)
