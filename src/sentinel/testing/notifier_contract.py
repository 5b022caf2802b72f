"""The contract of notifiers."""

import traceback
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sentinel.api import Clock, Context, Message, Notifier, Permanent, Receipt, Retryable
from sentinel.clock import SystemClock
from sentinel.isolation import Faulted
from sentinel.model.values import secrets_in
from sentinel.plugins.checks import class_faults
from sentinel.testing.context import example_message, plugin_context
from sentinel.testing.patience import given_up, obeyed
from sentinel.testing.provider import (
    Behaviour,
    FakeProvider,
    answers,
    drops,
    echoes,
    fake_provider,
    hangs,
)
from sentinel.testing.told import reveals


class NotifierContract:
    """Override `notifier`, and `to` where the channel does not send to an e-mail address."""

    to = "alice@example.com"

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        """A notifier that is not started. `url` is an HTTP server that accepts everything."""
        raise NotImplementedError

    def message(self, key: str = "key-1") -> Message:
        return example_message(key, self.to)

    @pytest_asyncio.fixture
    async def provider(self) -> AsyncIterator[FakeProvider]:
        async with fake_provider() as provider:
            provider.will(self.accepts())
            yield provider

    def accepts(self) -> Behaviour:
        """How the provider says that it has taken a message."""
        return answers(200)

    @pytest_asyncio.fixture
    async def context(self) -> AsyncIterator[Context]:
        async with plugin_context(clock=self.clock()) as context:
            yield context

    def clock(self) -> Clock:
        """Override to let the plugin's own waits pass faster than they do."""
        return SystemClock()

    @pytest_asyncio.fixture
    async def started(
        self, context: Context, provider: FakeProvider
    ) -> AsyncIterator[Notifier[Any]]:
        notifier = self.notifier(context, provider.url)
        await notifier.start()
        try:
            yield notifier
        finally:
            await notifier.stop()

    @pytest.mark.asyncio
    async def test_its_class_can_be_registered(self, started: Notifier[Any]) -> None:
        faults = class_faults("notifier", type(started))
        assert not faults, faults

    @pytest.mark.asyncio
    async def test_a_message_that_was_taken_gives_a_receipt(self, started: Notifier[Any]) -> None:
        receipt = await started.send(self.message())
        assert isinstance(receipt, Receipt), f"send() gave {type(receipt).__name__}"

    @pytest.mark.asyncio
    async def test_a_message_may_come_a_second_time(self, started: Notifier[Any]) -> None:
        await started.send(self.message())
        assert isinstance(await started.send(self.message()), Receipt), "no receipt"

    @pytest.mark.asyncio
    async def test_it_may_be_stopped_without_having_been_started(
        self, context: Context, provider: FakeProvider
    ) -> None:
        await self.notifier(context, provider.url).stop()

    @pytest.mark.asyncio
    async def test_its_receipt_and_repr_show_no_secret(self, started: Notifier[Any]) -> None:
        receipt = await started.send(self.message())
        secrets = secrets_in(started.params)
        for told in (str(receipt), repr(started), repr(started.params)):
            assert not reveals(told, secrets), "a secret is shown"


