"""The contract of probes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from sentinel.api import AnySignal, Clock, Context, Probe, Status
from sentinel.clock import SystemClock
from sentinel.isolation import Faulted
from sentinel.model.values import secrets_in
from sentinel.plugins.checks import class_faults
from sentinel.scheduler import checked
from sentinel.testing.context import plugin_context
from sentinel.testing.patience import ends, given_up, obeyed
from sentinel.testing.provider import Behaviour, FakeProvider, drops, fake_provider, hangs
from sentinel.testing.told import reveals


class ProbeContract:
    """Override `probe`."""

    def probe(self, context: Context, url: str) -> Probe[Any]:
        """A probe that is not started. `url` is an HTTP server that answers 200."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def provider(self) -> AsyncIterator[FakeProvider]:
        async with fake_provider() as provider:
            yield provider

    @pytest_asyncio.fixture
    async def context(self) -> AsyncIterator[Context]:
        async with plugin_context(clock=self.clock()) as context:
            yield context

    def clock(self) -> Clock:
        """Override to let the plugin's own waits pass faster than they do."""
        return SystemClock()

    @pytest_asyncio.fixture
    async def started(self, context: Context, provider: FakeProvider) -> AsyncIterator[Probe[Any]]:
        probe = self.probe(context, provider.url)
        await probe.start()
        try:
            yield probe
        finally:
            await probe.stop()

    @pytest.mark.asyncio
    async def test_its_class_can_be_registered(self, started: Probe[Any]) -> None:
        faults = class_faults("probe", type(started))
        assert not faults, faults

    @pytest.mark.asyncio
    async def test_a_look_gives_signals(self, started: Probe[Any]) -> None:
        assert checked(await started.probe()), "a look that finds nothing says nothing"

    @pytest.mark.asyncio
    async def test_it_may_look_again(self, started: Probe[Any]) -> None:
        await started.probe()
        assert checked(await started.probe()), "a look that finds nothing says nothing"

    @pytest.mark.asyncio
    async def test_a_look_can_be_cancelled(self, started: Probe[Any]) -> None:
        look = asyncio.ensure_future(started.probe())
        await asyncio.sleep(0)
        look.cancel()
        assert await ends(look), "probe() ignores its cancellation"

    @pytest.mark.asyncio
    async def test_it_may_be_stopped_without_having_been_started(
        self, context: Context, provider: FakeProvider
    ) -> None:
        await self.probe(context, provider.url).stop()

    @pytest.mark.asyncio
    async def test_its_signals_and_repr_show_no_secret(self, started: Probe[Any]) -> None:
        secrets = secrets_in(started.params)
        for told in (str(await started.probe()), repr(started), repr(started.params)):
            assert not reveals(told, secrets), "a secret is shown"


class HttpProbeContract(ProbeContract):
    """For a probe that asks by HTTP: a target in trouble is an answer, not an exception."""

    async def found(
        self, started: Probe[Any], provider: FakeProvider, behaviour: Behaviour
    ) -> Sequence[AnySignal]:
        provider.will(behaviour)
        return checked(await started.probe())

    @pytest.mark.asyncio
    async def test_a_healthy_target_is_up(self, started: Probe[Any]) -> None:
        assert _state(checked(await started.probe())) == "up", "200 is not up"

    @pytest.mark.asyncio
    async def test_a_dropped_connection_is_down(
        self, started: Probe[Any], provider: FakeProvider
    ) -> None:
        state = _state(await self.found(started, provider, drops))
        assert state == "down", f"a dropped connection is {state}"

    @pytest.mark.asyncio
    async def test_a_target_that_is_not_there_is_down(self, context: Context) -> None:
        async with fake_provider() as gone:
            url = gone.url
        probe = self.probe(context, url)
        await probe.start()
        try:
            state = _state(checked(await probe.probe()))
        finally:
            await probe.stop()
        assert state == "down", f"a target that is not there is {state}"

    @pytest.mark.asyncio
    async def test_a_target_that_hangs_can_be_given_up(
        self, started: Probe[Any], provider: FakeProvider
    ) -> None:
        provider.will(hangs)
        outcome = await given_up(started.probe, provider)
        assert isinstance(outcome, Faulted), f"expected no answer, got {outcome!r}"
        assert obeyed(outcome), "probe() ignores its cancellation"


def _state(signals: Sequence[AnySignal]) -> str:
    states = [signal.status for signal in signals if isinstance(signal, Status)]
    assert states, "no Status among the signals"
    return states[0]
