"""What the trailing window counts and measures."""

from sentinel.api import Metric, Span, Status
from sentinel.config.schema_snapshots import Count
from sentinel.model.snapshot import DataCount
from sentinel.snapshots.window import Window, counts_of, shown_groups
from sentinel.store.rounds import GroupInfo

NOW = 1000.0


def info(id: int, severity: str = "high", first_seen: float = -1e9) -> GroupInfo:
    return GroupInfo(id, "shop", f"Boom {id}", None, severity, first_seen)  # type: ignore[arg-type]


def status(latency: float, received: float = NOW) -> Status:
    return Status(component="shop", status="up", latency=latency, received=received)


def test_rounds_older_than_the_window_do_not_count() -> None:
    window = Window(600.0)
    window.count({1: 100}, end=NOW - 600, seconds=60)
    window.count({1: 2, 2: 3}, end=NOW - 30, seconds=60)
    window.advance(NOW)
    found = window.errors([info(1), info(2, "critical")])
    assert (found.total, found.seconds) == (5, 60)
    assert found.by_severity == {"high": 2, "critical": 3}
    assert found.per_minute == 5


def test_groups_that_are_not_serious_are_left_out() -> None:
    window = Window(600.0)
    window.count({1: 2, 9: 50}, end=NOW, seconds=60)
    assert window.errors([info(1)]).total == 2


def test_percentiles_are_of_the_measurements_within_the_window() -> None:
    window = Window(600.0)
    window.measure(status(9.0, NOW - 700) for _ in range(50))
    window.measure(status(n / 100, NOW) for n in range(1, 101))
    window.advance(NOW)
    (found,) = window.latencies()
    assert (found.name, found.count) == ("shop", 100)
    assert (found.p50, found.p95, found.p99) == (0.51, 0.95, 0.99)


def test_a_flood_keeps_the_latest_measurements() -> None:
    window = Window(600.0)
    window.measure(status(1.0 if n < 1000 else 2.0) for n in range(1200))
    assert [(x.count, x.p50) for x in window.latencies()] == [(200, 2.0)]


def test_durations_come_from_statuses_spans_and_metrics_with_their_unit() -> None:
    window = Window(600.0)
    window.measure(
        [
            status(0.1),
            Span(name="SELECT", op="db", service="shop", duration=0.2, received=NOW),
            Metric(name="query.time", value=30, unit="ms", component="db", received=NOW),
            Metric(name="host.uptime", value=30, unit="s", component="db", received=NOW),
            Metric(name="query.time.count", value=30, component="db", received=NOW),
        ]
    )
    assert {one.name: one.p50 for one in window.latencies()} == {
        "shop": 0.1,
        "shop db": 0.2,
        "db query.time": 0.03,
    }


def test_the_same_look_is_not_measured_twice() -> None:
    window = Window(600.0)
    metric = Metric(name="http.latency", value=0.1, unit="s", component="shop", received=NOW)
    window.measure([status(0.1), metric])
    assert [one.name for one in window.latencies()] == ["shop http.latency"]


def test_releases_stand_until_others_are_seen() -> None:
    window = Window(600.0)
    before = {"shop": ("1.0",), "mail": ("7",)}
    assert window.releases(before) == before
    window.release("shop", "1.1", NOW)
    assert window.releases(before) == {"shop": ("1.1",), "mail": ("7",)}
    window.advance(NOW + 601)
    assert window.releases({"shop": ("1.1",)}) == {"shop": ("1.1",)}


def test_the_most_frequent_groups_are_shown_and_the_youngest() -> None:
    groups = [info(n) for n in range(1, 10)] + [info(50, first_seen=NOW - 5)]
    met = {n: 100 - n for n in range(1, 10)} | {50: 1}
    assert [one.id for one in shown_groups(groups, met, NOW)] == [1, 2, 3, 4, 5, 50]


def test_a_count_takes_the_values_of_its_component_alone() -> None:
    wanted = {"companies": Count(metric="rows", component="db")}
    found = counts_of(
        [
            Metric(name="rows", value=3, component="db", received=NOW),
            Metric(name="rows", value=9, component="other", received=NOW),
        ],
        wanted,
        [DataCount(name="gone", value=1)],
        NOW,
    )
    assert found == (DataCount(name="companies", value=3, at=NOW),)


def test_a_count_stands_until_the_next_one_and_for_a_week() -> None:
    wanted = {"companies": Count(metric="rows")}
    before = [
        DataCount(name="companies", about="acme", value=3, at=NOW - 6 * 86_400),
        DataCount(name="companies", about="globex", value=9, at=NOW - 8 * 86_400),
    ]
    assert counts_of([], wanted, before, NOW) == (before[0],)


def test_a_snapshot_holds_a_bounded_number_of_counts() -> None:
    wanted = {"rows": Count(metric="rows")}
    told = [
        Metric(name="rows", value=value, tenant=f"t{n}", received=NOW)
        for value in (1, 2)
        for n in range(700)
    ]
    found = counts_of(told, wanted, (), NOW)
    assert len(found) == 500
    assert {one.value for one in found} == {2}
