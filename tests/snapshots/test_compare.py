"""Two snapshots against each other."""

# The sign for times stands in the sentences.
# ruff: noqa: RUF001

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sentinel.config.schema_snapshots import Count, Snapshots
from sentinel.model.signal import Change
from sentinel.model.snapshot import ActiveAlert, Latency, SeenGroup, Snapshot
from sentinel.snapshots.compare import compare
from sentinel.snapshots.compare.context import changed_names
from sentinel.snapshots.comparison import Comparison, _actions
from sentinel.snapshots.difference import Category, Difference
from sentinel.snapshots.report import error_of

from .pictures import NOW, TERMS, companies, component, errors, latency, picture


def told(before: Snapshot, after: Snapshot, terms: Snapshots = TERMS) -> list[tuple[str, ...]]:
    return [(one.kind, one.severity, one.sentence) for one in compare(before, after, terms)]


COMPONENTS = [
    ("up", "down", "worse", "critical"),
    ("up", "degraded", "worse", "warning"),
    ("up", "unknown", "worse", "warning"),
    ("degraded", "down", "worse", "critical"),
    ("down", "degraded", "better", "info"),
    ("degraded", "up", "better", "info"),
    ("down", "unknown", "changed", "info"),
]


@pytest.mark.parametrize(("before", "after", "kind", "severity"), COMPONENTS)
def test_a_component_is_worse_in_a_worse_state(
    before: str, after: str, kind: str, severity: str
) -> None:
    found = compare(
        picture(components=(component(before),)), picture(components=(component(after),)), TERMS
    )
    assert [(one.kind, one.severity, one.before, one.after) for one in found] == [
        (kind, severity, before, after)
    ]


def test_a_component_of_one_tenant_is_told_from_that_of_another() -> None:
    before = [component("up", tenant=tenant) for tenant in ("acme", "globex")]
    after = [before[0], component("down", tenant="globex", message="no connection")]
    found = told(picture(components=tuple(before)), picture(components=tuple(after)))
    sentence = "shop (globex) was up and is down: no connection"
    assert found == [("worse", "critical", sentence)]


def test_a_component_that_comes_or_goes_is_a_change() -> None:
    found = told(
        picture(components=(component("up", "old"),)),
        picture(components=(component("down", "new"),)),
    )
    assert {one[0] for one in found} == {"changed"}
    assert {one[2] for one in found} == {
        "new is new, and down",
        "nothing is heard of old any more, which was up",
    }


ERRORS = [
    # Errors in ten minutes before and after.
    (20, 80, "worse", "critical", "errors ×4: 2 a minute became 8"),
    (30, 75, "worse", "warning", "errors ×2.5: 3 a minute became 7.5"),
    (0, 50, "worse", "warning", "errors: 5 a minute, there were none"),
    (80, 20, "better", "info", "errors ×0.25: 8 a minute became 2"),
]


@pytest.mark.parametrize(("before", "after", "kind", "severity", "sentence"), ERRORS)
def test_errors_are_compared_a_minute(
    before: int, after: int, kind: str, severity: str, sentence: str
) -> None:
    found = told(picture(errors=errors(before)), picture(errors=errors(after)))
    assert found == [(kind, severity, sentence)]


NOISE = [(0, 19), (10, 22), (100, 190), (3, 12), (0, 0), (1000, 1999)]


@pytest.mark.parametrize(("before", "after"), NOISE)
def test_few_errors_or_less_than_the_factor_are_noise(before: int, after: int) -> None:
    assert told(picture(errors=errors(before)), picture(errors=errors(after))) == []


def test_the_time_that_was_watched_counts() -> None:
    before = picture(errors=errors(100, seconds=60.0))
    assert told(before, picture(errors=errors(1000, seconds=600.0))) == []
    assert told(before, picture(errors=errors(0, seconds=0.0))) == []


def test_critical_errors_are_compared_by_themselves() -> None:
    before, after = errors(1000, critical=0), errors(1000, critical=40)
    found = told(picture(errors=before), picture(errors=after))
    assert [one[2] for one in found] == ["critical errors: 4 a minute, there were none"]


def test_a_slower_median_is_worse() -> None:
    before, after = picture(latencies=(latency(0.1),)), picture(latencies=(latency(0.5),))
    assert told(before, after) == [("worse", "warning", "shop takes ×5: 100 ms became 500 ms")]


def test_a_slower_tail_is_worse_where_it_was_measured_often() -> None:
    for count, expected in ((200, ["worse"]), (20, [])):
        before = picture(latencies=(Latency(name="shop", count=count, p50=0.1, p95=0.2, p99=0.3),))
        after = picture(latencies=(Latency(name="shop", count=count, p50=0.1, p95=2.0, p99=2.1),))
        assert [one[0] for one in told(before, after)] == expected


