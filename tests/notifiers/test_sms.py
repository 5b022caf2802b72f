"""SMS over a Twilio that speaks its protocol."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import msgspec
import pytest

from sentinel.api import (
    Capabilities,
    Context,
    Invalid,
    Message,
    Notifier,
    Permanent,
    Request,
    Retryable,
    Unauthorized,
)
from sentinel.errors import StoreError
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers.sms import Sms, SmsParams
from sentinel.testing import HeardAnswers, context_for, example_message
from sentinel.testing.clock import FakeClock
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.provider import Behaviour, FakeProvider, answers
from sentinel.testing.twilio import (
    ACCOUNT,
    INVALID,
    NO_MOBILE,
    STOPPED,
    TOKEN,
    FakeTwilio,
    fake_twilio,
)

ALICE = "+447700900123"
SENDER = "+441632960000"
HOOK = "https://sentinel.example.com/hooks/test"
KEY = ("SK" + "0b" * 16, "s3cr3t-of-the-key")


def params_of(url: str, **more: Any) -> SmsParams:
    given = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": SENDER, "api_url": url}
    return to_record(SmsParams, {**given, **more})


def page(to: str = ALICE, **more: Any) -> Message:
    return msgspec.structs.replace(example_message(to=to), **more)


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with fake_twilio() as twilio:
        yield twilio


@pytest.fixture
def heard() -> HeardAnswers:
    return HeardAnswers("You have it <now> & Bob was told.")


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with session() as http:
        yield http


MakeSms = Callable[..., Any]


@pytest.fixture
def make(twilio: FakeTwilio, heard: HeardAnswers, http: aiohttp.ClientSession) -> MakeSms:
    async def make(clock: FakeClock | None = None, **more: Any) -> Sms:
        params = params_of(twilio.url, **more)
        sms = Sms(params, context_for(clock or FakeClock(), http, answers=heard))
        await sms.start()
        return sms

    return make


class TestSms(HttpNotifierContract):
    to = ALICE

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return Sms(params_of(url), context)

    def accepts(self) -> Behaviour:
        return answers(201, '{"sid": "SM1", "status": "queued"}')


def test_it_can_be_answered_and_tells_of_its_arrival() -> None:
    assert isinstance(Sms.capabilities, Capabilities)
    assert Sms.capabilities.ack
    assert Sms.capabilities.receipts


async def test_the_short_text_is_sent_with_an_address_for_receipts(
    make: MakeSms, twilio: FakeTwilio
) -> None:
    sms = await make()
    receipt = await sms.send(page(short="SMS failing\u00a0- acme https://e.com/a/x 1a=ack"))
    (form,) = twilio.taken
    assert form["Body"] == "SMS failing - acme https://e.com/a/x 1a=ack"
    assert (form["To"], form["From"]) == (ALICE, SENDER)
    assert form["StatusCallback"] == f"{HOOK}/status"
    assert receipt.reference == form["Sid"]


async def test_without_a_short_text_subject_and_link_are_sent(
    make: MakeSms, twilio: FakeTwilio
) -> None:
    await (await make()).send(page())
    assert twilio.taken[0]["Body"] == (
        "SMS is failing for Acme https://sentinel.example.com/incidents/7"
    )


async def test_no_message_costs_more_than_was_configured(make: MakeSms, twilio: FakeTwilio) -> None:
    await (await make(segments=1)).send(page(short="word " * 200 + "https://e.com/a/x"))
    assert len(twilio.taken[0]["Body"]) <= 160
    assert twilio.taken[0]["Body"].endswith("... https://e.com/a/x")


async def test_a_number_may_be_written_for_people(make: MakeSms, twilio: FakeTwilio) -> None:
    await (await make()).send(page("+44 (7700) 900-123"))
    assert twilio.taken[0]["To"] == ALICE


@pytest.mark.parametrize(
    "to", ["", "alice@example.com", "07700 900123", "+44", "+1&To=+15005550006", "whatsapp:+4477"]
)
async def test_what_is_no_number_is_refused_unsent(
    make: MakeSms, twilio: FakeTwilio, to: str
) -> None:
    with pytest.raises(Permanent, match="expected a number"):
        await (await make()).send(page(to))
    assert not twilio.provider.received


async def test_a_messaging_service_may_choose_the_sender(make: MakeSms, twilio: FakeTwilio) -> None:
    service = "MG" + "0c" * 16
    await (await make(sender=None, messaging_service=service)).send(page())
    assert twilio.taken[0]["MessagingServiceSid"] == service
    assert "From" not in twilio.taken[0]


async def test_an_api_key_signs_in_in_place_of_the_token(http: aiohttp.ClientSession) -> None:
    async with fake_twilio(key=KEY) as twilio:
        given = {"auth_token": None, "api_key": KEY[0], "api_secret": KEY[1]}
        sms = Sms(params_of(twilio.url, **given), context_for(FakeClock(), http))
        await sms.start()
        await sms.send(page())
        assert "StatusCallback" not in twilio.taken[0]


@pytest.mark.parametrize(
    ("to", "said"), [(INVALID, "21211"), (STOPPED, "answer START"), (NO_MOBILE, "no mobile")]
)
async def test_a_number_that_can_not_be_reached_is_refused_for_good(
    make: MakeSms, to: str, said: str
) -> None:
    with pytest.raises(Permanent, match=said) as caught:
        await (await make()).send(page(to))
    assert to not in str(caught.value)
    assert caught.value.unreachable


async def test_a_refused_sign_in_is_tried_again_once_it_is_mended(make: MakeSms) -> None:
    with pytest.raises(Retryable, match=r"20003 .*check account_sid and auth_token"):
        await (await make(auth_token="another one")).send(page())


async def test_a_page_goes_out_where_twilio_calls_nobody_back(
    make: MakeSms, twilio: FakeTwilio
) -> None:
    sms = await make()
    sms.context = msgspec.structs.replace(sms.context, hook_url="http://localhost:8420/hooks/test")
    await sms.send(page())
    (form,) = twilio.taken
    assert "StatusCallback" not in form


async def test_a_full_queue_of_the_sender_is_tried_again(make: MakeSms, twilio: FakeTwilio) -> None:
    text = '{"code": 21611, "message": "too many queued", "status": 400}'
    twilio.provider.will(answers(400, text))
    with pytest.raises(Retryable, match="21611"):
        await (await make()).send(page())


async def test_an_answer_that_is_no_json_is_not_shown(make: MakeSms, twilio: FakeTwilio) -> None:
    twilio.provider.will(answers(200, "<html>welcome to the proxy</html>"))
    with pytest.raises(Retryable, match="api_url") as caught:
        await (await make()).send(page())
    assert "proxy" not in str(caught.value)


async def test_a_private_address_that_is_not_allowed_is_not_called(twilio: FakeTwilio) -> None:
    async with session(allow_private=False) as http:
        sms = Sms(params_of(twilio.url), context_for(FakeClock(), http))
        await sms.start()
        with pytest.raises(Permanent, match="not public"):
            await sms.send(page())
    assert not twilio.provider.received


async def test_the_environment_of_the_process_changes_nothing(
    make: MakeSms, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "ashburn")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    await (await make()).send(page())
    assert len(twilio.taken) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("delivered", "delivered"),
        ("read", "delivered"),
        ("undelivered", "undelivered"),
        ("failed", "undelivered"),
    ],
)
async def test_what_became_of_a_message_is_its_receipt(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers, status: str, outcome: str
) -> None:
    fields = {"MessageSid": "SM7", "MessageStatus": status, "ErrorCode": "30003"}
    reply = await (await make()).receive(twilio.request(f"{HOOK}/status", fields, hook_url=HOOK))
    assert reply.status == 204
    assert heard.receipts == [("SM7", outcome, f"{status} 30003")]


@pytest.mark.parametrize("status", ["queued", "sending", "sent"])
async def test_a_status_on_the_way_is_no_receipt(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers, status: str
) -> None:
    fields = {"MessageSid": "SM7", "MessageStatus": status}
    await (await make()).receive(twilio.request(f"{HOOK}/status", fields, hook_url=HOOK))
    assert not heard.receipts


def reply_of(sid: str = "SM8", **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "From": ALICE, "To": SENDER, "Body": " 1A ", **more}


async def test_an_answer_is_heard_and_answered(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    reply = await (await make()).receive(twilio.request(HOOK, reply_of(), hook_url=HOOK))
    assert heard.texts == [(ALICE, " 1A ")]
    assert reply.content_type.startswith("text/xml")
    assert reply.body == (
        b"<Response><Message>You have it &lt;now&gt; &amp; Bob was told.</Message></Response>"
    )


async def test_an_answer_that_comes_twice_is_heard_once(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    sms = await make()
    first = await sms.receive(twilio.request(HOOK, reply_of(), hook_url=HOOK))
    again = await sms.receive(twilio.request(HOOK, reply_of(), hook_url=HOOK))
    assert again.body == first.body
    assert len(heard.texts) == 1


async def test_an_answer_that_could_not_be_stored_may_come_again(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    sms = await make()
    heard.reply = StoreError("the disk is full")
    with pytest.raises(StoreError):
        await sms.receive(twilio.request(HOOK, reply_of(), hook_url=HOOK))
    heard.reply = "Done."
    await sms.receive(twilio.request(HOOK, reply_of(), hook_url=HOOK))
    assert len(heard.texts) == 1


async def test_whoever_answers_stop_is_written_to_no_more(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    fields = reply_of(Body="STOP", OptOutType="STOP")
    reply = await (await make()).receive(twilio.request(HOOK, fields, hook_url=HOOK))
    assert heard.lost == [(ALICE, "complained", "answered STOP")]
    assert not heard.texts
    assert reply.body == b"<Response></Response>"


def changed(request: Request, **more: Any) -> Request:
    return msgspec.structs.replace(request, **more)


@pytest.mark.parametrize(
    "forge",
    [
        lambda one: changed(one, headers={}),
        lambda one: changed(one, headers={"x-twilio-signature": "bm8gc2lnbmF0dXJlIGF0IGFsbCE="}),
        lambda one: changed(one, headers={"x-twilio-signature": "ä"}),
        lambda one: changed(one, body=one.body.replace(b"1A", b"2A")),
        lambda one: changed(one, body=one.body + b"&Body=close+4"),
        lambda one: changed(one, body=b"\xff\xfe"),
        lambda one: changed(one, path={"rest": "status"}),
        lambda one: changed(one, query={"of": "another"}),
    ],
    ids=["none", "wrong", "odd", "other text", "more", "no form", "other address", "query"],
)
async def test_nothing_is_heard_without_twilios_signature(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers, forge: Callable[[Request], Request]
) -> None:
    request = forge(twilio.request(HOOK, reply_of(), hook_url=HOOK))
    with pytest.raises(Unauthorized):
        await (await make()).receive(request)
    assert not heard.texts


async def test_the_signature_of_another_account_is_refused(
    make: MakeSms, heard: HeardAnswers
) -> None:
    async with fake_twilio(token="of another account") as other:
        request = other.request(HOOK, reply_of(), hook_url=HOOK)
        with pytest.raises(Unauthorized, match="public_url"):
            await (await make()).receive(request)


async def test_without_the_token_nobody_is_believed(
    make: MakeSms, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    sms = await make(auth_token=None, api_key=KEY[0], api_secret=KEY[1])
    with pytest.raises(Unauthorized, match="no auth_token"):
        await sms.receive(twilio.request(HOOK, reply_of(), hook_url=HOOK))


async def test_the_signature_is_that_of_twilios_documentation() -> None:
    """The example of twilio.com/docs/usage/security, computed there."""
    twilio = FakeTwilio(FakeProvider(), ACCOUNT, "12345", None)
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert twilio.signature(url, fields) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


async def test_a_call_back_without_what_it_must_hold_is_named(
    make: MakeSms, twilio: FakeTwilio
) -> None:
    request = twilio.request(f"{HOOK}/status", {"MessageSid": "SM1"}, hook_url=HOOK)
    with pytest.raises(Invalid, match="MessageStatus"):
        await (await make()).receive(request)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"account_sid": "SK" + "0" * 32}, "account_sid: expected AC"),
        ({"auth_token": None}, "neither auth_token nor api_key"),
        ({"api_key": KEY[0]}, "go together"),
        ({"api_key": "s3cr3t", "api_secret": "s3cr3t"}, "api_key: expected SK"),
        ({"sender": None}, "either sender or messaging_service"),
        ({"messaging_service": "MG" + "0" * 32}, "either sender or messaging_service"),
        ({"sender": None, "messaging_service": "x"}, "expected MG"),
        ({"sender": "123456789012 by Acme"}, "sender: expected"),
        ({"api_url": "ftp://twilio"}, "api_url: expected"),
        ({"segments": 0}, "segments"),
    ],
)
def test_parameters_that_can_not_work_are_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        params_of("https://api.twilio.com", **params)


@pytest.mark.parametrize("sender", [SENDER, "60070", "ACME Alerts"])
def test_a_sender_may_be_a_number_a_short_code_or_a_name(sender: str) -> None:
    assert params_of("https://api.twilio.com", sender=sender).sender == sender
