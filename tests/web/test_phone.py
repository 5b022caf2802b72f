"""SMS and calls through the whole daemon: sent, reported on, answered."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sentinel.api import Error
from sentinel.installation import require
from sentinel.model.delivery import Delivery
from sentinel.store import alerts, deliveries
from sentinel.testing.twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio

from .conftest import World

ALICE, BOB = "+447700900123", "+447700900456"
CONFIG = """
rules_dir: rules
hold: 0s
channels:
  sms:
    type: sms
    account_sid: {account}
    auth_token: {token}
    sender: "+441632960000"
    api_url: {url}
    fallback: call
  call:
    type: voice
    account_sid: {account}
    auth_token: {token}
    sender: "+441632960000"
    api_url: {url}
people:
  alice: {{sms: "+44 7700 900123", voice: "+44 7700 900123"}}
  bob: {{sms: "{bob}"}}
projects:
  shop: {{environment: production}}
"""
RULES = """
rules:
  - alert: CriticalError
    on: error
    where: {severity: [critical, high], code: {exists: true}}
    by: [code, tenant]
    labels: {severity: critical}
    annotations: {summary: "{code}: {title}"}
routes:
  - {name: default, escalation: default, group_wait: 0s}
escalations:
  - name: default
    steps:
      - {notify: [person:alice], by: sms}
      - {after: 1h, notify: [person:bob], by: sms}
"""


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with fake_twilio() as twilio:
        yield twilio


@pytest.fixture
async def phone(tmp_path: Path, twilio: FakeTwilio) -> AsyncIterator[World]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    main = CONFIG.format(account=ACCOUNT, token=TOKEN, url=twilio.url, bob=BOB)
    (tmp_path / "sentinel.yaml").write_text(main)
    world = World(tmp_path, require(tmp_path / "sentinel.yaml", {})[0])
    await world.start()
    yield world
    await world.stop()


Event = Callable[..., Error]


async def paged(phone: World, event: Event, twilio: FakeTwilio) -> dict[str, Any]:
    """What Twilio was handed for a new incident."""
    await phone.accept(event())
    await phone.settle()
    return twilio.taken[-1]


async def call_back(
    twilio: FakeTwilio, url: str, fields: dict[str, str], signature: str | None = None
) -> tuple[int, str]:
    async with ClientSession() as http:
        if signature is None:
            return await twilio.calls_back(http, url, fields)
        headers = {"x-twilio-signature": signature}
        async with http.post(url, data=fields, headers=headers) as response:
            return response.status, await response.text()


async def sent(phone: World, id: int = 1) -> Delivery:
    found = await phone.database.read(lambda conn: deliveries.get(conn, id))
    assert found is not None
    return found


async def state_of(phone: World) -> tuple[str, str | None]:
    found = await phone.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert found is not None
    return found.state, found.acknowledged_by


async def test_a_page_fits_two_segments_and_says_where_to_look(
    phone: World, twilio: FakeTwilio, event: Event
) -> None:
    form = await paged(phone, event, twilio)
    assert form["To"] == ALICE
    assert phone.url in form["Body"]
    assert len(form["Body"]) <= 306
    assert (await sent(phone)).reference == form["Sid"]


async def test_what_has_arrived_is_known(phone: World, twilio: FakeTwilio, event: Event) -> None:
    form = await paged(phone, event, twilio)
    fields = {"MessageSid": form["Sid"], "MessageStatus": "delivered"}
    assert (await call_back(twilio, form["StatusCallback"], fields))[0] == 204
    assert (await sent(phone)).outcome == "delivered"


async def test_what_was_taken_and_did_not_arrive_is_called(
    phone: World, twilio: FakeTwilio, event: Event
) -> None:
    form = await paged(phone, event, twilio)
    fields = {"MessageSid": form["Sid"], "MessageStatus": "undelivered", "ErrorCode": "30003"}
    assert (await call_back(twilio, form["StatusCallback"], fields))[0] == 204
    await phone.settle()
    failed, instead = await sent(phone, 1), await sent(phone, 2)
    assert (failed.state, failed.outcome) == ("failed", "undelivered")
    assert "30003" in (failed.error or "")
    assert (instead.channel, instead.state, instead.fallback_of) == ("call", "sent", 1)
    assert "Twiml" in twilio.taken[-1]


async def test_a_receipt_without_twilios_signature_changes_nothing(
    phone: World, twilio: FakeTwilio, event: Event
) -> None:
    form = await paged(phone, event, twilio)
    fields = {"MessageSid": form["Sid"], "MessageStatus": "undelivered"}
    status, _ = await call_back(twilio, form["StatusCallback"], fields, signature="forged")
    assert status == 403
    assert (await sent(phone)).state == "sent"


@pytest.mark.parametrize("text", ["ack", " ACK ", '"1a"'])
async def test_an_answer_acknowledges(
    phone: World, twilio: FakeTwilio, event: Event, text: str
) -> None:
    await paged(phone, event, twilio)
    fields = {"MessageSid": "SM1", "From": ALICE, "To": "+441632960000", "Body": text}
    status, reply = await call_back(twilio, f"{phone.url}/hooks/sms", fields)
    assert status == 200
    assert reply.startswith("<Response><Message>")
    assert await state_of(phone) == ("acknowledged", "alice")


async def test_a_stranger_acknowledges_nothing(
    phone: World, twilio: FakeTwilio, event: Event
) -> None:
    await paged(phone, event, twilio)
    fields = {"MessageSid": "SM1", "From": "+15005550006", "To": "+441632960000", "Body": "ack"}
    assert (await call_back(twilio, f"{phone.url}/hooks/sms", fields))[0] == 200
    assert (await state_of(phone))[0] == "open"


async def test_a_pressed_key_acknowledges(phone: World, twilio: FakeTwilio, event: Event) -> None:
    form = await paged(phone, event, twilio)
    lost = {"MessageSid": form["Sid"], "MessageStatus": "failed", "ErrorCode": "30008"}
    await call_back(twilio, form["StatusCallback"], lost)
    await phone.settle()
    call = twilio.taken[-1]
    action = call["Twiml"].partition('action="')[2].partition('"')[0]
    fields = {"CallSid": call["Sid"], "To": ALICE, "Digits": "1"}
    status, reply = await call_back(twilio, action, fields)
    assert status == 200
    assert "<Hangup/>" in reply
    assert await state_of(phone) == ("acknowledged", "alice")


async def test_no_secret_is_in_the_logs_or_the_store(
    phone: World, twilio: FakeTwilio, event: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    form = await paged(phone, event, twilio)
    fields = {"MessageSid": form["Sid"], "MessageStatus": "undelivered"}
    await call_back(twilio, form["StatusCallback"], fields)
    await phone.settle()
    said = capsys.readouterr()
    assert "delivery_sent" in said.out
    kept = [str(await sent(phone, id)) for id in (1, 2)]
    for text in (said.out, said.err, *kept):
        assert TOKEN not in text
    assert ALICE not in said.out.replace(" ", "")
