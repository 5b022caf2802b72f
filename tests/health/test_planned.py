"""Announced maintenance is no downtime."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.config.model import MaintenanceConfig
from sentinel.engine.intervals import Window
from sentinel.health.planned import Announced, apart
from sentinel.model.signal import State
from sentinel.model.uptime import Span


def work(
    *matchers: str, during: Sequence[tuple[float, float]] = ((10.0, 20.0),)
) -> MaintenanceConfig:
    return MaintenanceConfig(
        name="work",
        matchers=matchers,
        during=tuple(Window(*one) for one in during),
        time_intervals=(),
        comment="",
        file="rules.yaml",
        line=1,
    )


@pytest.mark.parametrize(
    ("matchers", "concerns"),
    [
        (['component="database"'], True),
        (['service="database"'], True),
        (['component=~"data.*|shop"'], True),
        (['component!="shop"'], True),
        (['component="shop"'], False),
        (['component="database"', 'severity!="critical"'], False),
        (['team="platform"'], False),
        (['severity!="critical"'], False),
    ],
)
def test_a_maintenance_is_that_of_a_component_if_it_names_nothing_else(
    matchers: list[str], concerns: bool
) -> None:
    found = Announced([work(*matchers)], 0.0, 100.0).of("database")
    assert found == ([(10.0, 20.0)] if concerns else [])


def test_several_that_overlap_are_one_and_what_is_outside_is_cut_off() -> None:
    found = Announced(
        [
            work('component="db"', during=[(10.0, 20.0), (50.0, 200.0)]),
            work('service="db"', during=[(15.0, 30.0)]),
        ],
        12.0,
        100.0,
    )
    assert found.of("db") == [(12.0, 30.0), (50.0, 100.0)]


@pytest.mark.parametrize(
    ("times", "kept", "planned"),
    [
        ([Span(0, 5, "down")], [Span(0, 5, "down")], []),
        ([Span(12, 18, "down")], [], [Span(12, 18, "down")]),
        (
            [Span(0, 45, "down")],
            [Span(0, 10, "down"), Span(20, 30, "down"), Span(40, 45, "down")],
            [Span(10, 20, "down"), Span(30, 40, "down")],
        ),
        ([Span(0, 45, "up")], [Span(0, 45, "up")], []),
        ([Span(0, 45, "degraded")], [Span(0, 45, "degraded")], []),
    ],
)
def test_only_what_was_down_within_the_time_is_put_apart(
    times: list[Span], kept: list[Span], planned: list[Span]
) -> None:
    assert apart(times, [(10.0, 20.0), (30.0, 40.0)]) == (kept, planned)


@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=12, unique=True).map(sorted),
    st.lists(st.integers(0, 60), max_size=8, unique=True).map(sorted),
)
def test_nothing_is_lost_by_putting_it_apart(edges: list[int], marks: list[int]) -> None:
    states: list[State] = ["down", "up", "down"] * 4
    times = [
        Span(began, ended, state)
        for began, ended, state in zip(edges, edges[1:], states, strict=False)
    ]
    windows = [(float(a), float(b)) for a, b in zip(marks[::2], marks[1::2], strict=False)]
    kept, planned = apart(times, windows)
    whole = sum(span.ended - span.began for span in times)
    assert sum(span.ended - span.began for span in [*kept, *planned]) == whole
    for span in planned:
        assert any(low <= span.began and span.ended <= high for low, high in windows)
