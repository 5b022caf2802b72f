"""One test, from its first signal to its last expectation."""

from bisect import bisect_right
from collections.abc import Iterator

from sentinel.config.model_tests import (
    AcknowledgeConfig,
    ExpectConfig,
    ExpectedAction,
    ExpectedAlert,
    ExpectedDelivery,
    ExpectedIncidents,
    ExpectedUpdate,
    RuleTestConfig,
)
from sentinel.engine.book import Book
from sentinel.engine.commands import Acknowledge, SetSilence
from sentinel.engine.engine import Input
from sentinel.rehearsal.acting import actions_instead
from sentinel.rehearsal.history import History
from sentinel.rehearsal.result import Failure
from sentinel.rehearsal.script import SOMEBODY, Event, Restart, Take
from sentinel.rehearsal.source import Groups
from sentinel.rehearsal.standing import alert_instead, incidents_instead
from sentinel.rehearsal.telling import deliveries_instead
from sentinel.rehearsal.updates import updates_instead
from sentinel.rehearsal.words import name_of, standing_of
from sentinel.simulation import Simulation

_MOST_IN_A_STEP = 500
_KNOWN_AT_THE_END = (ExpectedDelivery, ExpectedAction, ExpectedUpdate)
# Sums of fractions of a second differ in their last digits: what is due at one moment by any of
# them has been done so much later.
_LAST_DIGITS = 0.0001


class Run:
    """Time passes in long steps from one moment that an expectation names to the next. Only where
    one must hold for a while does it stop at every event and timer, to look."""

    def __init__(self, test: RuleTestConfig, book: Book, start: float) -> None:
        self.history = History(start)
        self._test = test
        self._book = book
        self._start = start
        self._simulation = Simulation(book, start)
        self._groups = Groups()
        self._batch: list[Input] = []
        self._looks = sorted({self._end(at) for one in test.expect for at in (one.start, one.end)})
        self._looked = start
        self._unseen: float | None = None
        """When something came in that has not been looked at."""
        self._not_met: dict[int, tuple[str, float]] = {}
        """What was found instead, and when, by the number of the expectation."""
        self._not_taken: list[tuple[AcknowledgeConfig, str]] = []

    def run(self, events: Iterator[Event]) -> tuple[Failure, ...]:
        """Take the events up to the last moment that an expectation names. Returns what was not
        as expected, in the order in which it is written."""
        last = self._looks[-1]
        for event in events:
            if event.received > last:
                break
            self._pass_until(event.received)
            self._take(event)
            self._unseen = event.received
        self._pass_until(float("inf"))
        return tuple(sorted(self._failures(), key=lambda failure: failure.line))

    def _pass_until(self, time: float) -> None:
        """Look at each moment before this one that matters."""
        while (moment := self._next_moment()) < time:
            self._step(moment)
            self._look(moment)

    def _next_moment(self) -> float:
        moments = self._looks[bisect_right(self._looks, self._looked) :][:1]
        if self._is_watched():
            due = self._unseen if self._unseen is not None else self._simulation.engine.next_due()
            moments += [] if due is None else [due]
        return min(moments, default=float("inf"))

    def _is_watched(self) -> bool:
        """Whether something that must hold for a while must hold now."""
        return any(
            self._start + one.start <= self._looked < self._start + one.end
            for one in self._test.expect
            if not isinstance(one.what, _KNOWN_AT_THE_END)
        )

    def _take(self, event: Event) -> None:
        match event:
            case Restart():
                self._step(event.received)
                self._simulation.restart()
                # What the start changes comes out of its first step.
                self._step(event.received)
            case Take():
                self._step(event.received)
                self._acknowledge(event.what, event.received)
            case SetSilence():
                self._batch.append(event)
            case _:
                self.history.count(event)
                self._batch.append(self._groups.take(event))
                if len(self._batch) >= _MOST_IN_A_STEP:
                    self._step(event.received)

    def _step(self, until: float) -> None:
        self.history.add(self._simulation.run(self._batch, until))
        self._batch = []

    def _acknowledge(self, what: AcknowledgeConfig, now: float) -> None:
        found = list(self.history.latest(what.alert, what.labels))
        incidents = {alert.incident for alert in found if alert.active}
        for incident in sorted(one for one in incidents if one is not None):
            self._batch.append(Acknowledge(incident, what.by or SOMEBODY, now))
        if not incidents:
            standing = "; ".join(standing_of(self.history, alert) for alert in found)
            self._not_taken.append((what, standing or "no such alert"))

    def _look(self, moment: float) -> None:
        self._looked, self._unseen = moment, None
        for number, expect in enumerate(self._test.expect):
            on_time = self._start + expect.start <= moment <= self._end(expect.end)
            if on_time and number not in self._not_met:
                found = self._found_instead(expect)
                if found is not None:
                    self._not_met[number] = found, self.history.since_start(moment)

    def _found_instead(self, expect: ExpectConfig) -> str | None:
        match expect.what:
            case ExpectedAlert():
                return alert_instead(expect.what, self.history, self._book)
            case ExpectedIncidents():
                return incidents_instead(expect.what, self.history)
            case ExpectedDelivery() | ExpectedAction() | ExpectedUpdate():
                # What was sent, run or published is known, with its times, at the end.
                return None

    def _failures(self) -> Iterator[Failure]:
        for decision in self.history.decisions:
            # The rule is off from then on, and whatever must not happen does not.
            if decision.verb == "detector_failed":
                expected = f"the detector of {decision.rule} judges its signals"
                at = self.history.since_start(decision.at)
                yield Failure(self._test.line, expected, decision.text, at)
        for what, found in self._not_taken:
            expected = f"{name_of(what.alert, what.labels)} fires, and is acknowledged"
            yield Failure(what.line, expected, found, what.at)
        for number, expect in enumerate(self._test.expect):
            if isinstance(expect.what, ExpectedDelivery):
                wrong = deliveries_instead(expect, expect.what, self.history)
            elif isinstance(expect.what, ExpectedAction):
                wrong = actions_instead(expect, expect.what, self.history)
            elif isinstance(expect.what, ExpectedUpdate):
                wrong = updates_instead(expect, expect.what, self.history)
            else:
                wrong = self._not_met.get(number)
            if wrong is not None:
                yield Failure(expect.line, expect.text, *wrong)

    def _end(self, at: float) -> float:
        return self._start + at + _LAST_DIGITS
