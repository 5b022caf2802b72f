"""How runs are accounted for, without a store."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.model.monitor import Cron, Every, Monitor, Run, Watch
from sentinel.model.signal import Checkin
from sentinel.monitors.schedule import after
from sentinel.monitors.turn import MOST_OPEN, Turn, begin, due, set_right
from tests.effort import examples

# 2026-01-05 00:00 UTC.
START = 1_767_571_200.0
HOUR = 3600.0
HOURLY = Monitor(name="sync", schedule=Cron("0 * * * *"), grace=300.0)
EVERY = Monitor(name="sync", schedule=Every(HOUR), grace=300.0)


class Job:
    """One monitor; `at` are minutes from the start."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.watch = begin(monitor, START)
        self.runs: dict[int, Run] = {}
        self.told: list[Run] = []

    def pass_to(self, at: float) -> "Job":
        return self._step(at, None)

    def says(self, at: float, status: str, run: str | None = None, **more: Any) -> "Job":
        return self._step(at, Checkin(monitor="sync", status=status, run=run, **more))

    def statuses(self) -> list[str]:
        return [run.status for _, run in sorted(self.runs.items())]

    def _step(self, at: float, checkin: Checkin | None) -> "Job":
        turn = Turn(self.monitor, self.watch, START + at * 60)
        turn.pass_time()
        if checkin is not None:
            turn.check_in(checkin)
        self.watch = turn.watch
        self.runs.update(turn.runs)
        self.told += turn.told
        return self


def test_a_run_in_its_grace_is_on_time() -> None:
    job = Job(HOURLY).says(64, "ok", duration=5.0)
    assert job.statuses() == ["ok"]
    [run] = job.runs.values()
    assert (run.expected, run.started, run.duration) == (START + HOUR, START + 3835, 5.0)
    assert job.watch.next == START + 2 * HOUR
    assert due(job.monitor, job.watch) == START + 2 * HOUR + 300


def test_a_run_that_did_not_begin_in_its_grace_is_missed_once() -> None:
    job = Job(HOURLY).pass_to(64).pass_to(65).pass_to(70).pass_to(119)
    assert job.statuses() == ["missed"]
    assert [run.message for run in job.told] == [
        "nothing was heard of the run expected at 2026-01-05T01:00:00Z"
    ]


def test_a_missed_run_that_turns_up_is_late() -> None:
    job = Job(HOURLY).pass_to(65).says(80, "in_progress", "a").says(90, "ok", "a")
    assert job.statuses() == ["late"]
    assert job.runs[1].duration == 600.0
    assert job.says(120, "ok").statuses() == ["late", "ok"]


@pytest.mark.parametrize(("minute", "expected"), [(59.5, START + HOUR), (40.0, None)])
def test_a_run_a_little_early_is_the_expected_one(minute: float, expected: float | None) -> None:
    job = Job(HOURLY).says(minute, "ok")
    assert job.runs[1].expected == expected
    assert job.pass_to(70).statuses() == (["ok"] if expected else ["ok", "missed"])


def test_a_run_reports_its_failure() -> None:
    job = Job(HOURLY).says(60, "in_progress", "a").says(61, "error", "a", message="disk full")
    assert job.statuses() == ["failed"]
    assert job.runs[1].message == "disk full"


def test_a_run_that_takes_too_long_is_told_and_may_still_end() -> None:
    monitor = Monitor(name="sync", schedule=HOURLY.schedule, grace=300.0, max_duration=600.0)
    job = Job(monitor).says(60, "in_progress", "a").pass_to(69).pass_to(70)
    assert job.statuses() == ["timeout"]
    assert job.told[0].message == (
        "the run that began at 2026-01-05T01:00:00Z has not ended after 10 min"
    )
    job.says(75, "ok", "a")
    assert job.statuses() == ["timeout"]
    assert job.runs[1].duration == 900.0
    assert job.says(120, "ok", "b").statuses() == ["timeout", "ok"]


def test_without_a_longest_duration_a_run_ends_before_the_next_is_overdue() -> None:
    job = Job(HOURLY).says(60, "in_progress").pass_to(124)
    assert job.statuses() == ["running"]
    assert job.pass_to(125).statuses() == ["timeout", "missed"]


