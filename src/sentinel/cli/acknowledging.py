"""`sentinel acknowledge`: taking an incident from a terminal."""

from typing import Annotated

import typer

from sentinel.cli.app import JsonOption, StateOption, app, console, printable, show_json, state_path
from sentinel.cli.asking import NOT_TAKEN, AuthorOption, ask, author_of
from sentinel.cli.lists import open_store
from sentinel.clock import SystemClock
from sentinel.engine.commands import Acknowledge
from sentinel.engine.objections import over
from sentinel.errors import Invalid
from sentinel.model.alert import Incident
from sentinel.store import alerts


@app.command()
def acknowledge(
    incident: Annotated[int, typer.Argument(help="Number of an incident.")],
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an incident: no further steps or reminders go out. `ack` for short."""
    by = author_of(author)
    found = _read(state_dir, incident)
    if found.state == "resolved":
        raise Invalid(f"incident {incident} can't be taken: {over(found)}")
    command = Acknowledge(incident, by, SystemClock().now())
    taken = ask(state_path(state_dir), command, by, "incident acknowledged", f"incident {incident}")
    now = _read(state_dir, incident)
    if as_json:
        show_json({"taken": taken, "incident": now})
    elif not taken:
        console.print(NOT_TAKEN, markup=False)
    else:
        # Somebody else may have been quicker.
        text = f"{now.acknowledged_by or 'nobody'} has incident {now.id}, which is {now.state}"
        console.print(printable(text), markup=False)


app.command("ack", hidden=True)(acknowledge)


def _read(state_dir: StateOption, number: int) -> Incident:
    """Raises Invalid where there is none of this number."""
    with open_store(state_dir) as conn:
        found = alerts.get_incident(conn, number)
    if found is None:
        raise Invalid(f"there is no incident {number}: `sentinel incidents` lists them")
    return found
