"""Signals that came once before, through other rules than those of that time."""

import sqlite3
from collections.abc import Callable, Iterator

from msgspec import Struct

from sentinel.backtest.difference import compare
from sentinel.backtest.history import recorded
from sentinel.backtest.report import Report, Side, moment, summary_of
from sentinel.backtest.run import Run
from sentinel.backtest.tally import Tally
from sentinel.errors import Invalid
from sentinel.installation import Installation
from sentinel.model.values import Duration
from sentinel.store import overrides, replay

Progress = Callable[[int, int], None]
"""Told how many of how many signals are through."""


class Plan(Struct, frozen=True, kw_only=True):
    """Times in seconds since 1970 UTC, durations in seconds. The signals of `warm_up` before
    `since` go through the rules too, but what they cause is not counted.

    Without `other` the `current` rules are compared with what really happened.
    """

    since: float
    until: float
    current: Installation
    other: Installation | None = None
    warm_up: float = 0.0
    acknowledge_after: float | None = None


def run(conn: sqlite3.Connection, plan: Plan, progress: Progress) -> Report:
    """Raises Invalid where nothing is stored of that time."""
    start = plan.since - plan.warm_up
    found = replay.extent(conn, plan.since, plan.until)
    if not found.count:
        raise Invalid(_nothing(conn, plan))
    all_of = replay.extent(conn, start, plan.until)
    runs = [_run_of(conn, rules, plan, start) for rules in (plan.current, plan.other) if rules]
    through = 0
    for batch in replay.signals(conn, start, plan.until, all_of):
        for one in runs:
            one.take(batch)
        through += len(batch)
        progress(through, all_of.count)
    for one in runs:
        one.finish(plan.until)
    tallies = [one.tally for one in runs]
    if plan.other is None:
        tallies.insert(0, recorded(conn, start, plan.since, plan.until))
    before, after = tallies
    difference = compare(before, after)
    return Report(
        since=plan.since,
        until=plan.until,
        signals=found.count,
        warm_up=all_of.count - found.count,
        before=_before(plan, before),
        after=_after(plan, after),
        summary=summary_of(difference),
        difference=difference,
        notes=list(_notes(plan)),
    )


def _run_of(conn: sqlite3.Connection, rules: Installation, plan: Plan, start: float) -> Run:
    silences = replay.silences(conn, start, plan.until)
    stood_in = overrides.between(conn, start, plan.until)
    return Run(rules, start, plan.since, silences, stood_in, plan.acknowledge_after)


def _before(plan: Plan, tally: Tally) -> Side:
    if plan.other is None:
        return Side("happened", "what really happened", {})
    return Side("current", f"the rules of {plan.current.config.rules_dir}", tally.troubles)


def _after(plan: Plan, tally: Tally) -> Side:
    rules = (plan.other or plan.current).config.rules_dir
    label = "current" if plan.other is None else "new"
    return Side(label, f"the rules of {rules}", tally.troubles)


def _notes(plan: Plan) -> Iterator[str]:
    """What the figures rest on."""
    if plan.acknowledge_after is None:
        yield "Under the rules nobody acknowledges, so that they page and remind to the end."
    else:
        after = Duration(plan.acknowledge_after)
        yield f"Under the rules whoever is paged first acknowledges {after} later."
    if plan.other is None:
        yield "What really happened is counted with what people did about it at that time."
    begin = f"{Duration(plan.warm_up)} before" if plan.warm_up else "at the beginning of"
    yield (
        f"The rules begin {begin} the time shown and know nothing but silences and overrides: "
        "what they learn over a longer time is not there yet."
    )


def _nothing(conn: sqlite3.Connection, plan: Plan) -> str:
    span = f"from {moment(plan.since)} to {moment(plan.until)}"
    kept = replay.kept(conn)
    if kept is None:
        return f"found no signal {span}, expected some to run: none is stored at all"
    return (
        f"found no signal {span}, expected some to run: those that are stored came from "
        f"{moment(kept[0])} to {moment(kept[1])}; name that time with --from and --to"
    )
