"""What a benchmark found, beside what was wanted."""

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Figure(Struct):
    """`goal` is the most that is good; with `least`, the least that is good; None: no goal."""

    name: str
    value: float
    unit: str = ""
    goal: float | None = None
    least: bool = False

    def __str__(self) -> str:
        line = f"  {self.name:<52} {_number(self.value):>12} {self.unit:<10}"
        if self.goal is None:
            return line.rstrip()
        reached = self.value >= self.goal if self.least else self.value <= self.goal
        sign = "≥" if self.least else "≤"
        return f"{line} {sign} {_number(self.goal)}: {'reached' if reached else 'MISSED'}"


def show(title: str, figures: Sequence[Figure]) -> None:
    print(title, *figures, sep="\n", flush=True)


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
