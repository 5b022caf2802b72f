"""`sentinel schema`: what an editor completes and checks the YAML files with."""

import os
from pathlib import Path
from typing import Annotated

import typer

import sentinel.config
from sentinel.cli.app import JsonOption, app, show_json, show_table
from sentinel.errors import Invalid

FOLDER = Path(sentinel.config.__file__).parent / "schema"
SCHEMAS = {
    "rules": "the files of rules_dir",
    "sentinel": "the main file, sentinel.yaml",
    "catalog": "the files of catalog_dir",
}


@app.command()
def schema(
    name: Annotated[
        str | None, typer.Argument(help="rules, sentinel or catalog [default: list them].")
    ] = None,
    as_path: Annotated[
        bool, typer.Option("--path", help="Print where the file is instead of what it holds.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="Main file: print a schema that also knows the plugins which are in use there.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a JSON Schema for editors, or where it is installed."""
    if name is None:
        _list(as_json)
        return
    if name not in SCHEMAS:
        raise Invalid(f"there is no schema {name}: expected {', '.join(SCHEMAS)}")
    if as_path and config is not None:
        raise typer.BadParameter("expected one of --path and --config: the file holds no plugins")
    file = FOLDER / f"{name}.json"
    if as_path:
        typer.echo(file)
    elif config is None or name == "catalog":
        typer.echo(file.read_text("utf-8"), nl=False)
    else:
        typer.echo(_with_plugins(file.name, config), nl=False)


def _list(as_json: bool) -> None:
    rows = [(name, what, str(FOLDER / f"{name}.json")) for name, what in SCHEMAS.items()]
    if as_json:
        show_json({name: path for name, _, path in rows})
    else:
        show_table(("NAME", "FOR", "PATH"), rows, wide=("PATH",), empty="")


def _with_plugins(file: str, config: Path) -> str:
    from sentinel.config.loader import plugins_dir_of
    from sentinel.config.write_schemas import texts
    from sentinel.plugins import load

    registry, problems = load(plugins_dir_of(config, os.environ))
    for problem in problems:
        typer.echo(f"{'warning' if problem.warning else 'error'}: {problem}", err=True)
    return texts(registry)[file]
