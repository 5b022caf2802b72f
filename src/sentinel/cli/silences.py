"""`sentinel silence`: alerts that nobody wants to hear of for a while."""

from typing import Annotated

import typer
from msgspec.structs import asdict

from sentinel.cli import asking
from sentinel.cli.app import (
    JsonOption,
    LimitOption,
    StateOption,
    ago,
    app,
    clock_time,
    console,
    show_json,
    show_table,
    state_path,
)
from sentinel.cli.asking import NOT_TAKEN, AuthorOption, ask, author_of
from sentinel.cli.lists import key_text, open_store
from sentinel.clock import SystemClock
from sentinel.engine.commands import EndSilence, SetSilence
from sentinel.errors import Invalid
from sentinel.model.silence import Silence
from sentinel.store import silences

silence = typer.Typer(help="Set, list, preview and end silences.", no_args_is_help=True)
app.add_typer(silence, name="silence")

MatchersArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="MATCHER...",
        help="Such as 'team=payments' or 'severity=~\"warning|info\"'; all must hold.",
        show_default=False,
    ),
]


@silence.command("add")
def add(
    matchers: MatchersArgument,
    lasts: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d.")],
    comment: Annotated[str, typer.Option(help="For whoever wonders why it is quiet.")] = "",
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Silence the alerts that meet all of the matchers, from now on."""
    from sentinel.silencing import Times, checked

    now, by = SystemClock().now(), author_of(author)
    asked = checked(matchers, Times(lasts=lasts), author=by, comment=comment, now=now)
    what = ", ".join(asked.matchers)[:500]
    taken = ask(state_path(state_dir), SetSilence(asked, now), by, "silence set", what)
    with open_store(state_dir) as conn:
        found = silences.like(conn, asked) if taken else None
    if as_json:
        show_json({"taken": taken, "silence": found or asked})
    elif found is None:
        console.print(NOT_TAKEN, markup=False)
    else:
        console.print(f"silence {found.id} is set until {clock_time(found.ends)}", markup=False)


@silence.command("list")
def list_silences(
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: LimitOption = 50,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Silences, newest first."""
    now = SystemClock().now()
    with open_store(state_dir) as conn:
        if every:
            found = silences.listing(conn, now, limit=limit)
        else:
            found = silences.lasting(conn, now)[::-1][:limit]
    if as_json:
        show_json([{**asdict(one), "state": one.state_at(now)} for one in found])
        return
    rows = [
        (
            one.id,
            one.state_at(now),
            clock_time(one.ends),
            one.author,
            ", ".join(one.matchers),
            one.comment or None,
        )
        for one in found
    ]
    columns = ("ID", "STATE", "ENDS", "BY", "MATCHERS", "COMMENT")
    empty = "No silences." if every else "No silences: whatever fires is told."
    show_table(columns, rows, wide=("MATCHERS", "COMMENT"), empty=empty)


@silence.command("preview")
def preview(
    matchers: MatchersArgument, state_dir: StateOption = None, as_json: JsonOption = False
) -> None:
    """What a silence with these matchers would keep quiet now. Sets nothing."""
    from sentinel.silencing import preview_of, read_matchers

    now = SystemClock().now()
    known = read_matchers(matchers)
    with open_store(state_dir) as conn:
        found = preview_of(conn, known, now)
    if as_json:
        show_json(found)
        return
    rows = [
        (one.id, one.severity, ago(one.started, now), one.incident, one.rule, key_text(one))
        for one in found.alerts
    ]
    columns = ("ALERT", "SEVERITY", "SINCE", "INCIDENT", "RULE", "KEY")
    show_table(columns, rows, wide=("RULE", "KEY"), empty="No alert that fires now meets them.")
    if found.alerts_count > len(found.alerts):
        console.print(f"and {found.alerts_count - len(found.alerts):,} more", markup=False)
    if found.alerts_count:
        console.print(
            f"alerts: {found.alerts_count:,}; open incidents of which nobody would be told any "
            f"more: {found.incidents_count:,}",
            markup=False,
        )


@silence.command("end")
def end(
    number: Annotated[int, typer.Argument(help="As `sentinel silence list` shows it.")],
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a silence now."""
    asking.end(
        "silence",
        number,
        read=lambda: _read(state_dir, number),
        command=lambda by, now: EndSilence(number, by, now),
        author=author,
        state_dir=state_dir,
        as_json=as_json,
    )


def _read(state_dir: StateOption, number: int) -> Silence:
    """Raises Invalid where there is none of this number."""
    with open_store(state_dir) as conn:
        found = silences.get(conn, number)
    if found is None:
        raise Invalid(f"there is no silence {number}: `sentinel silence list --all` lists them")
    return found