def test_runs_that_overlap_are_told_apart_by_their_keys() -> None:
    job = Job(HOURLY).says(60, "in_progress", "a").says(120, "in_progress", "b")
    assert job.runs[2].overlaps
    assert [run.number for run in job.told] == [2]
    assert "was still under way" in job.told[0].message
    job.says(121, "ok", "a").says(122, "error", "b")
    assert job.statuses() == ["ok", "failed"]


def test_saying_again_that_a_run_is_under_way_begins_no_other() -> None:
    job = Job(HOURLY).says(60, "in_progress", "a").says(61, "in_progress", "a")
    assert job.statuses() == ["running"]


def test_an_end_without_a_key_is_that_of_the_latest_start() -> None:
    job = Job(HOURLY).says(60, "in_progress").says(61, "in_progress").says(62, "ok")
    assert job.statuses() == ["running", "ok"]


def test_a_run_that_never_ended_takes_no_end_of_a_later_one() -> None:
    monitor = Monitor(name="sync", schedule=HOURLY.schedule, grace=300.0, max_duration=600.0)
    job = Job(monitor).says(60, "in_progress").pass_to(70)
    job.says(120, "in_progress").says(121, "ok").says(180, "ok")
    assert job.statuses() == ["timeout", "ok", "ok"]


@pytest.mark.parametrize(
    ("monitor", "back", "expected"),
    [
        # What was expected at 10:00 has ended well, and is not expected a second time.
        (HOURLY, 10, 11 * 60),
        (HOURLY, 5 * 60, 6 * 60),
        (EVERY, 10, 10 * 60 + 52),
        (EVERY, 5 * 60, 6 * 60 + 2),
        (Monitor(name="sync"), 5 * 60, None),
    ],
)
def test_a_clock_that_was_set_back_leaves_no_job_unexpected(
    monitor: Monitor, back: float, expected: float | None
) -> None:
    watch = Job(monitor).says(10 * 60 + 2, "ok").watch
    watch = set_right(monitor, watch, START + (10 * 60 + 2 - back) * 60)
    assert (None if watch.next is None else (watch.next - START) / 60) == expected


def test_a_run_that_began_in_the_future_has_its_time_from_now_on() -> None:
    monitor = Monitor(name="sync", max_duration=600.0)
    job = Job(monitor).says(600, "in_progress", "a")
    job.watch = set_right(monitor, job.watch, START)
    assert job.pass_to(9).statuses() == ["running"]
    assert job.pass_to(11).statuses() == ["timeout"]


def test_starts_without_ends_are_bounded() -> None:
    job = Job(Monitor(name="sync"))
    for minute in range(MOST_OPEN + 5):
        job.says(minute, "in_progress", f"{minute:032x}")
    assert len(job.watch.open) == MOST_OPEN
    assert job.statuses().count("timeout") == 5
    assert {run.status for run in job.told} == {"running"}


def test_of_runs_in_a_time_without_a_watch_one_is_told() -> None:
    job = Job(HOURLY).pass_to(10 * 60 + 10)
    [run] = job.told
    assert (run.slots, run.expected, run.last) == (10, START + HOUR, START + 10 * HOUR)
    assert "10 runs expected from 2026-01-05T01:00:00Z to 2026-01-05T10:00:00Z" in run.message
    assert "Sentinel itself may not have run then" in run.message
    assert job.watch.next == START + 11 * HOUR
    job.says(10 * 60 + 15, "ok")
    assert [(run.status, run.slots) for _, run in sorted(job.runs.items())] == [
        ("missed", 9),
        ("late", 1),
    ]


def test_a_year_without_a_watch_is_not_counted_run_by_run() -> None:
    minutely = Monitor(name="sync", schedule=Cron("* * * * *"), grace=60.0)
    job = Job(minutely).pass_to(365 * 24 * 60)
    assert "1000 or more runs" in job.told[0].message
    assert job.watch.next == START + 365 * 86_400 + 60


