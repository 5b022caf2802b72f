"""`sentinel client`: who is told at tenants and among the public; beside a running daemon and
without one."""

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    LimitOption,
    StateOption,
    ago,
    app,
    config_path,
    console,
    printable,
    show_json,
    show_table,
    state_path,
)
from sentinel.cli.asking import AuthorOption, author_of
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.errors import ConfigError, Invalid
from sentinel.store import audit
from sentinel.store.connection import connect, connect_readonly, transaction

if TYPE_CHECKING:
    from sentinel.config.model import Config

client = typer.Typer(help="Tenants, contacts and what they subscribe to.", no_args_is_help=True)
app.add_typer(client, name="client")

_T = TypeVar("_T")
_BITE = 200
_BY_TERMINAL = "by the command line"
AddressArgument = Annotated[
    str, typer.Argument(help="An e-mail address, a number or a URL, or the contact's number.")
]


@client.command("list")
def list_clients(
    search: Annotated[str, typer.Argument(help="Text in names and addresses.")] = "",
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Only this one's; `-` for the public.")
    ] = None,
    after: Annotated[int, typer.Option("--after", help="Go on after this contact.")] = 0,
    limit: LimitOption = 50,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Contacts with their addresses."""
    from sentinel.store import clients

    now = SystemClock().now()
    with open_store(state_dir) as conn:
        found = clients.contacts(
            conn,
            tenant="" if tenant == "-" else tenant,
            search=search,
            after=after,
            limit=limit,
        )
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one.contact.id,
            one.contact.tenant or "-",
            one.contact.name or "-",
            ago(one.contact.created, now),
            ", ".join(f"{each.address} ({each.state})" for each in one.subscriptions),
        )
        for one in found
    ]
    show_table(
        ("ID", "TENANT", "NAME", "SINCE", "ADDRESSES"), rows, wide=("ADDRESSES",), empty="Nobody."
    )


@client.command("import")
def import_clients(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.", exists=True)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what it would do, and do nothing.")
    ] = False,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add and change contacts by a CSV file; taking it again changes nothing."""
    from sentinel.clients import table
    from sentinel.clients.words import Words

    settings = _config(config)
    languages = Words(settings.clients.languages).languages
    rows, problems = table.read(file.read_bytes(), languages, settings.timezone.key)
    if problems:
        text = "\n".join(f"{file}:{one.line}: {one.text}" for one in problems)
        raise Invalid(f"nothing was taken:\n{text}")
    if dry_run:
        with open_store(state_dir) as conn:
            steps = table.plan(conn, rows)
    else:
        now, by, steps = SystemClock().now(), author_of(author), []
        for start in range(0, len(rows), _BITE):
            some = rows[start : start + _BITE]
            steps += _change(state_dir, partial(table.take, rows=some, actor=by, now=now))
        _note(state_dir, by, "clients imported", str(file.name))
    if as_json:
        show_json(steps)
        return
    told = [(one.line, one.what, one.name, one.detail) for one in steps if one.what != "same"]
    show_table(
        ("LINE", "WHAT", "CONTACT", "DETAIL"),
        told[:_MOST_SHOWN],
        wide=("DETAIL",),
        empty="Nothing to change.",
    )
    if len(told) > _MOST_SHOWN:
        console.print(f"and {len(told) - _MOST_SHOWN:,} more: --json has all of them")
    counts = {what: sum(one.what == what for one in steps) for what in _WHATS}
    summary = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    console.print(f"{'would be' if dry_run else 'done'}: {summary or 'nothing'}", markup=False)


_MOST_SHOWN = 50
_WHATS = ("new", "changed", "same", "refused")


@client.command("export")
def export(
    address: Annotated[
        str, typer.Argument(help="All that is stored about this one, as JSON; else all, as CSV.")
    ] = "",
    author: AuthorOption = None,
    state_dir: StateOption = None,
) -> None:
    """Everything about one contact as JSON, or all contacts as CSV."""
    from sentinel.clients import personal, table
    from sentinel.store import clients

    by = author_of(author)
    if address:
        with open_store(state_dir) as conn:
            numbers = _numbers(conn, address)
            found = [personal.dossier(conn, one) for one in numbers]
        show_json(found)
        _note(state_dir, by, "clients read", f"contact {', '.join(map(str, numbers))}")
        return
    with open_store(state_dir) as conn:
        for line in table.written(clients.every(conn)):
            typer.echo(line, nl=False)
    _note(state_dir, by, "clients exported", "")


