"""Runs the tests of an installation's rules."""

from datetime import datetime

from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.config.model_tests import RuleTestConfig
from sentinel.installation import Installation
from sentinel.rehearsal.coverage import Coverage, Touched
from sentinel.rehearsal.result import Result
from sentinel.rehearsal.run import Run
from sentinel.rehearsal.script import events
from sentinel.rehearsal.source import Source
from sentinel.rehearsal.timeline import timeline
from sentinel.wiring import build_book


class Rehearsal:
    """`clock` tells how long a test really took."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        config, catalog = installation.config, installation.catalog
        self._config = config
        self._clock = clock
        self._source = Source(config, catalog)
        self._touched = Touched()
        self._book = self._touched.watched(build_book(config, installation.registry, catalog))

    def run(self, test: RuleTestConfig) -> Result:
        begun = self._clock.monotonic()
        start = any_noon(self._config) if test.start is None else test.start
        run = Run(test, self._book, start)
        failures = run.run(events(test, self._source, start))
        self._touched.add(run.history)
        return Result(
            name=test.name,
            file=test.file,
            line=test.line,
            passed=not failures,
            seconds=self._clock.monotonic() - begun,
            start=start,
            failures=failures,
            timeline=timeline(run.history, failures),
        )

    def coverage(self) -> Coverage:
        """Of all tests that were run."""
        return self._touched.coverage(self._config)


def any_noon(config: Config) -> float:
    """When a test begins that does not say: on one and the same working day, so that a test that
    passes today passes tomorrow."""
    return datetime(2026, 1, 7, 12, tzinfo=config.timezone).timestamp()
