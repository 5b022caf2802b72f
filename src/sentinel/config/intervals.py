"""Time intervals with a name, as in Alertmanager."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from sentinel.config import schema_routing as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import TimeIntervalConfig
from sentinel.config.names import Names
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.validation import read_record
from sentinel.engine.calendar_text import (
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from sentinel.engine.intervals import Interval, Range, TimeInterval

_PARSERS: dict[str, Callable[[object], Range]] = {
    "times": parse_times,
    "weekdays": parse_weekdays,
    "days_of_month": parse_days_of_month,
    "months": parse_months,
    "years": parse_years,
}


def read_intervals(
    documents: Sequence[Document], zone: ZoneInfo, names: Names
) -> tuple[dict[str, TimeIntervalConfig], list[Problem]]:
    """By name. `zone` holds where none is named. The schema's own problems are not told."""
    intervals: dict[str, TimeIntervalConfig] = {}
    problems: list[Problem] = []
    for document in documents:
        for index, item in enumerate(document.items("time_intervals")):
            path = ("time_intervals", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, schema.TimeInterval)
            if record:
                one = TimeIntervalConfig(
                    name=record.name,
                    intervals=tuple(
                        _interval(document, (*path, "time_intervals", number), zone, problems)
                        for number in range(len(record.time_intervals))
                    ),
                    file=document.file,
                    line=document.line(path),
                )
                intervals.setdefault(record.name, one)
    return intervals, problems


def _interval(
    document: Document, path: KeyPath, zone: ZoneInfo, problems: list[Problem]
) -> TimeInterval:
    data = document.at(path)
    ranges = {
        key: tuple(
            found
            for index in range(len(data.get(key, ())))
            if (found := parsed(document, (*path, key, index), parse, problems)) is not None
        )
        for key, parse in _PARSERS.items()
    }
    own = read_zone(document, (*path, "location"), zone, problems)
    return TimeInterval(zone=own, **ranges)


class Calendar:
    """The time intervals by name, for what refers to them."""

    def __init__(self, names: Names, intervals: Mapping[str, TimeIntervalConfig]) -> None:
        self._names = names
        self._intervals = intervals

    def named(
        self, document: Document, path: KeyPath, problems: list[Problem]
    ) -> tuple[Interval, ...]:
        """All times of the intervals that the list at `path` names; none where there is none."""
        found: list[Interval] = []
        for index, name in document.texts(path):
            problems += self._names.unknown(document, (*path, index), name)
            if name in self._intervals:
                found += self._intervals[name].intervals
        return tuple(found)
