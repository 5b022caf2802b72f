"""Schedules: who is on call, and when."""

from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

from sentinel.config import schema_people as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.intervals import Calendar
from sentinel.config.maintenance import read_window
from sentinel.config.model import ScheduleConfig
from sentinel.config.names import Names, unknown_name
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.teams import known_people
from sentinel.config.validation import read_record
from sentinel.engine.calendar_text import parse_date, parse_every, parse_handoff
from sentinel.engine.schedules import Handoff, Layer, Override, People, Schedule


def read_schedules(
    documents: Sequence[Document],
    zone: ZoneInfo,
    people: Collection[str],
    calendar: Calendar,
    names: Names,
) -> tuple[dict[str, ScheduleConfig], list[Problem]]:
    """By name. `zone` holds where none is named. The schema's own problems are not told."""
    schedules: dict[str, ScheduleConfig] = {}
    problems: list[Problem] = []
    for document in documents:
        for index, item in enumerate(document.items("schedules")):
            path = ("schedules", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, schema.Schedule)
            if record:
                reading = _Reading(document, people, calendar, problems)
                schedules.setdefault(record.name, reading.schedule(path, record, zone))
    return schedules, problems


class _Reading:
    def __init__(
        self,
        document: Document,
        people: Collection[str],
        calendar: Calendar,
        problems: list[Problem],
    ) -> None:
        self.document = document
        self.people = people
        self.calendar = calendar
        self.problems = problems

    def schedule(self, path: KeyPath, record: schema.Schedule, zone: ZoneInfo) -> ScheduleConfig:
        zone = read_zone(self.document, (*path, "timezone"), zone, self.problems)
        layers = [
            self._layer((*path, "layers", index), layer)
            for index, layer in enumerate(record.layers)
        ]
        overrides = [
            self._override((*path, "overrides", index), override, zone)
            for index, override in enumerate(record.overrides)
        ]
        schedule = Schedule(
            name=record.name,
            zone=zone,
            layers=tuple(filter(None, layers)),
            overrides=tuple(filter(None, overrides)),
        )
        return ScheduleConfig(
            schedule=schedule,
            time_intervals=tuple(name for layer in record.layers for name in layer.during),
            file=self.document.file,
            line=self.document.line(path),
        )

    def _layer(self, path: KeyPath, record: schema.Layer) -> Layer | None:
        """None where a turn of it is none, which is told as a problem."""
        every = parsed(self.document, (*path, "every"), parse_every, self.problems)
        handoff: Handoff | None = Handoff(0)
        if "handoff" in self.document.at(path):
            handoff = parsed(self.document, (*path, "handoff"), parse_handoff, self.problems)
        start = None
        if record.start is not None:
            start = parsed(self.document, (*path, "start"), parse_date, self.problems)
        during = self.calendar.named(self.document, (*path, "during"), self.problems)
        turns = tuple(
            self._turn((*path, "people", index), names) for index, names in enumerate(record.people)
        )
        if every is None or handoff is None:
            return None
        return Layer(people=turns, every=every, handoff=handoff, start=start, during=during)

    def _turn(self, path: KeyPath, names: str | list[str]) -> People:
        if isinstance(names, str):
            if names not in self.people:
                self.problems.append(
                    unknown_name(self.document, path, "person", names, self.people)
                )
            return (names,)
        return known_people(self.document, path, names, self.people, self.problems)

    def _override(self, path: KeyPath, record: schema.Override, zone: ZoneInfo) -> Override | None:
        """None where it is at no time, which is told as a problem."""
        window = read_window(self.document, path, zone, self.problems)
        if (record.person is None) == (not record.people):
            self.problems.append(
                self.document.problem(
                    path,
                    "schedule/override",
                    found="both person and people" if record.people else "nobody to take over",
                    expected="either person: NAME, or people: [NAME, NAME]",
                )
            )
            return None
        if record.person is not None:
            people = self._turn((*path, "person"), record.person)
        else:
            people = known_people(
                self.document, (*path, "people"), record.people, self.people, self.problems
            )
        return Override(window[0].start, window[0].end, people) if window else None
