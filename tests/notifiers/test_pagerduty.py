"""PagerDuty, by a provider that speaks its protocol."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import msgspec
import pytest

from sentinel.api import (
    Context,
    Invalid,
    Message,
    Notifier,
    Permanent,
    Reason,
    Request,
    Unauthorized,
)
from sentinel.errors import StoreError
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers.pagerduty import PagerDuty, PagerDutyParams
from sentinel.testing import HeardAnswers, context_for, example_message
from sentinel.testing.clock import START, FakeClock
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.pagerduty import (
    ROUTING_KEY,
    WEBHOOK_SECRET,
    FakePagerDuty,
    fake_pagerduty,
)
from sentinel.testing.provider import answers

ACKNOWLEDGED, RESOLVED = "incident.acknowledged", "incident.resolved"


def params_of(url: str, **more: Any) -> PagerDutyParams:
    given = {"routing_key": ROUTING_KEY, "webhook_secret": WEBHOOK_SECRET, "api_url": url}
    return to_record(PagerDutyParams, {**given, **more})


def page(**more: Any) -> Message:
    return msgspec.structs.replace(example_message(to=""), **more)


@pytest.fixture
async def pagerduty() -> AsyncIterator[FakePagerDuty]:
    async with fake_pagerduty() as pagerduty:
        yield pagerduty


@pytest.fixture
def heard() -> HeardAnswers:
    return HeardAnswers()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with session() as http:
        yield http


Make = Callable[..., PagerDuty]


@pytest.fixture
def make(pagerduty: FakePagerDuty, heard: HeardAnswers, http: aiohttp.ClientSession) -> Make:
    def make(**more: Any) -> PagerDuty:
        params = params_of(pagerduty.url, **more)
        return PagerDuty(params, context_for(FakeClock(), http, answers=heard))

    return make


class TestPagerDuty(HttpNotifierContract):
    to = ""

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return PagerDuty(params_of(url), context)

    def message(self, key: str = "key-1") -> Message:
        """Without a thread of its own, the key is what tells one event from another."""
        return msgspec.structs.replace(super().message(key), thread="")


async def test_a_page_triggers_an_incident_of_its_thread(
    make: Make, pagerduty: FakePagerDuty
) -> None:
    payload = {"data": {"incident": {"code": "SMS_DELIVERY_FAILURE", "tenant": "acme"}}}
    receipt = await make().send(page(payload=payload))
    (event,) = pagerduty.events
    assert (event["event_action"], event["dedup_key"]) == ("trigger", "incident-7")
    assert receipt.reference == "incident-7"
    assert event["links"] == [
        {"href": "https://sentinel.example.com/incidents/7", "text": "Open in Sentinel"}
    ]
    shown = event["payload"]
    assert shown["summary"] == "SMS is failing for Acme"
    assert (shown["severity"], shown["source"]) == ("critical", "sentinel.example.com")
    assert (shown["class"], shown["group"]) == ("SMS_DELIVERY_FAILURE", "acme")
    assert shown["custom_details"]["facts"] == payload["data"]


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        ("firing", "trigger"),
        ("cause_found", "trigger"),
        ("remedy_failed", "trigger"),
        ("reminder", "trigger"),
        ("ack_expiring", "trigger"),
        ("assigned", "trigger"),
        ("acknowledged", "acknowledge"),
        ("folded", "resolve"),
        ("resolved", "resolve"),
        ("test", "trigger"),
        ("drill", "trigger"),
    ],
)
async def test_each_reason_is_an_action(
    make: Make, pagerduty: FakePagerDuty, reason: Reason, action: str
) -> None:
    await make().send(page(reason=reason))
    assert pagerduty.events[0]["event_action"] == action


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("open", [("trigger", "incident-2"), ("resolve", "incident-7")]),
        ("acknowledged", [("trigger", "incident-2"), ("resolve", "incident-7")]),
        ("resolved", [("resolve", "incident-7")]),
    ],
)
async def test_what_goes_on_in_another_incident_is_open_there_before_it_is_closed_here(
    make: Make, pagerduty: FakePagerDuty, state: str, actions: list[tuple[str, str]]
) -> None:
    home = {"title": "Twilio is down", "severity": "critical", "state": state, "url": "https://s/2"}
    told = page(reason="folded", payload={"data": {"goes_on": home}})
    await make().send(msgspec.structs.replace(told, goes_on="incident-2"))
    assert [(one["event_action"], one["dedup_key"]) for one in pagerduty.events] == actions
    if len(actions) == 2:
        assert pagerduty.events[0]["payload"]["summary"] == "Twilio is down"


@pytest.mark.parametrize(
    ("severity", "there"),
    [("critical", "critical"), ("warning", "warning"), ("info", "info"), ("odd", "error")],
)
async def test_a_severity_is_one_that_pagerduty_knows(
    make: Make, pagerduty: FakePagerDuty, severity: str, there: str
) -> None:
    await make().send(page(severity=severity))
    assert pagerduty.events[0]["payload"]["severity"] == there


@pytest.mark.parametrize(
    "more",
    [
        {"payload": {"data": {"log": "x" * 600_000}}},
        {"text": "é" * 600_000},
        {"subject": "s" * 5_000},
        {"subject": ""},
        {"url": ""},
        {"thread": "t" * 300},
        {"payload": {"data": {"incident": None}}},
        {"payload": {"data": "text"}},
    ],
    ids=lambda more: next(iter(more)),
)
async def test_a_message_of_any_shape_is_taken(
    make: Make, pagerduty: FakePagerDuty, more: dict[str, Any]
) -> None:
    await make().send(page(**more))
    assert len(pagerduty.events) == 1


async def test_an_unknown_key_is_refused_for_good(make: Make) -> None:
    with pytest.raises(Permanent, match="400"):
        await make(routing_key="x" * 32).send(page())


async def test_what_pagerduty_complains_of_is_told_without_the_key(
    make: Make, pagerduty: FakePagerDuty
) -> None:
    pagerduty.provider.will(answers(400, f'{{"errors": ["no such key {ROUTING_KEY}"]}}'))
    with pytest.raises(Permanent, match=r"no such key \*\*\*"):
        await make().send(page())


@pytest.mark.parametrize(("kind", "verb"), [(ACKNOWLEDGED, "acknowledge"), (RESOLVED, "resolve")])
async def test_what_is_done_there_is_done_here(
    make: Make, pagerduty: FakePagerDuty, heard: HeardAnswers, kind: str, verb: str
) -> None:
    reply = await make().receive(pagerduty.webhook(kind, "incident-7", at=START))
    assert reply.status == 202
    assert heard.acts == [("incident-7", verb, "Bob")]


@pytest.mark.parametrize(
    ("kind", "agent"),
    [
        ("incident.triggered", "user_reference"),
        ("incident.priority_updated", "user_reference"),
        ("pagey.ping", "user_reference"),
        (ACKNOWLEDGED, "events_api_v2_inbound_integration_reference"),
    ],
)
async def test_what_no_person_has_done_is_passed_over(
    make: Make, pagerduty: FakePagerDuty, heard: HeardAnswers, kind: str, agent: str
) -> None:
    request = pagerduty.webhook(kind, "incident-7", at=START, agent=agent)
    assert (await make().receive(request)).status == 202
    assert not heard.acts


async def test_an_event_that_comes_twice_is_heard_once(
    make: Make, pagerduty: FakePagerDuty, heard: HeardAnswers
) -> None:
    notifier = make()
    for _ in range(2):
        await notifier.receive(pagerduty.webhook(RESOLVED, "incident-7", at=START, id="01E"))
    assert len(heard.acts) == 1


async def test_an_event_that_could_not_be_stored_may_come_again(
    make: Make, pagerduty: FakePagerDuty, heard: HeardAnswers
) -> None:
    notifier = make()
    heard.reply = StoreError("the disk is full")
    with pytest.raises(StoreError):
        await notifier.receive(pagerduty.webhook(RESOLVED, "incident-7", at=START, id="01E"))
    heard.reply = ""
    await notifier.receive(pagerduty.webhook(RESOLVED, "incident-7", at=START, id="01E"))
    assert len(heard.acts) == 1


async def test_an_old_event_is_no_news(
    make: Make, pagerduty: FakePagerDuty, heard: HeardAnswers
) -> None:
    await make().receive(pagerduty.webhook(RESOLVED, "incident-7", at=START - 90_000))
    assert not heard.acts


@pytest.mark.parametrize(
    "keys", [(WEBHOOK_SECRET,), ("another", WEBHOOK_SECRET), ("the previous one",)]
)
async def test_one_good_signature_among_several_is_enough(
    make: Make, pagerduty: FakePagerDuty, heard: HeardAnswers, keys: tuple[str, ...]
) -> None:
    notifier = make(previous_webhook_secret="the previous one")
    await notifier.receive(pagerduty.webhook(RESOLVED, "incident-7", at=START, keys=keys))
    assert heard.acts


async def test_the_signature_is_the_hmac_of_the_body(make: Make, heard: HeardAnswers) -> None:
    """Computed by `openssl dgst -sha256 -hmac s3cr3t-of-the-webhook`."""
    digest = "2b4cd4b65dd90ffc34d8e71519307c95a7ab9b723c36ea0d08473a15a6abe789"
    body = (
        b'{"event":{"id":"01E","event_type":"incident.resolved","occurred_at":'
        b'"2025-10-09T08:53:20Z","agent":{"type":"user_reference","summary":"Bob"},'
        b'"data":{"incident_key":"incident-7"}}}'
    )
    headers = {"x-pagerduty-signature": f"v1={digest}"}
    await make().receive(Request(path={"rest": ""}, query={}, headers=headers, body=body))
    assert heard.acts == [("incident-7", "resolve", "Bob")]


@pytest.mark.parametrize(
    "forge",
    [
        lambda one: msgspec.structs.replace(one, headers={}),
        lambda one: msgspec.structs.replace(one, headers={"x-pagerduty-signature": "v1=ab"}),
        lambda one: msgspec.structs.replace(one, headers={"x-pagerduty-signature": "ü, v1="}),
        lambda one: msgspec.structs.replace(one, body=one.body.replace(b"-7", b"-8")),
    ],
    ids=["none", "wrong", "odd", "other body"],
)
async def test_nothing_is_heard_without_a_signature(
    make: Make,
    pagerduty: FakePagerDuty,
    heard: HeardAnswers,
    forge: Callable[[Request], Request],
) -> None:
    with pytest.raises(Unauthorized):
        await make().receive(forge(pagerduty.webhook(RESOLVED, "incident-7", at=START)))
    assert not heard.acts


async def test_without_a_secret_nobody_is_believed(make: Make, pagerduty: FakePagerDuty) -> None:
    request = pagerduty.webhook(RESOLVED, "incident-7", at=START)
    with pytest.raises(Unauthorized, match="no webhook_secret"):
        await make(webhook_secret=None).receive(request)


async def test_a_signed_body_that_is_no_event_is_named(make: Make) -> None:
    body = b'{"messages": []}'
    digest = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-pagerduty-signature": f"v1={digest}"}
    with pytest.raises(Invalid, match="V3 webhook"):
        await make().receive(Request(path={"rest": ""}, query={}, headers=headers, body=body))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"routing_key": "short"}, "routing_key: expected the 32"),
        ({"webhook_secret": None, "previous_webhook_secret": "x"}, "webhook_secret beside it"),
        ({"api_url": "events.pagerduty.com"}, "api_url: expected"),
    ],
)
def test_parameters_that_can_not_work_are_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        params_of("https://events.pagerduty.com", **params)
