"""When a snapshot is a good one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sentinel.api import Duration, Status
from sentinel.config.document import load
from sentinel.config.schema import MainFile
from sentinel.config.schema_snapshots import Good, Snapshots
from sentinel.config.validation import read_record
from sentinel.model.snapshot import ActiveAlert, Snapshot
from sentinel.snapshots.difference import Difference
from sentinel.snapshots.judging import judged, overall_of, settled, unmet
from sentinel.snapshots.terms import good_in_words, worse_in_words

from .pictures import NOW, TERMS, component, picture
from .world import SETTLES, until_asleep, world

WORSE = Difference(
    category="component", subject="a", before="up", after="down", kind="worse", sentence="it is"
)


def alert(severity: Any, *, acknowledged: bool = False) -> ActiveAlert:
    return ActiveAlert(id=1, rule="R", severity=severity, acknowledged=acknowledged)


OVERALL = [
    ([], [], "healthy"),
    (["up", "unknown"], ["info"], "healthy"),
    (["degraded"], [], "degraded"),
    (["down"], [], "degraded"),
    ([], ["warning"], "degraded"),
    (["up"], ["warning", "critical"], "critical"),
]


@pytest.mark.parametrize(("states", "severities", "expected"), OVERALL)
def test_the_overall_state_is_the_worst_of_components_and_alerts(
    states: list[str], severities: list[str], expected: str
) -> None:
    assert overall_of(map(component, states), map(alert, severities)) == expected


UNMET = [
    (Good(), picture(), 0),
    (Good(), picture(overall="degraded"), 1),
    (Good(overall="degraded"), picture(overall="degraded"), 0),
    (Good(overall="degraded"), picture(overall="critical", alerts=(alert("critical"),)), 2),
    (Good(overall="degraded"), picture(alerts=(alert("critical", acknowledged=True),)), 0),
    (Good(overall="degraded"), picture(alerts=(alert("warning"),)), 0),
    (Good(unacknowledged="warning"), picture(alerts=(alert("warning"),)), 1),
    (Good(unacknowledged="none"), picture(alerts=(alert("critical"),)), 0),
]


@pytest.mark.parametrize(("terms", "snapshot", "number"), UNMET)
def test_what_counts_as_good_is_the_operators_choice(
    terms: Good, snapshot: Snapshot, number: int
) -> None:
    assert len(unmet(snapshot, terms)) == number


def rounds(*worse: bool) -> list[Snapshot]:
    found: list[Snapshot] = []
    good = picture(id=1)
    for number, is_worse in enumerate(worse):
        taken = picture(at=NOW + 60 * number)
        differences = [WORSE] if is_worse else []
        found.append(judged(taken, found[-1] if found else None, good, differences, TERMS))
    return found


@given(st.lists(st.booleans(), max_size=40))
def test_a_regression_begins_and_ends_after_three_rounds_in_a_row(worse: list[bool]) -> None:
    on, last = False, rounds(*worse)
    for number, snapshot in enumerate(last):
        three = worse[max(0, number - 2) : number + 1]
        if len(three) == 3 and len(set(three)) == 1:
            on = three[0]
        assert snapshot.regressed is on
        assert snapshot.healthy_since is None or not (on or worse[number])


def test_the_healthy_time_begins_anew_after_each_trouble() -> None:
    found = rounds(False, False, True, False, False)
    assert [one.healthy_since for one in found] == [NOW, NOW, None, NOW + 180, NOW + 180]


def test_only_what_has_stayed_healthy_is_settled() -> None:
    young = picture(at=NOW, healthy_since=NOW - 899)
    assert settled(young, TERMS) is None
    assert settled(replace(young, healthy_since=NOW - 1000), TERMS) == (NOW - 1000, NOW - 900)
    assert settled(picture(), TERMS) is None


def test_the_terms_are_told_in_words() -> None:
    assert "and it stays so for 15 min" in good_in_words(TERMS)
    told = worse_in_words(TERMS)
    assert "5 % of companies gone" in told
    assert "2 times the errors a minute, and 20 in 10 min at least" in told
    assert told[-1] == "but not what was as bad a week ago at this hour"


WRONG = [
    ("every: 5s", "expected an `every` from 10s"),
    ("every: 20m", "expected an `every` from 10s to `window` (10m)"),
    ("good: {for: 5m}", "expected a `good.for` from `window` (10m) to 1d"),
    ("good: {overall: critical}", "expected an `overall` of healthy or degraded"),
    ("silent_after: 30s", "expected a `silent_after` of at least `every`"),
    ("counts: {companies: {metrik: a}}", "metrik"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_wrong_configuration_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "sentinel.yaml").write_text(f"snapshots: {{{text}}}\n")
    document, _ = load(tmp_path / "sentinel.yaml")
    assert document is not None
    _, problems = read_record(document, ("snapshots",), Snapshots)
    assert told.removeprefix("expected ") in str(problems[0])


def test_values_that_are_refused_together_are_told_with_their_own_line(tmp_path: Path) -> None:
    (tmp_path / "sentinel.yaml").write_text("listen: 127.0.0.1:1\nsnapshots:\n  every: 5s\n")
    document, _ = load(tmp_path / "sentinel.yaml")
    assert document is not None
    _, [problem] = read_record(document, (), MainFile)
    assert problem.line == 2
    assert "at `$" not in str(problem)


async def test_the_job_takes_the_first_after_ten_seconds_and_one_each_minute(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as one:
        job = asyncio.create_task(one.rounds.run())
        for _ in range(30):
            await until_asleep(one.clock)
            one.clock.advance(5)
        await until_asleep(one.clock)
        job.cancel()
        rows = await one.running.rows("SELECT at FROM snapshots ORDER BY id")
    begin = rows[0][0]
    assert [round(row[0] - begin) for row in rows] == [0, 60, 120]


async def test_a_regression_is_told_again_each_minute_however_long_a_round_is(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES)
        one.health = [Status(component="shop", status="down")]
        await one.pass_rounds(3)
        one.terms = replace(TERMS, every=Duration.parse("5m"))
        one.restart()
        already = len(await one.regressions())
        job = asyncio.create_task(one.rounds.run())
        for seconds in (10, 60, 60, 60, 60):
            await until_asleep(one.clock)
            one.clock.advance(seconds)
        await until_asleep(one.clock)
        job.cancel()
        assert len(await one.regressions()) - already == 5
        assert len(await one.running.rows("SELECT id FROM snapshots")) == SETTLES + 4
