"""The contract suites find what they are there to find: each is shown a plugin that breaks it."""

import random
import time
from collections.abc import Sequence
from typing import Any, ClassVar

import aiohttp
import pytest
from msgspec import Struct

from sentinel.api import (
    AnySignal,
    Context,
    Detector,
    Error,
    Message,
    Metric,
    NoParams,
    Notifier,
    Params,
    Permanent,
    Probe,
    Receipt,
    Secret,
    Signal,
    Status,
    Verdict,
)
from sentinel.testing import fake_provider, plugin_context
from sentinel.testing.contracts import (
    DetectorContract,
    HttpNotifierContract,
    HttpProbeContract,
)

TOKEN = "t0ken-to-look-for"


class LastFor(Detector[NoParams]):
    """Holds for 100 s after a signal; right in all, for others to be wrong in one thing."""

    type = "last_for"
    State: ClassVar[Any] = float

    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return self.tick(now, now)

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        end = state + 100
        return (state, Verdict(True, end)) if now < end else (None, Verdict(False))

    def explain(self, state: Any, now: float) -> str:
        return "a signal came" if state is not None else "none came"


class RightDetector(DetectorContract):
    made: type[Detector[Any]] = LastFor

    def detector(self) -> Detector[Any]:
        return self.made(NoParams())

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return [(1000.0, Error()), (1050.0, Error()), (2000.0, Error())]


class Remembers(LastFor):
    """Keeps something beside the state."""

    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        self.seen = getattr(self, "seen", 0) + 1
        state, verdict = super().observe(signal, state, now)
        return state, Verdict(verdict.holds, verdict.recheck, {"seen": self.seen})


class Kept(Struct):
    last: float


class Forgets(LastFor):
    """Writes a state of which a part does not come back."""

    State = Kept

    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return self.tick({"last": now, "count": 1 if state is None else 2}, now)

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        count = state["count"] if isinstance(state, dict) else 0
        last = state["last"] if isinstance(state, dict) else state.last
        if now >= last + 100:
            return None, Verdict(False)
        return state, Verdict(True, min(now + 50, last + 100), {"count": count})


class Late(LastFor):
    """Says when to look again, but later than the verdict turns."""

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        state, verdict = super().tick(state, now)
        later = None if verdict.recheck is None else verdict.recheck + 500
        return state, Verdict(verdict.holds, later)


class Restless(LastFor):
    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        return state, Verdict(now < state + 100, now + 1)


class Stuck(LastFor):
    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        return state, Verdict(now < state + 100, now)


class Hoards(LastFor):
    State = list[str]

    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return [*(state or []), "x" * 1000], Verdict(True, now + 100)


class Rambles(LastFor):
    def explain(self, state: Any, now: float) -> str:
        return "one line\nand another"


class ReadsTheClock(LastFor):
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return self.tick(now, min(now, time.time()))


class Rolls(LastFor):
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return self.tick(now, now + random.random())


class TellsMore(LastFor):
    """Declares one fact and tells another."""

    facts: ClassVar[dict[str, str]] = {"count": "how many came"}

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        state, verdict = super().tick(state, now)
        return state, Verdict(verdict.holds, verdict.recheck, {"last": state})


@pytest.mark.parametrize(
    ("made", "test"),
    [
        (TellsMore, "test_it_tells_no_other_facts_than_it_declares"),
        (Remembers, "test_a_restart_at_any_moment_changes_nothing"),
        (Forgets, "test_a_restart_at_any_moment_changes_nothing"),
        (Late, "test_the_verdict_stands_until_recheck"),
        (Restless, "test_ticks_come_to_rest"),
        (Stuck, "test_recheck_lies_ahead"),
        (Hoards, "test_a_flood_does_not_make_the_state_grow_without_end"),
        (Rambles, "test_the_explanation_is_one_plain_sentence"),
    ],
)
def test_a_detector_that_breaks_its_contract_is_found_out(
    made: type[Detector[Any]], test: str
) -> None:
    contract = RightDetector()
    getattr(contract, test)()
    contract.made = made
    with pytest.raises((AssertionError, TypeError)):
        getattr(contract, test)()


@pytest.mark.parametrize("made", [ReadsTheClock, Rolls])
def test_a_detector_that_looks_elsewhere_is_found_out(
    made: type[Detector[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = RightDetector()
    contract.made = made
    with pytest.raises(AssertionError, match="the detector calls"):
        contract.test_it_reads_no_clock_draws_no_number_and_opens_nothing(monkeypatch)


class Token(Params, frozen=True):
    url: str
    token: Secret


class Naive(Notifier[Token]):
    """What one writes first: no failure is told apart, and the answer is passed on as it is."""

    type = "naive"

    async def send(self, message: Message) -> Receipt:
        headers = {"Authorization": f"Bearer {self.params.token.reveal()}"}
        async with self.context.http.post(self.params.url, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise Permanent(text)
            return Receipt(detail=text)


class NotifierUnderTest(HttpNotifierContract):
    made: type[Notifier[Any]]

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return self.made(Token(url=url, token=Secret(TOKEN)), context)


@pytest.mark.parametrize(
    ("test", "arguments"),
    [
        ("test_too_many_requests_are_retryable_after_the_providers_wish", ()),
        ("test_a_fault_of_the_provider_is_retryable", (500,)),
        ("test_a_dropped_connection_is_retryable", ()),
        ("test_a_provider_that_echoes_makes_it_tell_no_secret", (200,)),
        ("test_a_provider_that_echoes_makes_it_tell_no_secret", (401,)),
    ],
)
async def test_a_notifier_that_breaks_its_contract_is_found_out(
    test: str, arguments: tuple[Any, ...]
) -> None:
    contract = NotifierUnderTest()
    contract.made = Naive
    async with fake_provider() as provider, plugin_context() as context:
        notifier = contract.notifier(context, provider.url)
        with pytest.raises((AssertionError, aiohttp.ClientError)):
            await getattr(contract, test)(notifier, provider, *arguments)


class ProbeParams(Params, frozen=True):
    url: str


class Raises(Probe[ProbeParams]):
    """Takes a target in trouble for a fault of its own."""

    type = "raises"
    Params = ProbeParams

    async def probe(self) -> Sequence[Signal]:
        async with self.context.http.get(self.params.url):
            return [Status(status="up")]


class Silent(Raises):
    async def probe(self) -> Sequence[Signal]:
        return []


class NotANumber(Raises):
    async def probe(self) -> Sequence[Signal]:
        return [Metric(name="m", value=float("nan"))]


class ProbeUnderTest(HttpProbeContract):
    made: type[Probe[Any]]

    def probe(self, context: Context, url: str) -> Probe[Any]:
        return self.made(ProbeParams(url=url), context)


@pytest.mark.parametrize("made", [Silent, NotANumber])
async def test_a_probe_without_a_proper_result_is_found_out(made: type[Probe[Any]]) -> None:
    contract = ProbeUnderTest()
    contract.made = made
    async with plugin_context() as context:
        with pytest.raises((AssertionError, ValueError)):
            await contract.test_a_look_gives_signals(contract.probe(context, ""))


async def test_a_probe_that_raises_for_its_target_is_found_out() -> None:
    contract = ProbeUnderTest()
    contract.made = Raises
    async with fake_provider() as provider, plugin_context() as context:
        with pytest.raises(aiohttp.ClientError):
            await contract.test_a_dropped_connection_is_down(
                contract.probe(context, provider.url), provider
            )
