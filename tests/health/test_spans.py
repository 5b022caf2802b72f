"""Times in states, against an oracle that looks at each second by itself."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.health.objective import budget
from sentinel.health.spans import buckets, combined, tally
from sentinel.model.signal import State
from sentinel.model.uptime import RANK, Seconds, Span

END = 60
STATES: list[State] = ["up", "degraded", "down", "unknown"]


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Those of one source: in order, without overlaps, with gaps."""
    edges = sorted(draw(st.sets(st.integers(-10, END + 10), max_size=12)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [Span(float(a), float(b), draw(st.sampled_from(STATES))) for a, b in pairs]


def seen(sources: list[list[Span]], second: int) -> State:
    found = [s.state for one in sources for s in one if s.began <= second < s.ended]
    return max(found, key=lambda state: RANK[state], default="unknown")


@given(st.lists(spans(), max_size=4), st.integers(1, END))
def test_each_bucket_holds_the_seconds_of_the_worst_state(
    sources: list[list[Span]], width: int
) -> None:
    found = list(buckets(combined(sources), 0, END, width))
    for index, begin in enumerate(range(0, END, width)):
        seconds = [seen(sources, second) for second in range(begin, min(begin + width, END))]
        expected = Seconds(**{state: float(seconds.count(state)) for state in STATES})
        assert found[index] == expected
    assert len(found) == -(-END // width)


@given(st.lists(spans(), max_size=4))
def test_what_is_combined_neither_overlaps_nor_touches_its_like(
    sources: list[list[Span]],
) -> None:
    found = combined(sources)
    for one, next in pairwise(found):
        assert one.began < one.ended <= next.began
        assert one.ended < next.began or one.state != next.state


@pytest.mark.parametrize(
    ("seconds", "share"),
    [
        (Seconds(up=50, unknown=50), 1.0),
        (Seconds(up=75, down=25), 0.75),
        (Seconds(up=50, degraded=25, down=25, unknown=900), 0.75),
        (Seconds(unknown=100), None),
    ],
)
def test_uptime_is_the_share_of_the_known_time_in_which_it_worked(
    seconds: Seconds, share: float | None
) -> None:
    assert seconds.share == share


@pytest.mark.parametrize(
    ("seconds", "known"),
    [
        (Seconds(up=80, down=9, unknown=11), 89),
        (Seconds(up=80, planned=9, unknown=11), 89),
        (Seconds(up=90, unknown=10), None),
        (Seconds(up=100), None),
        (Seconds(unknown=100), None),
    ],
)
def test_a_share_of_less_than_nine_tenths_of_the_time_says_of_how_much(
    seconds: Seconds, known: float | None
) -> None:
    assert seconds.partial == known


def test_time_of_which_nothing_was_heard_is_unknown_and_not_up() -> None:
    assert tally([Span(0, 40, "up")], 0, 100) == Seconds(up=40, unknown=60)


@pytest.mark.parametrize(
    ("slo", "down", "today", "left", "burn"),
    [
        (99.9, 0, Seconds(up=86_400), 1.0, 0.0),
        (99.9, 1296, Seconds(up=86_400), 0.5, 0.0),
        (99.9, 2592, Seconds(up=86_400 - 864, down=864), 0.0, 10.0),
        (99.9, 5184, Seconds(unknown=86_400), -1.0, None),
        (90.0, 129_600, Seconds(up=9, down=1), 0.5, 1.0),
    ],
)
def test_the_budget_is_what_may_be_down_within_thirty_days(
    slo: float, down: float, today: Seconds, left: float, burn: float | None
) -> None:
    found = budget(slo, Seconds(down=down), today)
    assert found.left == pytest.approx(left)
    assert found.burn == (None if burn is None else pytest.approx(burn))


def test_what_was_planned_counts_neither_as_up_nor_as_down() -> None:
    found = tally([Span(0, 60, "up"), Span(80, 90, "down")], 0, 100, [Span(60, 80, "down")])
    assert found == Seconds(up=60, down=10, unknown=10, planned=20)
    assert found.share == 60 / 70