class HttpNotifierContract(NotifierContract):
    """For a channel that sends by HTTP: what its provider may do to it, in all variants."""

    async def refusal(
        self, started: Notifier[Any], provider: FakeProvider, behaviour: Behaviour
    ) -> Permanent | Retryable:
        provider.will(behaviour)
        try:
            receipt = await started.send(self.message())
        except (Permanent, Retryable) as error:
            return error
        raise AssertionError(f"expected Permanent or Retryable, but send() gave {receipt!r}")

    @pytest.mark.asyncio
    async def test_too_many_requests_are_retryable_after_the_providers_wish(
        self, started: Notifier[Any], provider: FakeProvider
    ) -> None:
        behaviour = answers(429, headers={"Retry-After": "17"})
        error = await self.refusal(started, provider, behaviour)
        assert isinstance(error, Retryable), f"429 is {error!r}"
        assert error.after == 17, f"Retry-After: 17 became after={error.after!r}"

    @pytest.mark.asyncio
    async def test_too_many_requests_without_a_wish_are_retryable(
        self, started: Notifier[Any], provider: FakeProvider
    ) -> None:
        error = await self.refusal(started, provider, answers(429))
        assert isinstance(error, Retryable), f"429 is {error!r}"

    @pytest.mark.asyncio
    async def test_a_wish_that_is_nonsense_is_no_crash(
        self, started: Notifier[Any], provider: FakeProvider
    ) -> None:
        behaviour = answers(429, headers={"Retry-After": "-soon-"})
        error = await self.refusal(started, provider, behaviour)
        assert isinstance(error, Retryable), f"429 is {error!r}"

    @pytest.mark.asyncio
    @pytest.mark.parametrize("status", [500, 502, 503])
    async def test_a_fault_of_the_provider_is_retryable(
        self, started: Notifier[Any], provider: FakeProvider, status: int
    ) -> None:
        error = await self.refusal(started, provider, answers(status, "<html>oops</html>"))
        assert isinstance(error, Retryable), f"{status} is {error!r}"

    @pytest.mark.asyncio
    @pytest.mark.parametrize("status", [400, 401, 403])
    async def test_a_refusal_is_permanent(
        self, started: Notifier[Any], provider: FakeProvider, status: int
    ) -> None:
        error = await self.refusal(started, provider, answers(status))
        assert isinstance(error, Permanent), f"{status} is {error!r}"

    @pytest.mark.asyncio
    async def test_a_dropped_connection_is_retryable(
        self, started: Notifier[Any], provider: FakeProvider
    ) -> None:
        error = await self.refusal(started, provider, drops)
        assert isinstance(error, Retryable), f"a dropped connection is {error!r}"

    @pytest.mark.asyncio
    async def test_a_provider_that_is_not_there_is_retryable(self, context: Context) -> None:
        async with fake_provider() as gone:
            url = gone.url
        notifier = self.notifier(context, url)
        try:
            await notifier.start()
            with pytest.raises(Retryable):
                await notifier.send(self.message())
        finally:
            await notifier.stop()

    @pytest.mark.asyncio
    async def test_after_a_fault_the_next_message_goes_through(
        self, started: Notifier[Any], provider: FakeProvider
    ) -> None:
        await self.refusal(started, provider, drops)
        provider.will(self.accepts())
        assert isinstance(await started.send(self.message()), Receipt), "no receipt"

    @pytest.mark.asyncio
    async def test_a_provider_that_hangs_can_be_given_up(
        self, started: Notifier[Any], provider: FakeProvider
    ) -> None:
        provider.will(hangs)
        outcome = await given_up(lambda: started.send(self.message()), provider)
        assert isinstance(outcome, Faulted), f"expected no answer, got {outcome!r}"
        assert obeyed(outcome), "send() ignores its cancellation"

    @pytest.mark.asyncio
    @pytest.mark.parametrize("status", [200, 400, 401, 500])
    async def test_a_provider_that_echoes_makes_it_tell_no_secret(
        self, started: Notifier[Any], provider: FakeProvider, status: int
    ) -> None:
        provider.will(echoes(status))
        try:
            told = str(await started.send(self.message()))
        except (Permanent, Retryable) as error:
            # With everything that led to it, as a log shows it.
            told = "".join(traceback.format_exception(error))
        assert not reveals(told, secrets_in(started.params)), f"a secret is told on {status}"

    @pytest.mark.asyncio
    async def test_each_attempt_carries_the_same_key(
        self, started: Notifier[Any], provider: FakeProvider
    ) -> None:
        if not type(started).capabilities.idempotent:
            pytest.skip("the channel does not claim to be idempotent")
        await started.send(self.message("key-of-this-message"))
        await started.send(self.message("key-of-this-message"))
        for request in provider.received:
            carried = [*request.headers.values(), request.body.decode(errors="replace")]
            assert any("key-of-this-message" in text for text in carried), "the key is not sent"
