"""`sentinel status`: the page that clients see, as files, and the links that open it."""

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from sentinel.cli.asking import AuthorOption, author_of
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.config.suggest import did_you_mean, one_of
from sentinel.errors import ConfigError, Invalid
from sentinel.model.values import Duration

if TYPE_CHECKING:
    from sentinel.config.model import Config
    from sentinel.config.model_status import StatusPageConfig

status = typer.Typer(help="The status page that clients see.", no_args_is_help=True)
app.add_typer(status, name="status")


@status.command("export")
def export_page(
    folder: Annotated[Path, typer.Argument(help="Where to write it; made if there is none.")],
    url: Annotated[
        str | None,
        typer.Option("--url", help="Where it will be found; public_url/status if left out."),
    ] = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the public page with all its feeds and badges as files, for any web server."""
    from sentinel.status.gathering import gather
    from sentinel.web.public import subscribe_path
    from sentinel.web.status_export import export

    if url is not None and not re.match(r"https?://[^/\s]", url):
        raise Invalid(
            f"--url: found {url!r}, expected an address such as https://status.example.com"
        )
    found, page = _page(config)
    if page.audience != "public":
        raise Invalid(
            "found `audience: token`, expected a page for everybody: an export has no links that "
            "could be taken back"
        )
    now = SystemClock().now()
    with open_store(state_dir) as conn:
        facts = gather(conn, found, page, now, None)
    subscribe = subscribe_path(found)
    count = export(
        folder,
        facts,
        page,
        address=url or f"{found.public_url}/status",
        subscribe=f"{found.public_url}{subscribe}" if subscribe else "",
    )
    if as_json:
        show_json({"folder": str(folder), "files": count})
    else:
        typer.echo(f"wrote {count} files to {folder}")


@status.command()
def link(
    tenant: Annotated[str, typer.Argument(help="A tenant, by the name that signals call it.")],
    lasts: Annotated[
        str | None, typer.Option("--lasts", help="How long, such as 90d; for ever if left out.")
    ] = None,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="End every link that was made until now instead.")
    ] = False,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the link that opens the status page of one tenant, with what concerns it alone."""
    from sentinel.signing import Signer
    from sentinel.status import links
    from sentinel.store import audit, meta
    from sentinel.store import status as store
    from sentinel.store.connection import connect, connect_readonly, transaction

    actor, now = author_of(author), SystemClock().now()
    expires = _expires(lasts, now)
    found, _ = _page(config)
    state = state_path(state_dir)
    # A folder without a database is a wrong one: a command makes none.
    connect_readonly(state).close()
    with contextlib.closing(connect(state)) as conn, transaction(conn):
        if not store.knows_tenant(conn, tenant):
            known = store.tenant_names(conn)
            nobody = "none is known yet: list it under `tenants:`, or add it on the page Clients"
            others = f"expected {one_of(known)}" if known else nobody
            hint = did_you_mean(tenant, known) or others
            raise Invalid(f"found no tenant {tenant!r}: {hint}")
        if take_back:
            store.take_back(conn, tenant)
            token = ""
        else:
            signer = Signer(meta.link_key(conn))
            token = links.token(signer, tenant, store.generation(conn, tenant), expires)
        done = "status links taken back" if take_back else "status link made"
        audit.note(conn, now, actor, done, f"tenant {tenant}", "by the command line")
    url = links.address(found.public_url, token) if token else None
    if as_json:
        show_json({"tenant": tenant, "url": url, "expires": expires or None})
    else:
        typer.echo(url or f"the links of {tenant} open nothing any more")


def _expires(lasts: str | None, now: float) -> float:
    """0 for never."""
    if lasts is None:
        return 0.0
    try:
        length = float(Duration.parse(lasts))
    except ValueError as error:
        raise Invalid(f"--lasts: {error}") from error
    if length <= 0:
        raise Invalid("--lasts: found no time at all, expected a duration such as 90d")
    return float(int(now + length) + 1)


def _page(given: Path | None) -> "tuple[Config, StatusPageConfig]":
    """Raises Invalid where the configuration has no page."""
    from sentinel import installation

    path = config_path(given)
    found, problems = installation.read(path, os.environ)
    if found is None:
        raise ConfigError("\n".join(str(one) for one in problems if not one.warning))
    if found.config.status_page is None:
        raise Invalid(f"found no status page in {path}, expected a section `status_page:`")
    return found.config, found.config.status_page
