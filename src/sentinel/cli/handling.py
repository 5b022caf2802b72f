"""`sentinel incident`: what can be done about one, beside taking it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from sentinel.cli.app import JsonOption, StateOption, app, console, printable, show_json, state_path
from sentinel.cli.asking import NOT_TAKEN, AuthorOption, ask, author_of
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.engine.commands import Assign, Escalate, Handling, Note, Release, Resolve
from sentinel.engine.objections import objection
from sentinel.errors import Invalid
from sentinel.model.alert import Incident
from sentinel.store import alerts, decisions

incident = typer.Typer(
    help="Resolve, escalate, hand over and note. `sentinel acknowledge` takes one.",
    no_args_is_help=True,
)
app.add_typer(incident, name="incident")

NumberArgument = Annotated[
    int, typer.Argument(metavar="INCIDENT", help="Its number, as `sentinel incidents` shows it.")
]


@incident.command("resolve")
def resolve(
    number: NumberArgument,
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that it is over: its alerts are closed, and those who were told of it hear that."""
    command = Resolve(number, author_of(author), SystemClock().now())
    _do(
        state_dir,
        command,
        "incident resolved",
        lambda now: f"incident {now.id} is {now.state}",
        as_json=as_json,
    )


@incident.command("escalate")
def escalate(
    number: NumberArgument,
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the next step of its escalation now, also if somebody has it."""
    command = Escalate(number, author_of(author), SystemClock().now())
    _do(
        state_dir,
        command,
        "incident escalated",
        lambda now: f"the next step of incident {now.id} runs now",
        as_json=as_json,
    )


@incident.command("release")
def release(
    number: NumberArgument,
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give it back: nobody has it any more, and its escalation begins anew."""
    command = Release(number, author_of(author), SystemClock().now())
    _do(
        state_dir,
        command,
        "incident released",
        lambda now: f"incident {now.id} is {now.state}",
        as_json=as_json,
    )


@incident.command("assign")
def assign(
    number: NumberArgument,
    to: Annotated[str, typer.Argument(metavar="PERSON", help="One of those under `people:`.")],
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give it to somebody, who is told, and has it as if they had acknowledged."""
    command = Assign(number, to, author_of(author), SystemClock().now())
    _do(
        state_dir,
        command,
        "incident assigned",
        lambda now: f"{now.acknowledged_by or 'nobody'} has incident {now.id}",
        as_json=as_json,
    )


@incident.command("note")
def note(
    number: NumberArgument,
    text: Annotated[str, typer.Argument(help="A sentence; secrets are taken out.")],
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a note into its time line."""
    command = Note(number, author_of(author), text, SystemClock().now())
    _do(
        state_dir,
        command,
        "incident noted",
        lambda now: f"it stands in the time line of incident {now.id}",
        as_json=as_json,
    )


def _do(
    state_dir: Path | None,
    command: Handling,
    action: str,
    said: Callable[[Incident], str],
    *,
    as_json: bool,
) -> None:
    """Ask for it, and show what came of it. Raises Invalid where it can't be done."""
    number = command.incident
    # Who can be reached only the daemon knows, which has the configuration.
    refused = objection(command, _read(state_dir, number), None)
    if refused is not None:
        raise Invalid(f"incident {number}: {refused.text}")
    taken = ask(state_path(state_dir), command, command.by, action, f"incident {number}")
    if taken:
        _raise_refusal(state_dir, command)
    now = _read(state_dir, number)
    if as_json:
        show_json({"taken": taken, "incident": now})
    else:
        console.print(printable(said(now) if taken else NOT_TAKEN), markup=False)


def _raise_refusal(state_dir: Path | None, command: Handling) -> None:
    """The daemon may know better, or somebody else may have been quicker."""
    with open_store(state_dir) as conn:
        made = decisions.of_incident(conn, command.incident)
    for one in made:
        if one.verb == "command_refused" and one.at >= command.received:
            raise Invalid(f"incident {command.incident}: {one.text}")


def _read(state_dir: Path | None, number: int) -> Incident:
    """Raises Invalid where there is none of this number."""
    with open_store(state_dir) as conn:
        found = alerts.get_incident(conn, number)
    if found is None:
        raise Invalid(f"there is no incident {number}: `sentinel incidents` lists them")
    return found
