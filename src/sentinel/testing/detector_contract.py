"""The contract of detectors."""

import builtins
import math
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, Protocol

import msgspec
import pytest

from sentinel.api import AnySignal, Detector, Verdict
from sentinel.model.signal import KIND_OF
from sentinel.plugins.checks import class_faults

_MOST_TICKS = 1000
_FLOOD = 3000
_LARGEST_STATE = 512 * 1024
_LONGEST_SENTENCE = 300
_YEARS = 10 * 365 * 86_400.0


class Step(msgspec.Struct, frozen=True):
    """What a detector said at one moment, in seconds since 1970 UTC."""

    now: float
    state: Any
    verdict: Verdict


class DetectorContract:
    """Override `detector` and `history`."""

    def detector(self) -> Detector[Any]:
        raise NotImplementedError

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        """Times and signals, oldest first, such that the verdict changes on the way."""
        raise NotImplementedError

    def test_its_class_can_be_registered(self) -> None:
        faults = class_faults("detector", type(self.detector()))
        assert not faults, faults

    def test_the_history_makes_the_verdict_change(self) -> None:
        said = {step.verdict.holds for step in self.walk()}
        assert said == {True, False}, f"holds was always {said}: the history shows too little"

    def test_the_history_has_signals_of_its_kinds_alone(self) -> None:
        kinds = {KIND_OF[type(signal)] for _, signal in self.history()}
        assert kinds <= self.detector().kinds, f"{kinds} are not all among its `kinds`"

    def test_the_same_signals_give_the_same_verdicts(self) -> None:
        assert self.told(self.walk()) == self.told(self.walk()), "the detector is not pure"

    def test_a_restart_at_any_moment_changes_nothing(self) -> None:
        """The state is written and read back, and the detector made anew, at every step."""
        kept, reread = self.told(self.walk()), self.told(self.walk(restarts=True))
        for before, after in zip(kept, reread, strict=False):
            assert before == after, f"with its state read back it says {after} and not {before}"
        assert len(kept) == len(reread), "with its state read back it asks for other ticks"

    def test_the_verdict_stands_until_recheck(self) -> None:
        for step in self.walk():
            if step.state is None:
                continue
            stands = (step.verdict.recheck or step.now + _YEARS) - step.now
            for share in (0.25, 0.5, 0.999):
                now = step.now + stands * share
                _, verdict = self.detector().tick(self.reread(step.state), now)
                assert verdict.holds == step.verdict.holds, (
                    f"at {step.now} it said holds={step.verdict.holds} until "
                    f"{step.verdict.recheck}, but a tick at {now} says otherwise"
                )

    def test_recheck_lies_ahead(self) -> None:
        for step in self.walk():
            recheck = step.verdict.recheck
            assert recheck is None or recheck > step.now, f"recheck {recheck} at {step.now}"

    def test_ticks_come_to_rest(self) -> None:
        """Without signals it asks for an end of ticks at some time, or the timers never stop."""
        ticks = sum(1 for step in self.walk() if step.now > self.history()[-1][0])
        assert ticks < _MOST_TICKS, f"{ticks} ticks after the last signal, and still a recheck"

    def test_the_explanation_is_one_plain_sentence(self) -> None:
        for step in self.walk():
            told = self.detector().explain(self.reread(step.state), step.now)
            assert isinstance(told, str), f"explain() gave {type(told).__name__}"
            assert told.strip(), f"explain() says nothing at {step.now}"
            assert "\n" not in told, f"more than one line: {told!r}"
            assert len(told) <= _LONGEST_SENTENCE, f"too long: {told!r}"

    def test_the_facts_can_be_written_into_annotations(self) -> None:
        for step in self.walk():
            msgspec.json.encode(step.verdict.facts)

    def test_it_tells_no_other_facts_than_it_declares(self) -> None:
        """One that declares none may tell any: they are not in its documentation then."""
        declared = self.detector().facts
        told = {name for step in self.walk() for name in step.verdict.facts}
        assert not declared or told <= set(declared), (
            f"`facts` leaves out {', '.join(sorted(told - set(declared)))}"
        )

    def test_a_flood_does_not_make_the_state_grow_without_end(self) -> None:
        detector, (start, signal) = self.detector(), self.history()[-1]
        state = None
        for number in range(_FLOOD):
            state, _ = detector.observe(signal, state, start + number * 0.001)
        size = len(msgspec.msgpack.encode(state))
        assert size <= _LARGEST_STATE, f"{size} bytes of state after {_FLOOD} signals"

    def test_it_reads_no_clock_draws_no_number_and_opens_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        history, detector = self.history(), self.detector()
        with monkeypatch.context() as patch:
            for owner, name in (
                (time, "time"),
                (time, "monotonic"),
                (random, "random"),
                (builtins, "open"),
                (socket, "socket"),
            ):
                patch.setattr(owner, name, _forbidden(name))
            for _ in _walk(detector, history):
                pass

    def walk(self, restarts: bool = False) -> Iterator[Step]:
        """Every signal, and every tick that the verdicts ask for, in the order of time."""
        detector = _Restarting(self.detector) if restarts else self.detector()
        return _walk(detector, self.history())

    def reread(self, state: Any) -> Any:
        """The state as it comes back from the store."""
        return _reread(self.detector(), state)

    def told(self, steps: Iterator[Step]) -> list[tuple[float, bytes, Verdict]]:
        """The steps, their states in the one form that the store has for them."""
        return [
            (step.now, msgspec.msgpack.encode(self.reread(step.state)), step.verdict)
            for step in steps
        ]


class _Driven(Protocol):
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]: ...

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]: ...


class _Restarting:
    """A detector made anew for each call, given a state that was written and read back."""

    def __init__(self, make: Callable[[], Detector[Any]]) -> None:
        self._make = make

    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        detector = self._make()
        return detector.observe(signal, _reread(detector, state), now)

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        detector = self._make()
        return detector.tick(_reread(detector, state), now)


def _reread(detector: Detector[Any], state: Any) -> Any:
    if state is None:
        return None
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(detector).State)


def _walk(detector: _Driven, history: Sequence[tuple[float, AnySignal]]) -> Iterator[Step]:
    coming = list(history)
    state: Any = None
    verdict, now, ticks = Verdict(False), -math.inf, 0
    while ticks < _MOST_TICKS:
        due = _next_tick(state, verdict)
        if coming and coming[0][0] <= due:
            (now, signal), ticks = coming.pop(0), 0
            state, verdict = detector.observe(signal, state, now)
        elif due < math.inf:
            now, ticks = max(due, now), ticks + 1
            state, verdict = detector.tick(state, now)
        else:
            return
        yield Step(now, state, verdict)


def _next_tick(state: Any, verdict: Verdict) -> float:
    return math.inf if state is None or verdict.recheck is None else verdict.recheck


def _forbidden(name: str) -> Callable[..., NoReturn]:
    def called(*args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError(f"the detector calls {name}()")

    return called
