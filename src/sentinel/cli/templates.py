"""`sentinel template`: the words of messages, looked at before anybody gets them."""

import contextlib
import os
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
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
from sentinel.errors import Invalid
from sentinel.model.delivery import Audience
from sentinel.store import audit
from sentinel.store.connection import connect, transaction
from sentinel.store.lock import is_held

if TYPE_CHECKING:
    from sentinel.templating.preview import Wish

template = typer.Typer(
    help="The words of messages: list, preview, send as a test.", no_args_is_help=True
)
app.add_typer(template, name="template")

NameArgument = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="Of a template; the one that would be taken if left out."),
]
DefaultOption = Annotated[bool, typer.Option("--default", help="The words without any template.")]
SampleOption = Annotated[
    str,
    typer.Option(
        "--sample",
        "--reason",
        help="firing, reminder, resolved, …; for clients investigating, resolved, scheduled, …",
    ),
]
BareOption = Annotated[
    bool, typer.Option("--bare", help="A sample of which next to nothing is known.")
]
IncidentOption = Annotated[
    int | None, typer.Option("--incident", min=1, help="A real incident instead of the sample.")
]
BroadcastOption = Annotated[
    int | None,
    typer.Option("--broadcast", min=1, help="What clients read of a real broadcast."),
]
LanguageOption = Annotated[
    str, typer.Option("--language", help="Of a client, where there are several.")
]
ChannelOption = Annotated[str, typer.Option("--channel", help="As it goes over this channel.")]
ClientOption = Annotated[bool, typer.Option("--client", help="What clients read.")]


@template.command("list")
def list_templates(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What is configured, in the order in which it is looked through."""
    from sentinel.installation import require

    found = require(config_path(config), os.environ)[0].config.templates
    if as_json:
        show_json(found)
        return
    show_table(
        ("NAME", "AUDIENCE", "CHANNELS", "REASONS", "WORDS", "AT"),
        [
            (
                one.name,
                one.audience,
                ", ".join(one.channels),
                ", ".join(one.reasons),
                ", ".join(one.sources),
                f"{one.file}:{one.line}",
            )
            for one in found
        ],
        wide=("CHANNELS", "REASONS", "AT"),
        empty="No templates: every message has its default words (`sentinel template preview`).",
    )


@template.command("preview")
def preview(
    name: NameArgument = None,
    default: DefaultOption = False,
    sample: SampleOption = "",
    bare: BareOption = False,
    incident: IncidentOption = None,
    broadcast: BroadcastOption = None,
    language: LanguageOption = "",
    channel: ChannelOption = "",
    client: ClientOption = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML here.")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show the HTML in a browser.")] = False,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print subject, text and short text, and write the HTML where it is wanted.

    Exit status: 1 where the template fails, so that the default words would be sent.
    """
    from sentinel.installation import require
    from sentinel.pages import Composer
    from sentinel.templating.preview import Previews

    found, _ = require(config_path(config), os.environ)
    composer = Composer(found.config, found.catalog, found.cause_finder())
    wish = _wish(name, default, sample, bare, client or broadcast is not None)
    wish = replace(wish, incident=incident, broadcast=broadcast, language=language, channel=channel)
    now = SystemClock().now()
    previews = Previews(found.config, composer)
    if not wish.is_stored:
        made = previews.show(None, wish, now)
    else:
        with open_store(state_dir) as conn:
            made = previews.show(conn, wish, now)
    if open_it and html is None:
        html = Path(f"sentinel-{made.template or 'default'}-{made.about}.html")
    if html is not None and made.html:
        html.write_text(made.html, "utf-8")
    if as_json:
        show_json(made)
    else:
        words = f"the template {made.template}" if made.template else "the default words"
        over = f" over {made.channel}" if made.channel else ""
        long = " (longer than telephones show)" if made.is_long else ""
        console.print(f"{made.about}{over}, in {words}", style="bold", markup=False)
        console.print(f"\nSubject: {printable(made.subject)}{long}\n", markup=False)
        for line in made.text.rstrip("\n").split("\n"):
            console.print(printable(line), markup=False, soft_wrap=True)
        console.print(f"\nShort: {printable(made.short)}", markup=False, soft_wrap=True)
        if html is not None:
            console.print(f"\nHTML: {html.absolute()}" if made.html else "\nNo HTML.", markup=False)
    if open_it and html is not None and made.html:
        webbrowser.open(html.absolute().as_uri())
    if made.flaw:
        raise Invalid(f"the template {made.template} fails: {made.flaw}; the above is sent instead")


@template.command("send")
def send(
    target: Annotated[
        str, typer.Argument(help="A channel or a person: sms, alice, channel:sms, person:alice.")
    ],
    name: NameArgument = None,
    default: DefaultOption = False,
    sample: SampleOption = "",
    bare: BareOption = False,
    incident: IncidentOption = None,
    broadcast: BroadcastOption = None,
    language: LanguageOption = "",
    client: ClientOption = False,
    to: Annotated[
        str | None, typer.Option("--to", help="Which person, for a channel that sends to people.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Over which channel alone, for a person.")
    ] = None,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send it as a test, marked as one, through the running daemon."""
    from sentinel.addressees import addressees
    from sentinel.installation import require
    from sentinel.pages import Composer
    from sentinel.templating.preview import Previews

    found, _ = require(config_path(config), os.environ)
    recipients = addressees(found.config, target, to=to, by=by)
    state, actor, now = state_path(state_dir), author_of(author), SystemClock().now()
    if not is_held(state):
        raise Invalid(f"no daemon runs on {state}, so nothing would send it: start one")
    wish = _wish(name, default, sample, bare, client or broadcast is not None)
    wish = replace(wish, incident=incident, broadcast=broadcast, language=language)
    composer = Composer(found.config, found.catalog, found.cause_finder())
    with contextlib.closing(connect(state)) as conn, transaction(conn):
        numbers = Previews(found.config, composer).send(conn, wish, recipients, now)
        object = f"template {name}" if name else "the default words"
        audit.note(conn, now, actor, "template sent as a test", object, f"to {target}")
    if as_json:
        show_json({"deliveries": numbers})
        return
    for number, one in zip(numbers, recipients, strict=True):
        whom = f" to {one.person}" if one.person else ""
        console.print(f"delivery {number}{whom} over {one.channel}", markup=False)


def _wish(
    name: str | None,
    default: bool,
    sample: str,
    bare: bool,
    client: bool,
) -> "Wish":
    from sentinel.templating.preview import DEFAULT, Wish

    if name is not None and default:
        raise Invalid("found both a NAME and --default, expected one of them")
    audience: Audience = "client" if client else "admin"
    return Wish(
        about=sample,
        audience=audience,
        template=DEFAULT if default else name,
        bare=bare,
    )
