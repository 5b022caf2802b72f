"""Snapshots: what the whole system looks like, round by round, and whether it got worse.

`rounds` is the job; `gathering`, `window` and `checksums` find what a snapshot holds; `judging`
says whether it is a good one; `compare` holds two of them against each other, and is pure.
"""

from sentinel.snapshots.comparison import Comparison, compare_latest, compare_one, compare_since
from sentinel.snapshots.difference import Category, Difference
from sentinel.snapshots.rounds import HealthRounds

__all__ = [
    "Category",
    "Comparison",
    "Difference",
    "HealthRounds",
    "compare_latest",
    "compare_one",
    "compare_since",
]
