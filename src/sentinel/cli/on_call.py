"""`sentinel on-call` and `sentinel dnd`: who hears, who stands in, and who is left alone."""

import contextlib
import os
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from sentinel.cli import asking
from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    LimitOption,
    StateOption,
    app,
    config_path,
    console,
    printable,
    show_json,
    show_table,
    state_path,
)
from sentinel.cli.asking import NOT_TAKEN, AuthorOption, ask, author_of
from sentinel.cli.lists import lasting_overrides, open_store
from sentinel.clock import SystemClock
from sentinel.errors import Invalid, SentinelError, StoreError
from sentinel.model.override import Override
from sentinel.model.values import Duration

if TYPE_CHECKING:
    from sentinel.config.model import Config
    from sentinel.installation import Installation
    from sentinel.on_call.trial import Line, Trial

on_call = typer.Typer(
    help="Who is on call, who would be paged, and who stands in.", invoke_without_command=True
)
override = typer.Typer(help="Set, list and end overrides of schedules.", no_args_is_help=True)
on_call.add_typer(override, name="override")
app.add_typer(on_call, name="on-call")

_UTC = ZoneInfo("UTC")

AtOption = Annotated[
    str,
    typer.Option("--at", help="When: now, 'Sun 03:00', 03:00, or 2026-11-29T03:00."),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option("--label", help="A label of the alert, such as team=web; may be repeated."),
]


