"""`sentinel broadcast`: what clients are told, and what waits to go out to them."""

import os
import sqlite3
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar, get_args

import typer

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    LimitOption,
    StateOption,
    ago,
    app,
    clock_time,
    config_path,
    console,
    printable,
    show_json,
    show_table,
    state_path,
)
from sentinel.cli.asking import NOT_TAKEN, AuthorOption, ask, author_of
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.engine.commands import EndBroadcast, PublishUpdate, VetoUpdate, WriteUpdate
from sentinel.errors import Invalid
from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import (
    MAINTENANCE_PHASES,
    Broadcast,
    BroadcastAudience,
    Phase,
    Update,
    UpdateState,
)
from sentinel.store import broadcasts

if TYPE_CHECKING:
    from sentinel.config.model import Config

_T = TypeVar("_T")
_SEVERITIES: tuple[AlertSeverity, ...] = get_args(AlertSeverity)
_AUDIENCES: tuple[BroadcastAudience, ...] = get_args(BroadcastAudience)
_PHASES: tuple[Phase, ...] = get_args(Phase)

broadcast = typer.Typer(
    help="What clients are told: list, write, publish, stop, correct.", no_args_is_help=True
)
app.add_typer(broadcast, name="broadcast")

NumberArgument = Annotated[
    int, typer.Argument(metavar="BROADCAST", help="As `sentinel broadcast list` shows it.")
]
UpdateArgument = Annotated[
    int, typer.Argument(metavar="UPDATE", help="As `sentinel broadcast list` shows it.")
]
TextArgument = Annotated[
    str | None,
    typer.Argument(help="What clients read; from standard input if left out.", show_default=False),
]
AsIsOption = Annotated[
    bool,
    typer.Option("--as-is", help="Although it holds what clients should not read: see docs."),
]
DraftOption = Annotated[bool, typer.Option("--draft", help="Keep it until somebody publishes it.")]