SLOWER = [
    (latency(0.01), latency(0.04), "less than min_latency slower"),
    (latency(0.1), latency(0.19), "less than the factor"),
    (latency(0.1, count=9), latency(1.0), "too few measurements"),
    (latency(0.1, 1.0, count=10), latency(0.5, 4.0, count=10), "as spread as that"),
    (latency(0.1, name="other"), latency(1.0), "not measured before"),
]


@pytest.mark.parametrize(("before", "after", "why"), SLOWER, ids=lambda one: str(one)[:20])
def test_a_latency_that_may_be_chance_is_no_regression(
    before: Latency, after: Latency, why: str
) -> None:
    assert told(picture(latencies=(before,)), picture(latencies=(after,))) == [], why


COUNTS: list[tuple[float, float, dict[str, Any], str, str]] = [
    (100, 95, {}, "worse", "5 companies gone: 100 became 95"),
    (100, 96, {}, "changed", "4 companies gone: 100 became 96"),
    (100, 0, {}, "worse", "100 companies gone: 100 became 0"),
    (100, 120, {}, "changed", "20 companies more: 100 became 120"),
    (100, 120, {"rise": 0.2}, "worse", "20 companies more: 100 became 120"),
    (100, 0, {"drop": None}, "changed", "100 companies gone: 100 became 0"),
    (0, 7, {"rise": 0.1}, "changed", "7 companies more: 0 became 7"),
]


@pytest.mark.parametrize(("before", "after", "terms", "kind", "sentence"), COUNTS)
def test_data_that_is_gone_is_worse_from_its_share_on(
    before: float, after: float, terms: dict[str, Any], kind: str, sentence: str
) -> None:
    own = Snapshots(counts={"companies": Count(metric="m", **terms)})
    found = told(picture(counts=(companies(before),)), picture(counts=(companies(after),)), own)
    assert [(one[0], one[2]) for one in found] == [(kind, sentence)]


def test_half_of_the_data_gone_is_critical() -> None:
    found = told(picture(counts=(companies(10),)), picture(counts=(companies(5),)))
    assert [one[1] for one in found] == ["critical"]


def test_what_is_not_counted_any_more_is_told_and_what_is_not_asked_for_is_not() -> None:
    before = picture(counts=(companies(10, "acme"),))
    assert [one[2] for one in told(before, picture())] == [
        "companies (acme) is not counted any more; it was 10"
    ]
    assert told(before, picture(), Snapshots()) == []


def group(count: int, first_seen: float, **values: Any) -> SeenGroup:
    return SeenGroup(
        **{"id": 7, "project": "shop", "title": "Boom", **values},
        count=count,
        first_seen=first_seen,
    )


def test_errors_of_a_group_that_was_not_known_are_worse() -> None:
    before, after = picture(at=NOW - 600), picture(groups=(group(5, NOW - 60),))
    assert told(before, after) == [
        ("worse", "warning", "Boom in shop was never seen before, and now 5 times")
    ]


@pytest.mark.parametrize(("count", "first_seen"), [(4, NOW - 60), (500, NOW - 601)])
def test_few_errors_and_known_groups_are_no_news(count: int, first_seen: float) -> None:
    assert told(picture(at=NOW - 600), picture(groups=(group(count, first_seen),))) == []


def test_alerts_releases_and_checksums_are_changes_and_no_regressions() -> None:
    before = picture(releases={"shop": ("1.0",)}, checksums={"env A": "1", "file f": "1"})
    after = picture(
        releases={"shop": ("1.0", "1.1")},
        checksums={"env A": "2", "file f": "missing", "env NEW": "3"},
        alerts=(
            ActiveAlert(id=3, rule="ComponentDown", severity="critical", summary="shop is down"),
        ),
    )
    assert {(one[0], one[2]) for one in told(before, after)} == {
        ("changed", "shop runs the release 1.1"),
        ("changed", "A was changed"),
        ("changed", "f is missing"),
        ("changed", "the alert ComponentDown fires: shop is down"),
    }


def nightly(at: float) -> Snapshot:
    return picture(at=at, errors=errors(300), latencies=(latency(2.0),), counts=(companies(50),))


QUIET = picture(errors=errors(10), latencies=(latency(0.1),), counts=(companies(100),))


def test_a_file_that_can_not_be_read_is_one_change_and_not_one_for_each_variable() -> None:
    there = {"file .env": "read", "env TOKEN (.env)": "c0ffee", "env OTHER (.env)": "abcdef"}
    gone = {"file .env": "missing"}
    assert changed_names(there, gone) == ["file .env"]
    assert changed_names(gone, there) == ["file .env"]
    without = {name: checksum for name, checksum in there.items() if "OTHER" not in name}
    assert changed_names(there, without) == ["env OTHER (.env)"]


