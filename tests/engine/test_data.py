"""Recovery thresholds, data that is missing, flapping, and time in which nobody watched."""

from typing import Literal

import pytest

from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.detectors.flatline import Flatline, FlatlineParams
from sentinel.detectors.frequency import Frequency, FrequencyParams
from sentinel.detectors.ratio import Ratio, RatioParams
from sentinel.detectors.threshold import Threshold, ThresholdParams
from sentinel.engine.rules import Flapping, Rule, make_rule
from sentinel.model.signal import Metric, Status
from sentinel.model.values import Duration
from tests.engine.worlds import World, any_rule, book, error, frequency_rule, route

HOUR = 3_600.0


def often(num_events: int) -> Frequency:
    return Frequency(FrequencyParams(num_events=num_events, timeframe=Duration(60)))


def cpu(at: float, value: float, host: str = "a") -> Metric:
    return Metric(received=at, at=at, seq=int(at) + 1, name="cpu", value=value, host=host)


def cpu_rule(**options: object) -> Rule:
    detector = Threshold(ThresholdParams(above=80))
    options.setdefault("by", ["host"])
    return make_rule(name="Cpu", kind="metric", where={"name": "cpu"}, detector=detector, **options)


def told(world: World) -> list[tuple[float, str]]:
    return [(at, reason) for at, _, reason in world.delivered()]


def test_an_alert_goes_on_while_the_easier_threshold_holds() -> None:
    easier = Threshold(ThresholdParams(above=70))
    world = World(book(cpu_rule(recover=easier)))
    world.run(cpu(0, 85), cpu(10, 75), cpu(20, 71))
    assert told(world) == [(0, "firing")]
    world.run(cpu(30, 69))
    assert told(world) == [(0, "firing"), (30, "resolved")]


def test_the_easier_threshold_alone_begins_no_alert() -> None:
    world = World(book(cpu_rule(recover=Threshold(ThresholdParams(above=70)))))
    world.run(cpu(0, 75))
    assert told(world) == []


def test_an_alert_of_many_events_ends_when_less_than_the_easier_number_are_left() -> None:
    rule = make_rule(name="R", kind="error", where={}, detector=often(3), recover=often(1))
    world = World(book(rule))
    world.run(error(0), error(10), error(20), until=79)
    assert told(world) == [(20, "firing")]
    world.run(until=80)
    assert told(world) == [(20, "firing"), (80, "resolved")]


@pytest.mark.parametrize(
    ("on_missing", "value", "expected"),
    [
        ("keep", 85, [(0, "firing")]),
        ("resolve", 85, [(0, "firing"), (600, "resolved")]),
        ("fire", 10, [(600, "firing")]),
        ("keep", 10, []),
        ("resolve", 10, []),
    ],
)
def test_data_that_stops_coming(
    on_missing: str, value: float, expected: list[tuple[float, str]]
) -> None:
    world = World(book(cpu_rule(on_missing=on_missing, missing_after=600)))
    world.run(cpu(0, value), until=5_000)
    assert told(world) == expected


def test_an_alert_on_missing_data_ends_when_data_comes_again() -> None:
    world = World(book(cpu_rule(on_missing="fire", missing_after=600)))
    world.run(cpu(0, 10), until=700)
    world.run(cpu(800, 10))
    assert told(world) == [(600, "firing"), (800, "resolved")]
    assert "no data has come for 10m" in world.alerts[1].verdict


def test_data_that_did_not_come_while_nobody_watched_is_not_missing() -> None:
    world = World(book(cpu_rule(on_missing="resolve", missing_after=600)))
    world.run(cpu(0, 85), until=100)
    world.restart(now=7_300, unseen=7_200)
    world.run(until=7_300)
    world.restart(now=7_310, unseen=10)
    world.run(until=7_800)
    assert told(world) == [(0, "firing")]
    world.run(until=8_000)
    assert told(world) == [(0, "firing"), (7_810, "resolved")]


def test_a_group_that_is_missing_for_a_week_is_forgotten() -> None:
    world = World(book(cpu_rule(on_missing="fire", missing_after=600)))
    world.run(cpu(0, 10), until=8 * 86_400)
    assert told(world)[-1] == (7 * 86_400, "resolved")
    world.run(until=9 * 86_400)
    assert not world.windows


def test_a_rule_without_groups_fires_when_no_data_ever_comes() -> None:
    world = World(book(cpu_rule(by=[], on_missing="fire", missing_after=600)))
    world.run(until=700)
    assert told(world) == [(600, "firing")]


def test_silence_is_watched_from_the_start() -> None:
    detector = Flatline(FlatlineParams(timeframe=Duration(300)))
    world = World(book(make_rule(name="Quiet", kind="error", where={}, detector=detector)))
    world.run(until=1_000)
    assert told(world) == [(300, "firing")]
    world.run(error(1_100))
    assert told(world)[-1] == (1_100, "resolved")


def toggling(times: int, **options: object) -> World:
    world = World(book(any_rule(timeframe=10, **options)))
    for n in range(times):
        world.run(error(n * 100.0))
    return world


def test_a_flapping_alert_becomes_one_that_says_so() -> None:
    world = toggling(10)
    world.run(until=HOUR)
    fired = [at for at, reason in told(world) if reason == "firing"]
    assert fired == [0, 100, 200, 300]
    assert world.alerts[4].flapping
    assert "alert_flapping" in world.verbs()
    assert told(world)[-1] == (900 + 10 + 900, "resolved")


