"""Runs a detector as the engine does: a tick at each time that a verdict asked for."""

from collections.abc import Sequence
from typing import Any

import msgspec

from sentinel.api import AnySignal, Detector, Duration, Error, Metric, Verdict

START = 1_760_000_000.0


def seconds(text: str) -> Duration:
    return Duration.parse(text)


class Driver:
    """`holds_at` is what stands at a time. Times are counted from START.

    With `restarts`, the state is written and read back between any two calls.
    """

    def __init__(self, detector: Detector[Any], restarts: bool = False) -> None:
        self.detector = detector
        self.restarts = restarts
        self.state: Any = None
        self.verdict = Verdict(False)
        self.now = START

    def begin(self, time: float = 0.0) -> None:
        self.now = START + time
        self._put(self.detector.begin(self.now))

    def take(self, time: float, signal: AnySignal | None = None) -> Verdict:
        self.until(time)
        self._put(self.detector.observe(signal or Error(), self.state, self.now))
        return self.verdict

    def take_other(self, time: float, signal: AnySignal | None = None) -> Verdict:
        self.until(time)
        self._put(self.detector.observe_other(signal or Error(), self.state, self.now))
        return self.verdict

    def until(self, time: float) -> None:
        end = START + time
        while self.verdict.recheck is not None and self.verdict.recheck <= end:
            self.now = self.verdict.recheck
            self._put(self.detector.tick(self.state, self.now))
        self.now = max(self.now, end)

    def look(self, time: float) -> Verdict:
        """What a look at this time says, asked for or not."""
        self.until(time)
        if self.state is not None:
            self._put(self.detector.tick(self.state, self.now))
        return self.verdict

    def holds_at(self, time: float) -> bool:
        self.until(time)
        return self.verdict.holds

    def told_at(self, time: float) -> str:
        self.until(time)
        return self.detector.explain(self.state, self.now)

    def _put(self, found: tuple[Any, Verdict]) -> None:
        state, verdict = found
        recheck = verdict.recheck
        assert recheck is None or recheck > self.now
        if self.restarts and state is not None:
            written = msgspec.msgpack.encode(state)
            state = msgspec.msgpack.decode(written, type=type(self.detector).State)
        self.state = state
        self.verdict = Verdict(False) if state is None and not verdict.holds else verdict


def drive(detector: Detector[Any], times: Sequence[float], restarts: bool = False) -> Driver:
    """After an error at each of the times."""
    driver = Driver(detector, restarts)
    for time in times:
        driver.take(time)
    return driver


def metric(value: float) -> Metric:
    return Metric(name="cpu", value=value)