@client.command("erase")
def erase(
    address: AddressArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase all that is stored about a contact. It can't be undone."""
    from sentinel.clients import personal
    from sentinel.store import clients

    now, by = SystemClock().now(), author_of(author)
    with open_store(state_dir) as conn:
        numbers = _numbers(conn, address)
        known = [clients.contact(conn, one) for one in numbers]
    what = f"contact {', '.join(map(str, numbers))}"
    if not yes:
        names = ", ".join(
            f"{one.name or 'no name'} ({one.tenant or 'the public'})" for one in known if one
        )
        typer.confirm(f"Erase all that is stored about {what}: {printable(names)}?", abort=True)
    for number in numbers:
        _change(state_dir, partial(personal.erase, contact=number, actor=by, now=now))
    if as_json:
        show_json({"erased": numbers})
    else:
        console.print(f"erased: {what}", markup=False)


@client.command("readmit")
def readmit(
    address: Annotated[str, typer.Argument(help="An e-mail address, a number or a URL.")],
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift a complaint: its holder may be asked to confirm again, and hears nothing until then."""
    from sentinel.clients import subscribing
    from sentinel.clients.addresses import KINDS, normalised
    from sentinel.discretion import masked

    now, by = SystemClock().now(), author_of(author)

    def lift(conn: sqlite3.Connection) -> list[str]:
        lifted = []
        for kind in KINDS:
            # It may be an address of several kinds; only one of them will have complained.
            with contextlib.suppress(Invalid):
                form = normalised(kind, address)
                subscribing.readmit(conn, kind, form, by, now)
                lifted.append(form)
        if not lifted:
            raise Invalid(f"found no complaint from {address[:100]!r}: nothing is to be lifted")
        audit.note(conn, now, by, "complaint lifted", masked(lifted[0]), _BY_TERMINAL)
        return lifted

    lifted = _change(state_dir, lift)
    if as_json:
        show_json({"readmitted": lifted})
        return
    text = f"{lifted[0]} may be asked to confirm again, and hears nothing until then"
    console.print(printable(text), markup=False)


@client.command("bounce")
def bounce(
    config: ConfigOption = None, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Take a bounce or a complaint from standard input: for the alias of a mail server, such as
    `sentinel-bounces: "|sentinel client bounce"`."""
    from sentinel.clients import bounces

    reports = bounces.read(sys.stdin.buffer.read(bounces.LARGEST + 1))
    most, now = _bounces(config), SystemClock().now()
    over = _change(state_dir, lambda conn: bounces.take(conn, reports, now, bounces=most))
    if as_json:
        show_json({"reports": reports, "ended": [one.id for one in over]})
        return
    for one in reports:
        console.print(printable(f"{one.address} {one.why}: {one.detail}"), markup=False)
    console.print(f"subscriptions that ended: {len(over)}", markup=False)


@client.command("link")
def link(
    tenant: Annotated[str, typer.Argument(help="Whose contacts sign up by it.")],
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """The address at which those of a tenant subscribe."""
    from sentinel.clients.links import Links
    from sentinel.signing import Signer
    from sentinel.store import clients, meta
    from sentinel.store.status import generation

    url = _config(config).public_url

    def made(conn: sqlite3.Connection) -> str:
        if clients.tenant(conn, tenant) is None:
            raise Invalid(f"there is no tenant {tenant!r}")
        return Links(Signer(meta.link_key(conn)), url).sign_up(tenant, generation(conn, tenant))

    address = _change(state_dir, made)
    if as_json:
        show_json({"tenant": tenant, "url": address})
    else:
        typer.echo(address)


@client.command("texts")
def texts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The texts that clients read, by the key under which `clients.languages` has others."""
    from sentinel.clients.words import ENGLISH

    if as_json:
        show_json(ENGLISH)
        return
    rows = list(ENGLISH.items())
    show_table(("KEY", "ENGLISH"), rows, wide=("ENGLISH",), empty="")


def _numbers(conn: sqlite3.Connection, address: str) -> list[int]:
    """Of the contacts that are meant. Raises Invalid where there is none."""
    from sentinel.clients import personal
    from sentinel.clients.addresses import forms_of
    from sentinel.store import clients

    if address.isascii() and address.isdigit() and len(address) < 10:
        found = clients.contact(conn, int(address))
        numbers = [] if found is None else [found.id]
    else:
        numbers = sorted(
            {one for form in forms_of(address) for one in personal.contacts_at(conn, form)}
        )
    if not numbers:
        raise Invalid(f"found no contact {address[:100]!r}: `sentinel client list` lists them")
    return numbers


def _config(given: ConfigOption) -> "Config":
    from sentinel.installation import require

    return require(config_path(given), os.environ)[0].config


def _bounces(given: ConfigOption) -> int:
    """A mail server calls without the secrets that the configuration refers to: then it is the
    default."""
    from sentinel.config.schema_clients import ClientLimits

    try:
        return _config(given).clients.limits.bounces
    except ConfigError:
        return ClientLimits().bounces


def _change(state_dir: StateOption, change: Callable[[sqlite3.Connection], _T]) -> _T:
    """A folder without a database is a wrong one: a command makes none."""
    connect_readonly(state_path(state_dir)).close()
    with contextlib.closing(connect(state_path(state_dir))) as conn, transaction(conn):
        return change(conn)


def _note(state_dir: StateOption, by: str, action: str, object: str) -> None:
    now = SystemClock().now()
    _change(state_dir, lambda conn: audit.note(conn, now, by, action, object, _BY_TERMINAL))
