"""What a plugin is given, for a test of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from sentinel.api import Clock, Context, Message
from sentinel.testing.clock import FakeClock
from sentinel.testing.notifier import context_for


@asynccontextmanager
async def plugin_context(name: str = "test", clock: Clock | None = None) -> AsyncIterator[Context]:
    """A context whose HTTP client may reach this machine; its clock stands still if not given."""
    async with aiohttp.ClientSession() as http:
        yield context_for(clock or FakeClock(), http, name)


def example_message(key: str = "key-1", to: str = "alice@example.com") -> Message:
    """A page for Alice, with something in each of its fields."""
    return Message(
        key=key,
        to=to,
        reason="firing",
        severity="critical",
        subject="SMS is failing for Acme",
        text="5 errors within 5m.\n\nFix: set TWILIO_AUTH_TOKEN.",
        html="<p>5 errors within 5m.</p><p>Fix: set <code>TWILIO_AUTH_TOKEN</code>.</p>",
        thread="incident-7",
        url="https://sentinel.example.com/incidents/7",
        payload={"incident": 7, "code": "SMS_DELIVERY_FAILURE", "tenant": "acme"},
    )