def test_once_the_next_run_came_a_missed_one_can_not_turn_up() -> None:
    job = Job(HOURLY).pass_to(65).says(120, "ok").says(140, "ok")
    assert job.statuses() == ["missed", "ok", "ok"]
    assert job.runs[3].expected is None


def test_an_interval_begins_when_a_run_ends() -> None:
    job = Job(EVERY).says(10, "in_progress", "a").says(50, "ok", "a")
    assert job.watch.next == START + 50 * 60 + HOUR
    assert job.pass_to(115).statuses() == ["ok", "missed"]
    assert job.pass_to(175).statuses() == ["ok", "missed", "missed"]
    assert job.says(180, "ok").statuses() == ["ok", "missed", "late"]


def test_a_job_without_a_schedule_is_never_missed() -> None:
    job = Job(Monitor(name="sync")).says(5, "ok").pass_to(10_000)
    assert job.statuses() == ["ok"]
    assert due(job.monitor, job.watch) is None


minutes = st.integers(1, 24 * 60)
steps = st.lists(
    st.tuples(
        minutes,
        st.sampled_from(["pass", "in_progress", "ok", "error"]),
        st.sampled_from([None, "a", "b"]),
    ),
    max_size=40,
)


@settings(max_examples=examples(300), deadline=None)
@given(
    st.sampled_from(["0 * * * *", "*/15 * * * *", "30 2,14 * * *", "7 */5 * * *"]),
    st.sampled_from([0.0, 60.0, 600.0, 5400.0]),
    st.sampled_from([None, 120.0, 7200.0]),
    steps,
)
def test_each_expected_run_ends_as_exactly_one_thing(
    expression: str, grace: float, most: float | None, steps: list[Any]
) -> None:
    monitor = Monitor(name="sync", schedule=Cron(expression), grace=grace, max_duration=most)
    job = Job(monitor)
    for minute, what, key in sorted(steps, key=lambda step: step[0]):
        if what == "pass":
            job.pass_to(minute)
        else:
            job.says(minute, what, key)
    job.pass_to(72 * 60)
    _check(job)


def _check(job: Job) -> None:
    assert job.monitor.schedule is not None
    assert job.watch.next is not None
    expected: list[float] = []
    now = START
    while (now := after(job.monitor.schedule, now)) < job.watch.next:
        expected.append(now)
    single = [run.expected for run in job.runs.values() if run.expected and run.slots == 1]
    assert len(single) == len(set(single))
    assert set(single) <= set(expected)
    several = sum(run.slots for run in job.runs.values() if run.slots > 1)
    # What a row of several lost by one that turned up late is that one's own.
    assert len(single) + several == len(expected)
    assert job.watch.next + job.monitor.grace > START + 72 * HOUR
    for run in job.runs.values():
        assert run.status in ("ok", "late", "failed", "missed", "timeout")
        assert (run.status == "missed") == (run.started is None)
    assert {run.number for run in job.told if run.status == "missed"} >= {
        run.number for run in job.runs.values() if run.status == "missed"
    }


@settings(max_examples=examples(100), deadline=None)
@given(steps, st.sampled_from([HOURLY, EVERY]))
def test_a_restart_anywhere_changes_nothing(steps: list[Any], monitor: Monitor) -> None:
    one, other = Job(monitor), Job(monitor)
    for minute, what, key in sorted(steps, key=lambda step: step[0]):
        for job in (one, other):
            job.pass_to(minute) if what == "pass" else job.says(minute, what, key)
        other.watch = msgspec.json.decode(msgspec.json.encode(other.watch), type=Watch)
        other.watch = set_right(monitor, other.watch, START + minute * 60)
    assert (one.runs, one.told, one.watch) == (other.runs, other.told, other.watch)


def test_one_run_that_was_overdue_while_nobody_watched_is_told_with_the_doubt() -> None:
    [missed] = Job(HOURLY).pass_to(65).told
    assert "Sentinel itself" not in missed.message
    [missed] = Job(HOURLY).pass_to(110).told
    assert missed.slots == 1
    assert "Sentinel itself may not have run then" in missed.message
