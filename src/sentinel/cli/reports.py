"""`sentinel report`: all that is known about an error group or an incident. `sentinel fixed`: what
fixed one, for the next time."""

import contextlib
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli.address import public_url
from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    app,
    config_path,
    console,
    printable,
    show_json,
    state_path,
)
from sentinel.cli.asking import AuthorOption, author_of
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError, Invalid

if TYPE_CHECKING:
    from sentinel.ingest.scrub_policy import ScrubPolicy
    from sentinel.reports import Reporter


# The key is for the hashes of users, of whom there are none in what is scrubbed here.
_NO_USERS = b"-"


class Format(StrEnum):
    markdown = "markdown"
    text = "text"
    json = "json"


@app.command()
def report(
    group: Annotated[
        int | None, typer.Argument(help="Number of an error group; or give --incident.")
    ] = None,
    incident: Annotated[int | None, typer.Option(help="Number of an incident.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.markdown,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """The debug report on an error group or an incident, to read or to hand to somebody who mends
    it."""
    from sentinel.intelligence.report import (
        DebugReport,
        IncidentReport,
        render_markdown,
        render_text,
    )

    now = SystemClock().now()
    found: DebugReport | IncidentReport | None
    with open_store(state_dir) as conn:
        reporter = _reporter(config, public_url(conn, config))
        if incident is not None and group is None:
            found = reporter.on_incident(conn, incident, now)
            missing = f"there is no incident {incident}: `sentinel incidents` lists them"
        elif group is not None and incident is None:
            found = reporter.on_group(conn, group, now)
            missing = f"there is no error group {group}: `sentinel errors` lists them"
        else:
            given = "both" if group is not None else "neither"
            raise Invalid(f"found {given}, expected the number of an error group, or --incident")
    if found is None:
        raise Invalid(missing)
    if as_json or form is Format.json:
        show_json(found)
    else:
        typer.echo(render_text(found) if form is Format.text else render_markdown(found))


@app.command()
def fixed(
    incident: Annotated[int, typer.Argument(help="Number of an incident that is over.")],
    text: Annotated[str, typer.Argument(help="What fixed it; empty to take back what was said.")],
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what fixed an incident: it is shown with the next one that is like it."""
    from sentinel.causes import note_fix
    from sentinel.ingest.scrub import Scrubber
    from sentinel.store import audit
    from sentinel.store.connection import connect, connect_readonly, transaction

    by, now = author_of(author), SystemClock().now()
    scrubber = Scrubber(_policy(config), key=_NO_USERS)
    folder = state_path(state_dir)
    # A folder without a database is a wrong one: a command makes none.
    connect_readonly(folder).close()
    with contextlib.closing(connect(folder)) as conn, transaction(conn):
        found = note_fix(conn, incident, text, by, now, scrubber)
        audit.note(
            conn, now, by, "incident explained", f"incident {incident}", "by the command line"
        )
    if as_json:
        show_json(found)
    else:
        told = f"incident {incident} was fixed by: {found.text}" if found else "taken back"
        console.print(printable(told), markup=False)


def _policy(config: Path | None) -> "ScrubPolicy | None":
    """None, which is the shipped one, where there is no configuration."""
    from sentinel.config.settings import read_main, read_settings

    with contextlib.suppress(ConfigError):
        path = config_path(config)
        main, _ = read_main(path, os.environ)
        settings = None if main is None else read_settings(main, path)[0]
        return None if settings is None else settings.scrub
    return None


def _reporter(config: Path | None, url: str) -> "Reporter":
    """With the shipped catalog and the built-in rankers where there is no configuration."""
    from sentinel.causes import CauseFinder
    from sentinel.config.settings import read_main, read_settings
    from sentinel.data import shipped
    from sentinel.ingest.scrub import Scrubber
    from sentinel.intelligence.catalog_files import load_catalog
    from sentinel.plugins import load
    from sentinel.reports import Reporter

    folders, plugins_dir, settings = [shipped("catalog")], None, None
    with contextlib.suppress(ConfigError):
        path = config_path(config)
        main, _ = read_main(path, os.environ)
        settings = None if main is None else read_settings(main, path)[0]
        if settings is not None:
            folders.append(path.parent / settings.catalog_dir)
            folder = path.parent / settings.plugins_dir
            plugins_dir = folder if folder.is_dir() else None
    catalog, problems = load_catalog(folders)
    if catalog is None:
        raise ConfigError("\n".join(str(problem) for problem in problems))
    registry, _ = load(plugins_dir)
    parts = {} if settings is None else settings.components
    needs = {name: tuple(one.depends_on) for name, one in parts.items()}
    finder = CauseFinder(catalog, registry.all("ranker"), needs)
    scrubber = Scrubber(None if settings is None else settings.scrub, key=_NO_USERS)
    if settings is None:
        return Reporter(catalog=catalog, finder=finder, scrubber=scrubber, public_url=url)
    return Reporter(
        catalog=catalog,
        finder=finder,
        scrubber=scrubber,
        public_url=url,
        application_url=settings.application_url,
        terms=settings.snapshots,
    )