def test_what_is_as_bad_as_a_week_ago_at_this_hour_is_no_regression() -> None:
    found = compare(QUIET, nightly(NOW), TERMS, lambda: [nightly(NOW - 7 * 86_400)])
    assert [one.kind for one in found] == ["changed"] * 3
    assert all(one.sentence.endswith("as at this hour a week ago") for one in found)


def test_a_week_ago_excuses_nothing_that_it_had_not() -> None:
    week_ago = [replace(nightly(NOW), latencies=(), counts=(companies(100),))]
    found = compare(QUIET, nightly(NOW), TERMS, lambda: week_ago)
    assert {one.category for one in found if one.kind == "worse"} == {"latency", "count"}


def test_a_component_that_was_down_a_week_ago_is_not_excused() -> None:
    down = picture(components=(component("down"),))
    found = compare(picture(components=(component("up"),)), down, TERMS, lambda: [down])
    assert [one.kind for one in found] == ["worse"]


def test_without_weekly_the_week_is_not_asked() -> None:
    def never() -> list[Snapshot]:
        raise AssertionError

    terms = replace(TERMS, weekly=False)
    assert {one.kind for one in compare(QUIET, nightly(NOW), terms, never)} == {"worse"}
    assert compare(QUIET, QUIET, TERMS, never) == []


def test_the_worst_comes_first() -> None:
    before = picture(components=(component("up"), component("down", "mail")), errors=errors(30))
    after = picture(components=(component("down"), component("up", "mail")), errors=errors(75))
    found = compare(before, after, TERMS)
    assert [(one.kind, one.severity) for one in found] == [
        ("worse", "critical"),
        ("worse", "warning"),
        ("better", "info"),
    ]


def poisson(random: random.Random, mean: float) -> int:
    """Counted as arrivals within a unit of time."""
    number, passed = 0, random.expovariate(mean)
    while passed < 1:
        number, passed = number + 1, passed + random.expovariate(mean)
    return number


def measured(random: random.Random, count: int, sigma: float) -> Latency:
    values = sorted(random.lognormvariate(math.log(0.2), sigma) for _ in range(count))
    p50, p95, p99 = (values[round((count - 1) * share)] for share in (0.5, 0.95, 0.99))
    return Latency(name="shop", count=count, p50=p50, p95=p95, p99=p99)


@settings(derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    mean=st.floats(0.1, 500),
    count=st.integers(10, 200),
    sigma=st.floats(0.05, 1.2),
)
def test_chance_alone_makes_no_regression(seed: int, mean: float, count: int, sigma: float) -> None:
    """Both sides are drawn from one distribution."""
    source = random.Random(seed)
    before, after = (
        picture(errors=errors(poisson(source, mean)), latencies=(measured(source, count, sigma),))
        for _ in range(2)
    )
    assert [one for one in compare(before, after, TERMS) if one.kind == "worse"] == []


@given(st.integers(40, 10_000), st.floats(2.6, 20))
def test_a_rise_of_the_rate_that_is_clear_is_found(before: int, factor: float) -> None:
    found = compare(
        picture(errors=errors(before)), picture(errors=errors(int(before * factor))), TERMS
    )
    assert [one.kind for one in found] == ["worse"]


def test_a_difference_says_of_what_it_is() -> None:
    found: Difference = compare(
        picture(components=(component("up"),)), picture(components=(component("down"),)), TERMS
    )[0]
    assert found.key == ("component", "shop")


def test_a_release_is_compared_with_the_one_before_where_there_was_one() -> None:
    def release(before: str) -> Difference:
        return Difference(
            category="release",
            subject="shop",
            before=before,
            after="shop@9",
            kind="changed",
            sentence="shop runs the release shop@9",
        )

    worse = replace(release("up"), category="component", kind="worse")
    told = "Compare with the release before: shop runs the release shop@9, it was shop@8."
    assert told in list(_actions([worse, release("shop@8")], ()))
    assert not any("release before" in one for one in _actions([worse, release("-")], ()))


def test_a_change_that_is_told_in_several_lines_is_one_line_of_what_to_do() -> None:
    worse = Difference(
        category="count", subject="a", before="1", after="0", kind="worse", sentence="a"
    )
    told, _ = _actions([worse], [Change(kind="deploy", summary="one\n\n\x1b[31mtwo")])
    assert told.endswith("take it back if so: one \\u{1b}[31mtwo.")


def test_a_regression_names_the_categories_of_what_is_worse() -> None:
    def worse(category: Category) -> Difference:
        return Difference(
            category=category, subject="a", before="1", after="2", kind="worse", sentence="a"
        )

    found = Comparison(
        before=picture(id=1),
        after=picture(id=2),
        minutes=1,
        differences=[worse("latency"), worse("count"), worse("count")],
        changes=[],
        actions=[],
        unmet=[],
    )
    assert error_of(found, "").tags["worse"] == "count,latency"
