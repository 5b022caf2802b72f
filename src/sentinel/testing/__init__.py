"""What tests of Sentinel, and of plugins for it, build on.

`sentinel.testing.contracts` needs pytest and pytest-asyncio; the rest needs neither.
"""

from sentinel.testing.answers import HeardAnswers
from sentinel.testing.clock import FakeClock
from sentinel.testing.context import example_message, plugin_context
from sentinel.testing.loading import load_plugin, params_of
from sentinel.testing.notifier import MemoryNotifier, context_for
from sentinel.testing.provider import FakeProvider, fake_provider

__all__ = [
    "FakeClock",
    "FakeProvider",
    "HeardAnswers",
    "MemoryNotifier",
    "context_for",
    "example_message",
    "fake_provider",
    "load_plugin",
    "params_of",
    "plugin_context",
]
