"""`sentinel check` and `sentinel plugins`: is what I have put in place sound?"""

import os
from pathlib import Path
from typing import Annotated

import typer

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    app,
    config_path,
    console,
    show_json,
    show_table,
)
from sentinel.cli.lists import lasting_overrides

plugins = typer.Typer(help="List plugins, or write a new one.", invoke_without_command=True)
app.add_typer(plugins, name="plugins")


@app.command()
def check(
    config: ConfigOption = None, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Check configuration, rules, catalog and plugins; print every problem at once. Overrides of
    schedules that were set while Sentinel ran count, where its database is found."""
    from sentinel import installation

    path = config_path(config)
    found, problems = installation.read(path, os.environ, overrides=lasting_overrides(state_dir))
    sound = found is not None and all(problem.warning for problem in problems)
    if as_json:
        show_json({"ok": sound, "problems": problems})
    else:
        for problem in problems:
            typer.echo(f"{'warning' if problem.warning else 'error'}: {problem}")
        if sound and found is not None:
            counts = (
                f"{len(found.config.rules)} rules, {len(found.config.channels)} channels, "
                f"{len(found.config.people)} people, probes: {len(found.config.probes)}, "
                f"{len(found.catalog.entries)} catalog entries"
            )
            console.print(f"{path}: good ({counts})")
    if not sound:
        raise typer.Exit(1)


@plugins.callback()
def list_plugins(
    context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """What is loaded, from where, and what failed."""
    if context.invoked_subcommand is not None:
        return
    from sentinel.config.loader import plugins_dir_of
    from sentinel.plugins import load

    path = config_path(config)
    registry, problems = load(plugins_dir_of(path, os.environ))
    infos = registry.listing()
    if as_json:
        show_json({"plugins": infos, "problems": problems})
        return
    columns = ("KIND", "TYPE", "STATUS", "ORIGIN", "SUMMARY")
    rows = [(i.kind, i.type, i.status, i.origin, i.reason or i.summary) for i in infos]
    show_table(columns, rows, wide=("ORIGIN", "SUMMARY"), empty="No plugins.")
    for problem in problems:
        typer.echo(f"{'warning' if problem.warning else 'error'}: {problem}", err=True)


@plugins.command("new")
def new_plugin(
    kind: Annotated[str, typer.Argument(help="probe, detector, notifier, receiver or action.")],
    name: Annotated[str, typer.Argument(help="Its type, in lower case: `queue_depth`.")],
    folder: Annotated[Path, typer.Option("--dir", help="Where to write it.")] = Path("plugins"),
) -> None:
    """Write a working plugin with its test."""
    from sentinel.plugins import scaffold

    for path in scaffold.write(kind, name, folder):
        typer.echo(f"wrote {path}")
