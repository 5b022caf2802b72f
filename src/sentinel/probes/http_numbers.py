"""Numbers out of a JSON answer, each a metric: how many companies there are, how long jobs wait."""

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Metric, Params
from sentinel.probes.http_json import MISSING, Unreadable, at, checked_path, document, quote

MOST = 50
MetricName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_.]*$", max_length=100, examples=["orders.waiting"])
]


class JsonNumber(Params, frozen=True):
    """Where a number stands in a JSON answer, and its unit."""

    path: Annotated[str, Meta(description="Where it stands, as in counts.companies.")]
    unit: Annotated[str | None, Meta(description="The number's unit, such as s or B.")] = None


class Numbers:
    """Raises ValueError for a path that makes no sense."""

    def __init__(self, wanted: Mapping[str, str | JsonNumber]) -> None:
        self._wanted: dict[str, JsonNumber] = {}
        for name, given in wanted.items():
            one = JsonNumber(path=given) if isinstance(given, str) else given
            path = checked_path(f"metrics.{name}", one.path)
            self._wanted[name] = JsonNumber(path=path, unit=one.unit)

    def __bool__(self) -> bool:
        return bool(self._wanted)

    def read(self, body: bytes, whole: bool) -> tuple[list[Metric], list[str]]:
        """Those that are there, and what is wrong about the others. `whole` is False where the
        body was longer than what was read of it."""
        if not self._wanted:
            return [], []
        try:
            answer = document(body, whole)
        except Unreadable as error:
            return [], [str(error)]
        metrics, complaints = [], []
        for name, one in self._wanted.items():
            found = at(answer, one.path)
            value = _number(found)
            if value is None:
                complaints.append(_complaint(one.path, found))
            else:
                metrics.append(Metric(name=name, value=value, unit=one.unit))
        return metrics, complaints


def _number(value: Any) -> float | None:
    """None for what is none. JSON's true and false are no numbers, though Python's are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _complaint(path: str, found: Any) -> str:
    if found is MISSING:
        return f"the answer has no {path}"
    return f"{path} is {quote(found)}, expected a number"
