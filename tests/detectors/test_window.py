import pytest

from sentinel.detectors._text import digest, shown, text_of
from sentinel.detectors._window import CELLS, MOST_TIMES, Tally, gone, pack, unpack

SPAN = 300.0


def tally_of(number: int, apart: float) -> Tally:
    tally = Tally()
    for n in range(number):
        tally = tally.within(SPAN, n * apart).add(n * apart, SPAN)
    return tally


@pytest.mark.parametrize(
    ("now", "expected"), [(0.0, 0), (299.9, 0), (300.0, 1), (310.0, 3), (900.0, 4)]
)
def test_what_is_exactly_the_span_old_is_gone(now: float, expected: int) -> None:
    times = unpack(b"".join(map(pack, (0.0, 10.0, 10.0, 20.0))))
    assert gone(times, SPAN, now) == expected


def test_nothing_is_gone_of_nothing() -> None:
    assert gone(unpack(b""), SPAN, 0.0) == 0


def test_a_tally_is_exact_while_it_is_short() -> None:
    tally = tally_of(MOST_TIMES, 1.0)
    assert tally.times == tuple(range(MOST_TIMES))
    assert tally.within(SPAN, 302.0).total == MOST_TIMES - 3


def test_a_busy_tally_stays_short_and_leaves_no_signal_out() -> None:
    tally = tally_of(20_000, 0.001)
    assert tally.total == 20_000
    assert len(tally.times) <= MOST_TIMES


def test_the_old_end_of_a_busy_tally_is_exact_to_a_cell() -> None:
    apart, cell = 0.1, SPAN / CELLS
    tally, last = tally_of(20_000, apart), 19_999 * apart
    for now in (last, last + 7.7, last + 100, last + 299):
        exact = sum(1 for n in range(20_000) if n * apart + SPAN > now)
        assert exact <= tally.within(SPAN, now).total <= exact + cell / apart + 1


def test_signals_of_one_moment_share_a_place() -> None:
    assert tally_of(5_000, 0.0) == Tally((0.0,), (5_000,), 5_000)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, "true"),
        (5, "5"),
        (5.0, "5"),
        (0.5, "0.5"),
        (1e300, "1e+300"),
        ("", ""),
    ],
)
def test_values_as_text(value: object, text: str | None) -> None:
    assert text_of(value) == text


def test_any_text_can_be_kept_and_shown() -> None:
    odd = "\ud800" + "x" * 10_000
    assert digest(odd) != digest(odd + "y")
    assert len(shown(odd).encode()) < 1_000
