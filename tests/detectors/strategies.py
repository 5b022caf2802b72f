"""Histories that meet the edges of windows: steps of a 60 s window's simple fractions."""

from hypothesis import strategies as st

STEPS = st.sampled_from([0.0, 0.0, 1.0, 5.0, 10.0, 20.0, 30.0, 59.0, 60.0, 61.0, 120.0, 400.0])


@st.composite
def times(draw: st.DrawFn, most: int = 30) -> list[float]:
    """Not falling, from 0."""
    now, found = 0.0, [0.0]
    for step in draw(st.lists(STEPS, max_size=most)):
        now += step
        found.append(now)
    return found


def moments(found: list[float]) -> list[float]:
    """Times to ask at: at each signal, at each edge that it has, and beyond."""
    edges = {time + edge for time in found for edge in (0.0, 30.0, 59.5, 60.0, 119.5, 120.0)}
    return sorted(edges)


def within(found: list[float], span: float, now: float) -> list[float]:
    """What an oracle that keeps all counts: a signal at t counts in [t, t + span)."""
    return [time for time in found if time <= now < time + span]