@on_call.callback()
def show(
    context: typer.Context,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who is on call now, until when, and who is next."""
    if context.invoked_subcommand is not None:
        return
    from sentinel.on_call import duties_of

    found, now = _installation(config), SystemClock().now()
    duties = duties_of(found.config, now, lasting_overrides(state_dir))
    if as_json:
        show_json(duties)
        return
    rows = [
        (
            duty.schedule,
            _names(duty.people),
            "-" if duty.until is None else _moment(duty.until, ZoneInfo(duty.timezone)),
            "-" if duty.next is None else _names(duty.next),
        )
        for duty in duties
    ]
    empty = "No schedule is configured: write one under `schedules:`."
    show_table(("SCHEDULE", "ON CALL", "UNTIL", "THEN"), rows, wide=("ON CALL",), empty=empty)


@on_call.command("who")
def who(
    at: AtOption = "now",
    severity: Annotated[str, typer.Option(help="critical, warning or info.")] = "critical",
    label: LabelOption = None,
    route: Annotated[str | None, typer.Option(help="Ask this route, whatever it matches.")] = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who would be told, and when, if an alert fired then and nobody acknowledged."""
    from sentinel.on_call.asking import answer, case_of
    from sentinel.on_call.trial import tried
    from sentinel.wiring import build_book

    found, now = _installation(config), SystemClock().now()
    zone = found.config.timezone
    case = case_of(at=at, severity=severity, labels=label or [], route=route, zone=zone, now=now)
    book = build_book(found.config, found.registry, found.catalog)
    try:
        with open_store(state_dir) as conn:
            trial, hint = answer(conn, book, case, now), ""
    except StoreError as error:
        try:
            trial = tried(book, case)
        except KeyError:
            raise Invalid(f"route: found {route!r}, which there is not") from error
        hint = f"Without silences, overrides and rests: {error}"
    if as_json:
        show_json(trial)
        return
    _show_trial(trial, zone)
    if hint:
        console.print(printable(hint), markup=False)


@override.command("add")
def add(
    schedule: Annotated[str, typer.Argument(help="Name of the schedule.")],
    people: Annotated[list[str], typer.Argument(metavar="PERSON...", help="Who stands in.")],
    until: Annotated[
        str | None, typer.Option("--until", help="When it ends: 2026-12-24T09:00 or 'Fri 09:00'.")
    ] = None,
    lasts: Annotated[str | None, typer.Option("--for", help="How long instead: 2h, 1d.")] = None,
    starts: Annotated[str, typer.Option("--from", help="When it begins.")] = "now",
    reason: Annotated[str, typer.Option(help="For whoever wonders.")] = "",
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let somebody be on call in place of those whose turn it is. Times are by the clocks of the
    schedule."""
    from sentinel.engine.commands import SetOverride
    from sentinel.on_call.asking import moment_in
    from sentinel.on_call.request import override_of, zone_of
    from sentinel.store import overrides

    if (until is None) == (lasts is None):
        raise typer.BadParameter("expected one of --until and --for")
    found, now, by = _installation(config), SystemClock().now(), author_of(author)
    zone = zone_of(found.config, schedule)
    begins = moment_in(starts, zone, now)
    asked = override_of(
        found.config,
        schedule=schedule,
        people=people,
        starts=begins,
        ends=_end_of(until, lasts, max(begins, now), zone),
        author=by,
        reason=reason,
        now=now,
        lasting=lasting_overrides(state_dir),
    )
    what = f"{', '.join(asked.people)} in {asked.schedule}"
    taken = ask(state_path(state_dir), SetOverride(asked, now), by, "override set", what)
    with open_store(state_dir) as conn:
        made = overrides.like(conn, asked) if taken else None
    if taken and made is None:
        raise Invalid("the daemon did not set it: another override holds at that time by now")
    if as_json:
        show_json({"taken": taken, "override": made or asked})
    elif made is None:
        console.print(NOT_TAKEN, markup=False)
    else:
        text = f"override {made.id}: {what} until {_moment(made.ends, zone)}"
        console.print(printable(text), markup=False)


@override.command("list")
def list_overrides(
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: LimitOption = 50,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Overrides that were set while Sentinel ran, newest first. Times are by the clocks of their
    schedules."""
    from sentinel.store import overrides

    now = SystemClock().now()
    with open_store(state_dir) as conn:
        if every:
            found = overrides.listing(conn, limit=limit)
        else:
            found = overrides.lasting(conn, now)[::-1][:limit]
    if as_json:
        show_json(found)
        return
    zones = _Zones(config)
    rows = [
        (
            one.id,
            one.state_at(now),
            one.schedule,
            _names(one.people),
            _moment(one.starts, zones.of_schedule(one.schedule)),
            _moment(one.until, zones.of_schedule(one.schedule)),
            one.author,
            one.reason or None,
        )
        for one in found
    ]
    columns = ("ID", "STATE", "SCHEDULE", "WHO", "FROM", "UNTIL", "BY", "REASON")
    show_table(columns, rows, wide=("WHO", "REASON"), empty="No overrides.")


@override.command("end")
def end(
    number: Annotated[int, typer.Argument(help="As `sentinel on-call override list` shows it.")],
    author: AuthorOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an override back now: those whose turn it is are on call again."""
    from sentinel.engine.commands import EndOverride

    asking.end(
        "override",
        number,
        read=lambda: _read(state_dir, number),
        command=lambda by, now: EndOverride(number, by, now),
        author=author,
        state_dir=state_dir,
        as_json=as_json,
    )


@app.command("dnd")
def dnd(
    person: Annotated[str | None, typer.Argument(help="One of `people:`.")] = None,
    lasts: Annotated[
        str | None, typer.Argument(metavar="FOR", help="How long: 2h, 1d; or off.")
    ] = None,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let only what is critical reach a person for a while. Without arguments: who is left alone
    now."""
    from sentinel.engine.commands import SetDoNotDisturb
    from sentinel.on_call.request import undisturbed_until

    now = SystemClock().now()
    if person is None:
        _show_resting(config, state_dir, now, as_json=as_json)
        return
    if lasts is None:
        raise typer.BadParameter("expected how long, such as 2h, or off")
    by, found = author_of(author), _installation(config)
    until = undisturbed_until(found.config, person, lasts, now)
    action = "do not disturb set" if until > now else "do not disturb ended"
    command = SetDoNotDisturb(person, until, by, now)
    taken = ask(state_path(state_dir), command, by, action, f"person {person}")
    if as_json:
        show_json({"taken": taken, "person": person, "until": until})
    elif not taken:
        console.print(NOT_TAKEN, markup=False)
    elif until > now:
        when = _moment(until, _Zones(config).of_person(person))
        text = f"only what is critical reaches {person} until {when}"
        console.print(text, markup=False)
    else:
        console.print(f"{person} can be disturbed again", markup=False)


def _show_resting(
    config: Path | None, state_dir: Path | None, now: float, *, as_json: bool
) -> None:
    from sentinel.store import rests

    with open_store(state_dir) as conn:
        found = rests.lasting(conn, now)
    if as_json:
        show_json(found)
        return
    zones = _Zones(config)
    rows = [(one.person, _moment(one.until, zones.of_person(one.person)), one.by) for one in found]
    empty = "Everybody can be disturbed, but for quiet hours."
    show_table(("PERSON", "UNTIL", "BY"), rows, wide=("PERSON",), empty=empty)


def _show_trial(trial: "Trial", zone: ZoneInfo) -> None:
    labels = ", ".join(f"{name}={value}" for name, value in trial.labels.items())
    takes = ", ".join(trial.takes) or "no route takes it"
    head = f"{_moment(trial.at, zone)}, {trial.severity}{f', {labels}' if labels else ''}: {takes}"
    console.print(printable(head), markup=False)
    rows = [
        (_after(first.after), _moment(first.at, zone), _what(first), _who((first, *rest), zone))
        for _, (first, *rest) in groupby(trial.lines, _together)
    ]
    columns = ("AFTER", "AT", "WHAT", "WHO")
    show_table(columns, rows, wide=("WHO",), empty="Nothing would happen within a week.")
    if trial.cut:
        console.print("more would follow", markup=False)
    elif trial.goes_on:
        console.print("the reminders would go on", markup=False)


def _what(line: "Line") -> str:
    if line.kind == "told" and line.step is not None:
        return f"step {line.step}" + (f", round {line.round}" if line.round > 1 else "")
    if line.kind == "told":
        return "reminder" if line.reason == "reminder" else "after the wait"
    return "NOBODY" if line.kind in ("nobody", "no_route") else line.kind.replace("_", " ")


def _together(line: "Line") -> tuple[object, ...]:
    """What one row shows: everything that reaches one person, or places, at once."""
    what = line.person if line.kind == "told" else (line.text, line.until)
    return line.at, line.kind, _what(line), what


def _who(lines: "Sequence[Line]", zone: ZoneInfo) -> str:
    line = lines[0]
    if line.kind != "told":
        return line.text + (f" until {_moment(line.until, zone)}" if line.until else "")
    channels = ", ".join(one.channel for one in lines)
    return f"{line.person} by {channels}" if line.person else channels


def _after(seconds: float) -> str:
    return "at once" if seconds < 1 else f"+{Duration(round(seconds))}"


def _end_of(until: str | None, lasts: str | None, begins: float, zone: ZoneInfo) -> float:
    from sentinel.on_call.asking import moment_in

    if until is not None:
        return moment_in(until, zone, begins)
    try:
        return begins + Duration.parse(lasts)
    except ValueError as error:
        raise Invalid(f"--for: {error}") from error


def _read(state_dir: Path | None, number: int) -> Override:
    """Raises Invalid where there is none of this number."""
    from sentinel.store import overrides

    with open_store(state_dir) as conn:
        found = overrides.get(conn, number)
    if found is None:
        raise Invalid(
            f"there is no override {number}: `sentinel on-call override list --all` lists them"
        )
    return found


class _Zones:
    """By whose clocks to tell of a schedule or a person. Where the configuration can't be read, or
    names neither, it is UTC: the list is needed the more then."""

    def __init__(self, config: Path | None) -> None:
        self._config: Config | None = None
        with contextlib.suppress(SentinelError):
            self._config = _installation(config).config

    def of_schedule(self, name: str) -> ZoneInfo:
        from sentinel.on_call.request import zone_of

        return _UTC if self._config is None else zone_of(self._config, name)

    def of_person(self, name: str) -> ZoneInfo:
        if self._config is None:
            return _UTC
        known = self._config.people.get(name)
        quiet = None if known is None else known.quiet
        return self._config.timezone if quiet is None else quiet.zone


def _installation(config: Path | None) -> "Installation":
    from sentinel import installation

    return installation.require(config_path(config), os.environ)[0]


def _names(people: Sequence[str]) -> str:
    return ", ".join(people) or "NOBODY"


def _moment(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%a %Y-%m-%d %H:%M %Z}"
