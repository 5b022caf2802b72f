"""What takes longer than it did."""

import math
from collections.abc import Iterator
from typing import Literal

from sentinel.config.schema_snapshots import Worse
from sentinel.model.alert import AlertSeverity
from sentinel.model.snapshot import Latency, Snapshot
from sentinel.snapshots.difference import Difference, Kind, same
from sentinel.snapshots.words import seconds, times

_SURE = 4.0
_FEW = 15
"""A sigma that so few measurements show may well be half of the true one."""
_TAIL_FROM = 50
"""A 95th percentile of fewer measurements is the one slowest of them."""
_SHORTEST = 1e-6
# Standard errors of the median and of the 95th percentile of n log-normal values, on the scale of
# logarithms, in units of sigma / sqrt(n): sqrt(q (1 - q)) / density of the normal at q.
_ERROR = {"p50": 1.2533, "p95": 2.1133}
# How many sigma lie between the median and the percentile that sigma is read from.
_SIGMAS = {"p50": ("p95", 1.6449), "p95": ("p99", 2.3263)}
Percentile = Literal["p50", "p95"]


def differences(before: Snapshot, after: Snapshot, terms: Worse) -> Iterator[Difference]:
    """Of what both sides measured often enough."""
    was = {one.name: one for one in before.latencies}
    for new in after.latencies:
        old = was.get(new.name)
        if old is not None and min(old.count, new.count) >= terms.min_samples:
            yield _compared(old, new, terms)


def slower(fast: Latency, slow: Latency, which: Percentile, terms: Worse) -> bool:
    """Whether the second's percentile is larger by the factor and the least, and not by chance.

    Latencies are about log-normal: the difference of the logarithms is held against its standard
    error, with a sigma that each side's own spread shows.
    """
    low, high = max(getattr(fast, which), _SHORTEST), max(getattr(slow, which), _SHORTEST)
    if high < terms.latency_factor * low or high - low < terms.min_latency:
        return False
    fewest = min(fast.count, slow.count)
    sigma = max(_sigma(fast, which), _sigma(slow, which)) * (1 + _FEW / fewest)
    error = _ERROR[which] * sigma * math.sqrt(1 / fast.count + 1 / slow.count)
    return math.log(high / low) >= _SURE * error


def _sigma(one: Latency, which: Percentile) -> float:
    upper, sigmas = _SIGMAS[which]
    return math.log(max(getattr(one, upper), _SHORTEST) / max(one.p50, _SHORTEST)) / sigmas


def _compared(old: Latency, new: Latency, terms: Worse) -> Difference:
    which, kind = _verdict(old, new, terms)
    if kind == "same":
        return same("latency", new.name)
    before, after = getattr(old, which), getattr(new, which)
    severity: AlertSeverity = "info"
    if kind == "worse":
        severity = "critical" if after >= terms.latency_factor**2 * before * 2 else "warning"
    what = "" if which == "p50" else " at the 95th percentile"
    factor = times(max(after, _SHORTEST) / max(before, _SHORTEST))
    return Difference(
        category="latency",
        subject=new.name,
        before=f"{which} {seconds(before)}",
        after=f"{which} {seconds(after)}",
        kind=kind,
        severity=severity,
        sentence=f"{new.name} takes {factor}{what}: {seconds(before)} became {seconds(after)}",
    )


def _verdict(old: Latency, new: Latency, terms: Worse) -> tuple[Percentile, Kind]:
    tails: tuple[Percentile, ...] = ("p50", "p95")
    for which in tails if min(old.count, new.count) >= _TAIL_FROM else tails[:1]:
        if slower(old, new, which, terms):
            return which, "worse"
        if slower(new, old, which, terms):
            return which, "better"
    return "p50", "same"
