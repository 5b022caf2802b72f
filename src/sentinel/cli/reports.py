"""`sentinel report`: all that is known about an error group."""

import contextlib
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli.app import ConfigOption, JsonOption, StateOption, app, config_path, show_json
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError, Invalid

if TYPE_CHECKING:
    from sentinel.intelligence.catalog import Catalog


class Format(StrEnum):
    markdown = "markdown"
    text = "text"
    json = "json"


@app.command()
def report(
    group: Annotated[int, typer.Argument(help="Number of an error group.")],
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.markdown,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """The debug report on an error group, to read or to hand to somebody who mends it."""
    from sentinel import reports
    from sentinel.intelligence.report import render_markdown, render_text

    catalog, public_url, application_url = _knowledge(config)
    with open_store(state_dir) as conn:
        found = reports.report_on(
            conn, group, catalog, public_url, SystemClock().now(), application_url
        )
    if found is None:
        raise Invalid(f"there is no error group {group}: `sentinel errors` lists them")
    if as_json or form is Format.json:
        show_json(found)
    else:
        typer.echo(render_text(found) if form is Format.text else render_markdown(found))


def _knowledge(config: Path | None) -> tuple["Catalog", str, str | None]:
    """The catalog and the public URL; the shipped ones where there is no configuration."""
    from sentinel.config.settings import public_url_of, read_main, read_settings
    from sentinel.data import shipped
    from sentinel.intelligence.catalog_files import load_catalog

    folders, public_url, application_url = [shipped("catalog")], "http://127.0.0.1:8420", None
    with contextlib.suppress(ConfigError):
        path = config_path(config)
        main, _ = read_main(path, os.environ)
        settings = None if main is None else read_settings(main, path)[0]
        if settings is not None:
            folders.append(path.parent / settings.catalog_dir)
            public_url = public_url_of(settings)
            application_url = settings.application_url
    catalog, problems = load_catalog(folders)
    if catalog is None:
        raise ConfigError("\n".join(str(problem) for problem in problems))
    return catalog, public_url, application_url
