"""docs/notifications.md says what is, and its snippet runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client import CollectorRegistry
from tests.notifiers.test_webhook import SECRET

from sentinel.api import Message
from sentinel.clock import SystemClock
from sentinel.model.delivery import DeliveryState, Reason
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers.webhook import Webhook, WebhookParams
from sentinel.outbox import Metrics
from sentinel.testing.notifier import context_for
from sentinel.testing.provider import fake_provider

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/notifications.md").read_text()
WORDS = set(re.findall(r"[a-z_]+", PAGE))


def fields_of(data: dict[str, Any]) -> Iterator[str]:
    for name, value in data.items():
        yield name
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict) and name != "labels":
                yield from fields_of(item)


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/intelligence/golden_messages/*.json")))
def test_every_field_of_the_payload_is_documented(path: Path) -> None:
    assert set(fields_of(json.loads(path.read_text()))) <= WORDS


def test_every_state_reason_and_metric_is_documented() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    metrics = {family.name for family in registry.collect()}
    assert set(get_args(DeliveryState)) <= WORDS
    assert set(get_args(Reason)) <= WORDS
    assert {name for name in metrics if name not in PAGE} == set()


async def test_the_snippet_accepts_what_the_webhook_sends(
    message: Message, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with fake_provider() as provider, session() as http:
        params = to_record(WebhookParams, {"url": provider.url, "secret": SECRET})
        await Webhook(params, context_for(SystemClock(), http)).send(message)
    monkeypatch.setenv("SENTINEL_WEBHOOK_SECRET", SECRET)
    snippet = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert snippet
    names: dict[str, Any] = {}
    exec(snippet[1], names)
    request = provider.received[0]
    assert names["receive"](request.body, dict(request.headers)) == message.payload
    assert capsys.readouterr().out == "ab12-7 incident.firing\n"