@broadcast.command("list")
def list_broadcasts(
    limit: LimitOption = 50, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """Updates that wait to go out, and then broadcasts, newest first."""
    now = SystemClock().now()
    with open_store(state_dir) as conn:
        waiting = broadcasts.waiting(conn)
        found = broadcasts.listing(conn, limit=limit)
    if as_json:
        show_json({"waiting": waiting, "broadcasts": found})
        return
    if waiting:
        columns = ("UPDATE", "BROADCAST", "STATE", "PHASE", "GOES OUT", "TEXT")
        rows = [
            (
                one.id,
                one.broadcast,
                one.state,
                one.phase,
                None if one.publish_at is None else clock_time(one.publish_at),
                one.text,
            )
            for one in waiting
        ]
        show_table(columns, rows, wide=("TEXT",), empty="")
        console.print()
    show_table(
        ("BROADCAST", "STANDS AT", "OPENED", "ENDED", "TO", "TITLE"),
        [
            (
                one.id,
                one.phase,
                ago(one.opened, now),
                None if one.ended is None else ago(one.ended, now),
                one.audience,
                one.title,
            )
            for one in found
        ],
        wide=("TITLE",),
        empty="No broadcasts: clients were told nothing.",
    )


@broadcast.command("show")
def show(
    number: NumberArgument,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """One broadcast with all that was said, and is to be."""
    with open_store(state_dir) as conn:
        found = _broadcast(conn, number)
        said = broadcasts.updates_of(conn, number)
        tenants = broadcasts.tenants_of(conn, number)
    if as_json:
        show_json({"broadcast": found, "tenants": tenants, "updates": said})
        return
    lines = [
        f"{found.title}",
        f"to {found.audience}" + (f": {', '.join(tenants)}" if tenants else ""),
        f"opened {clock_time(found.opened)}"
        + ("" if found.ended is None else f", ended {clock_time(found.ended)}"),
        "",
    ]
    for one in said:
        lines += [_headline(one), *(f"    {line}" for line in one.text.split("\n")), ""]
    for line in lines:
        console.print(printable(line), markup=False)


@broadcast.command("publish")
def publish(
    number: UpdateArgument,
    text: Annotated[str, typer.Option("--text", help="Other words for it.")] = "",
    as_is: AsIsOption = False,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an update that waits go out now."""
    by = author_of(author)
    with open_store(state_dir) as conn:
        update = _waiting(conn, number)
        if text:
            of = _broadcast(conn, update.broadcast)
            text = _checked(conn, _config(config), of, text, as_is=as_is)
    command = PublishUpdate(number, by, SystemClock().now(), text)
    _decide(state_dir, command, "update published", "published", as_json=as_json)


@broadcast.command("veto")
def veto(
    number: UpdateArgument,
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop an update that waits: it never goes out."""
    by = author_of(author)
    with open_store(state_dir) as conn:
        _waiting(conn, number)
    command = VetoUpdate(number, by, SystemClock().now())
    _decide(state_dir, command, "update stopped", "vetoed", as_json=as_json)


@broadcast.command("write")
def write(
    phase: Annotated[
        str, typer.Argument(help="investigating, identified, monitoring, resolved, scheduled, …")
    ],
    text: TextArgument = None,
    number: Annotated[
        int | None, typer.Option("--in", help="In this broadcast; a new one if left out.")
    ] = None,
    title: Annotated[str, typer.Option(help="Heading of a new one.")] = "",
    severity: Annotated[str, typer.Option(help="critical, warning or info.")] = "warning",
    component: Annotated[
        list[str] | None, typer.Option(help="Component that it concerns, as often as needed.")
    ] = None,
    audience: Annotated[str, typer.Option(help="affected, subscribers or all.")] = "subscribers",
    tenant: Annotated[
        list[str] | None, typer.Option(help="Tenant that is affected, as often as needed.")
    ] = None,
    incident: Annotated[int | None, typer.Option(help="Incident that it is about.")] = None,
    starts: Annotated[str | None, typer.Option(help="When work begins: 2026-12-24T22:00Z.")] = None,
    ends: Annotated[str | None, typer.Option(help="When it ends.")] = None,
    draft: DraftOption = False,
    as_is: AsIsOption = False,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell clients something, in a new broadcast or in one that there is."""
    from sentinel.broadcasts.writing import new_broadcast

    wanted = _choice("PHASE", phase, _PHASES)
    settings = _config(config)
    with open_store(state_dir) as conn:
        if number is not None:
            of = _broadcast(conn, number)
        else:
            of = new_broadcast(
                conn,
                settings,
                title=title,
                kind="maintenance" if wanted in MAINTENANCE_PHASES else "incident",
                severity=_choice("--severity", severity, _SEVERITIES),
                components=component or (),
                audience=_choice("--audience", audience, _AUDIENCES),
                tenants=tenant or (),
                incident=incident,
                starts=_moment("--starts", starts),
                ends=_moment("--ends", ends),
                now=SystemClock().now(),
                as_is=as_is,
            )
    _write(state_dir, settings, of, wanted, text, author, draft=draft, as_is=as_is, as_json=as_json)


def _afterwards(phase: Phase, help: str) -> None:
    """A command for what may be said of something that clients were told."""

    def command(
        number: NumberArgument,
        text: TextArgument = None,
        draft: DraftOption = False,
        as_is: AsIsOption = False,
        author: AuthorOption = None,
        config: ConfigOption = None,
        state_dir: StateOption = None,
        as_json: JsonOption = False,
    ) -> None:
        with open_store(state_dir) as conn:
            of = _broadcast(conn, number)
        _write(
            state_dir,
            _config(config),
            of,
            phase,
            text,
            author,
            draft=draft,
            as_is=as_is,
            as_json=as_json,
        )

    name = {"correction": "correct", "retraction": "retract"}.get(phase, phase)
    broadcast.command(name, help=help)(command)


_afterwards("correction", "Say what was wrong in what clients were told.")
_afterwards("retraction", "Take it all back; the broadcast ends with it.")
_afterwards("postmortem", "Tell those who were told what happened.")


@broadcast.command("end")
def end(
    number: NumberArgument,
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """End it without a word: nothing more goes out, not even that it is over."""
    by = author_of(author)
    with open_store(state_dir) as conn:
        if _broadcast(conn, number).ended is not None:
            raise Invalid(f"broadcast {number} is over already")
    command = EndBroadcast(number, by, SystemClock().now())
    taken = ask(state_path(state_dir), command, by, "broadcast ended", f"broadcast {number}")
    with open_store(state_dir) as conn:
        now = _broadcast(conn, number)
    if as_json:
        show_json({"taken": taken, "broadcast": now})
    else:
        console.print(f"broadcast {number} is ended" if taken else NOT_TAKEN, markup=False)


def _write(
    state_dir: StateOption,
    config: "Config",
    of: Broadcast,
    phase: Phase,
    text: str | None,
    author: str | None,
    *,
    draft: bool,
    as_is: bool,
    as_json: bool,
) -> None:
    from sentinel.broadcasts.writing import check_phase

    by = author_of(author)
    check_phase(of, phase)
    with open_store(state_dir) as conn:
        words = _checked(conn, config, of, text or sys.stdin.read(), as_is=as_is)
        last = broadcasts.last_update(conn)
    command = WriteUpdate(
        of=of, phase=phase, text=words, by=by, publish=not draft, received=SystemClock().now()
    )
    what = f"broadcast {of.id}" if of.id else f"a new broadcast: {of.title}"
    action = "update drafted" if draft else "update published"
    taken = ask(state_path(state_dir), command, by, action, what)
    with open_store(state_dir) as conn:
        found = broadcasts.written(conn, by, words, last) if taken else None
    if as_json:
        show_json({"taken": taken, "update": found})
    elif found is None:
        refused = "it was refused: the broadcast has ended meanwhile"
        console.print(refused if taken else NOT_TAKEN, markup=False)
    else:
        console.print(_headline(found), markup=False)


def _decide(
    state_dir: StateOption,
    command: PublishUpdate | VetoUpdate,
    action: str,
    wanted: UpdateState,
    *,
    as_json: bool,
) -> None:
    """Raises Invalid where somebody else, or the time, was quicker."""
    number = command.update
    taken = ask(state_path(state_dir), command, command.by, action, f"update {number}")
    with open_store(state_dir) as conn:
        found = broadcasts.get_update(conn, number)
    if taken and found is not None and found.state != wanted:
        raise Invalid(f"too late: {_headline(found)}")
    if as_json:
        show_json({"taken": taken, "update": found})
    elif found is None or not taken:
        console.print(NOT_TAKEN, markup=False)
    else:
        console.print(_headline(found), markup=False)


def _headline(update: Update) -> str:
    state: str = update.state
    if update.state == "published":
        told = "" if update.told is None else f" to {update.told:,}"
        state = f"published{told} {clock_time(update.published or update.created)}"
    elif update.state == "held" and update.publish_at is not None:
        state = f"held until {clock_time(update.publish_at)}"
    elif update.state == "vetoed":
        state = f"never goes out: {update.reason}"
    return f"update {update.id} of broadcast {update.broadcast}, {update.phase}: {state}"


def _config(given: ConfigOption) -> "Config":
    from sentinel.installation import require

    return require(config_path(given), os.environ)[0].config


def _checked(
    conn: sqlite3.Connection, config: "Config", of: Broadcast, text: str, *, as_is: bool
) -> str:
    from sentinel.broadcasts.writing import Leaky, checked_text, redaction_for

    try:
        return checked_text(text, redaction_for(conn, config, of.incident), as_is=as_is)
    except Leaky as error:
        raise Invalid(f"{error} (--as-is)") from None


def _broadcast(conn: sqlite3.Connection, number: int) -> Broadcast:
    found = broadcasts.get(conn, number)
    if found is None:
        raise Invalid(f"there is no broadcast {number}: `sentinel broadcast list` lists them")
    return found


def _waiting(conn: sqlite3.Connection, number: int) -> Update:
    found = broadcasts.get_update(conn, number)
    if found is None:
        raise Invalid(f"there is no update {number}: `sentinel broadcast list` lists them")
    if not found.waits:
        why = found.reason or f"it is {found.state}"
        raise Invalid(f"update {number} does not wait any more: {why}")
    return found


def _choice(name: str, given: str, choices: tuple[_T, ...]) -> _T:
    found = next((one for one in choices if one == given), None)
    if found is None:
        raise Invalid(f"{name}: expected one of {', '.join(map(str, choices))}, found {given!r}")
    return found


def _moment(name: str, given: str | None) -> float | None:
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise Invalid(f"{name}: expected a time such as 2026-12-24T22:00Z") from error
    if at.tzinfo is None:
        raise Invalid(f"{name}: expected a time with its zone, such as 2026-12-24T22:00Z")
    return at.timestamp()
