"""Tests of the rules: reads them and checks what they name."""

from collections.abc import Collection, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from sentinel.config import schema_tests as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.expectations import read_expectation
from sentinel.config.given_signals import read_signal
from sentinel.config.matchers import read_matchers
from sentinel.config.model_tests import (
    AcknowledgeConfig,
    FeedConfig,
    RuleTestConfig,
    SilenceConfig,
)
from sentinel.config.names import Names, unknown_name
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.reach import Reach
from sentinel.config.suggest import one_of
from sentinel.config.validation import read_record
from sentinel.engine.calendar_text import parse_instant
from sentinel.model.signal import KINDS, SignalKind


def read_tests(
    documents: Sequence[Document],
    zone: ZoneInfo,
    rules: Names,
    reach: Reach,
    actions: Collection[str],
    told: Collection[str],
) -> tuple[list[RuleTestConfig], list[Problem]]:
    """In order. `zone` holds where none is named; `told` are the names by which clients are told of
    something. The schema's own problems are not told."""
    tests: list[RuleTestConfig] = []
    problems: list[Problem] = []
    names = Names("test")
    for document in documents:
        for index, item in enumerate(document.items("tests")):
            path = ("tests", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, schema.RuleTest)
            if record:
                reading = _Reading(document, rules, reach, actions, told, problems)
                tests.append(reading.test(path, record, zone))
    return tests, problems


class _Reading:
    def __init__(
        self,
        document: Document,
        rules: Names,
        reach: Reach,
        actions: Collection[str],
        told: Collection[str],
        problems: list[Problem],
    ) -> None:
        self.document = document
        self.rules = rules
        self.reach = reach
        self.actions = actions
        self.told = told
        self.problems = problems

    def test(self, path: KeyPath, record: schema.RuleTest, zone: ZoneInfo) -> RuleTestConfig:
        feeds = [
            self._feed((*path, "signals", index), feed) for index, feed in enumerate(record.signals)
        ]
        expected = [
            read_expectation(
                self.document,
                (*path, "expect", index),
                expect,
                self.rules,
                self.reach,
                self.actions,
                self.told,
                self.problems,
            )
            for index, expect in enumerate(record.expect)
        ]
        return RuleTestConfig(
            name=record.name,
            start=self._start(path, record, zone),
            signals=tuple(filter(None, feeds)),
            acknowledge=tuple(
                self._acknowledge((*path, "acknowledge", index), one)
                for index, one in enumerate(record.acknowledge)
            ),
            silence=tuple(
                self._silence((*path, "silence", index), one)
                for index, one in enumerate(record.silence)
            ),
            reload=tuple(map(float, record.reload)),
            restart=tuple(map(float, record.restart)),
            expect=tuple(filter(None, expected)),
            file=self.document.file,
            line=self.document.line(path),
        )

    def _start(self, path: KeyPath, record: schema.RuleTest, zone: ZoneInfo) -> float | None:
        zone = read_zone(self.document, (*path, "timezone"), zone, self.problems)
        if record.start is None:
            return None
        parse = partial(parse_instant, zone=zone)
        return parsed(self.document, (*path, "start"), parse, self.problems)

    def _feed(self, path: KeyPath, feed: schema.Feed) -> FeedConfig | None:
        """None, with problems, where it is no signal."""
        kinds: list[SignalKind] = [kind for kind in KINDS if getattr(feed, kind) is not None]  # type: ignore[misc]
        if len(kinds) != 1:
            problem = self.document.problem(
                path,
                "test/one-of",
                found=f"{' and '.join(kinds) or 'no signal'}",
                expected=one_of(KINDS),
                hint="write an entry for each" if kinds else "such as error: {code: DB_DOWN}",
            )
            self.problems.append(problem)
            return None
        if (feed.times > 1) != (feed.every is not None):
            many = feed.times > 1
            problem = self.document.problem(
                path,
                "test/repetition",
                found=f"times: {feed.times} and no every" if many else "every and no times",
                expected="both every and times",
                hint="times says how many come, every how long after each other",
            )
            self.problems.append(problem)
        signal = read_signal(self.document, (*path, kinds[0]), kinds[0], self.problems)
        if signal is None:
            return None
        every = float(feed.every or 0)
        return FeedConfig(at=float(feed.at), every=every, times=feed.times, signal=signal)

    def _acknowledge(self, path: KeyPath, record: schema.Acknowledge) -> AcknowledgeConfig:
        self.problems += self.rules.unknown(self.document, (*path, "alert"), record.alert)
        people = self.reach.people
        if record.by is not None and record.by not in people:
            problem = unknown_name(self.document, (*path, "by"), "person", record.by, people)
            self.problems.append(problem)
        return AcknowledgeConfig(
            at=float(record.at),
            alert=record.alert,
            labels=record.labels,
            by=record.by,
            line=self.document.line(path),
        )

    def _silence(self, path: KeyPath, record: schema.Silence) -> SilenceConfig:
        here = (*path, "matchers")
        matchers = read_matchers(self.document, here, "test/bad-matcher", self.problems)
        self.problems += self.document.positive(path, **{"for": record.for_})
        return SilenceConfig(at=float(record.at), matchers=matchers, duration=float(record.for_))