def test_flapping_is_forgotten_with_time() -> None:
    world = toggling(3)
    world.run(error(2 * HOUR), until=2 * HOUR + 10)
    assert told(world)[-1] == (2 * HOUR + 10, "resolved")


def test_flap_damping_can_be_turned_off() -> None:
    world = toggling(10, flapping=Flapping(times=0))
    assert len([reason for _, reason in told(world) if reason == "firing"]) == 10
    assert not world.alerts[10].flapping


def pending() -> World:
    return World(book(any_rule(hold=60, timeframe=10_000), routes=[route()]))


def test_time_in_which_nobody_watched_does_not_count_as_holding() -> None:
    world = pending()
    world.run(error(0), until=10)
    world.restart(now=1_000, unseen=990)
    world.run(until=1_049)
    assert told(world) == []
    world.run(until=1_050)
    assert told(world) == [(1_050, "firing")]


def test_a_restart_without_a_gap_leaves_a_pending_alert_its_time() -> None:
    world = pending()
    world.run(error(0), until=10)
    world.restart()
    world.run(until=60)
    assert told(world) == [(60, "firing")]


def test_an_alert_that_is_gone_must_be_seen_to_be_gone() -> None:
    world = World(book(any_rule(timeframe=10, keep=60)))
    world.run(error(0), until=20)
    world.restart(now=1_000, unseen=980)
    world.run(until=1_049)
    assert told(world) == [(0, "firing")]
    world.run(until=1_050)
    assert told(world)[-1] == (1_050, "resolved")


def test_a_state_at_its_cap_is_told_once() -> None:
    detector = Threshold(ThresholdParams(above=1e9, over=Duration(100_000)))
    rule = make_rule(name="Busy", kind="metric", where={}, detector=detector)
    world = World(book(rule))
    for second in range(10_010):
        world.run(cpu(second, 1))
    assert world.verbs() == ["detector_full"]


def test_signals_of_groups_beyond_the_cap_are_accounted_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sentinel.engine.windows.MOST_GROUPS_OF_A_RULE", 2)
    world = World(book(any_rule(by=["tenant"])))
    world.run(*[error(n, tenant=str(n), group=n) for n in range(1, 5)])
    outcomes = [(m.outcome, m.reason) for m in world.history.matches]
    assert outcomes[2:] == [("suppressed", "too_many_groups")] * 2
    assert world.verbs().count("groups_full") == 1


def test_the_default_detector_needs_no_data_to_end() -> None:
    world = World(book(any_rule(timeframe=10)))
    assert isinstance(AnyMatch(AnyParams()), AnyMatch)
    world.run(error(0), until=10)
    assert told(world) == [(0, "firing"), (10, "resolved")]


def looks(start: float, status: Literal["up", "down"], times: int) -> list[Status]:
    """One each minute."""
    return [
        Status(
            received=start + 60 * n, at=start, seq=int(start) + n, component="shop", status=status
        )
        for n in range(times)
    ]


def watching_the_shop() -> World:
    detector = Ratio(RatioParams(above=0.5, over=Duration(300), min_events=3))
    easier = Ratio(RatioParams(above=0.2, over=Duration(300), min_events=3))
    rule = make_rule(
        name="Down",
        kind="status",
        where={"status": "down"},
        detector=detector,
        recover=easier,
        population=("status", {}),
        by=["component"],
    )
    world = World(book(rule, routes=[route(group_wait=0)]))
    world.run(*looks(0, "down", 10))
    return world


def test_what_is_down_before_and_after_a_stop_is_not_told_to_be_over() -> None:
    world = watching_the_shop()
    world.restart(now=4_140, unseen=3_600)
    world.run(*looks(4_150, "down", 20))
    assert told(world) == [(120, "firing")]


def test_what_is_up_again_after_a_stop_is_told_to_be_over_as_without_the_stop() -> None:
    world, without = watching_the_shop(), watching_the_shop()
    world.restart(now=4_140, unseen=3_600)
    world.run(*looks(4_150, "up", 20))
    without.run(*looks(550, "up", 20))
    (_, began), (over, reason) = told(without)
    assert told(world) == [(120, began), (over + 3_600, reason)]


def test_what_nobody_looks_at_after_a_stop_is_over_after_the_time_that_the_stop_cut_off() -> None:
    world = watching_the_shop()
    world.restart(now=4_140, unseen=3_600)
    world.run(until=4_300)
    world.restart(now=4_400, unseen=100)
    world.run(until=5_000)
    assert told(world) == [(120, "firing"), (540 + 3_700 + 180, "resolved")]


def test_what_came_long_before_a_stop_is_not_counted_with_what_comes_after_it() -> None:
    world = World(book(frequency_rule(num_events=3, timeframe=60)))
    world.run(error(0), error(10))
    world.restart(now=3_610, unseen=3_600)
    world.run(error(3_620), until=3_700)
    assert told(world) == []


def test_silence_while_nobody_watched_is_not_heard() -> None:
    detector = Flatline(FlatlineParams(timeframe=Duration(300)))
    rule = make_rule(name="Beat", kind="status", where={}, detector=detector, by=["component"])
    world = World(book(rule))
    world.run(*looks(0, "up", 5))
    world.restart(now=3_840, unseen=3_600)
    world.run(*looks(3_850, "up", 5), until=4_300)
    assert told(world) == []
    world.run(until=5_000)
    assert told(world) == [(4_090 + 300, "firing")]
