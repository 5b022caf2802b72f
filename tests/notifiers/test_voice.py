"""Calls over a Twilio that speaks its protocol."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from xml.etree import ElementTree

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Choice, Context, Message, Notifier, Permanent, Unauthorized, Verb
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers._speech import spoken
from sentinel.notifiers.voice import Voice, VoiceParams
from sentinel.testing import HeardAnswers, context_for, example_message
from sentinel.testing.clock import FakeClock
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.provider import Behaviour, answers
from sentinel.testing.twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio

ALICE = "+44 7700 900123"
HOOK = "https://sentinel.example.com/hooks/test"
PRESSED = f"{HOOK}/pressed/key-1"


def params_of(url: str, **more: Any) -> VoiceParams:
    given = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+441632960000"}
    return to_record(VoiceParams, {**given, "api_url": url, **more})


def choice(verb: Verb, token: str) -> Choice:
    return Choice(verb=verb, label=verb, token=token, url=f"https://e.com/a/{token}")


def page(**more: Any) -> Message:
    choices = (choice("acknowledge", "tok-1"), choice("escalate", "tok-2"))
    message = msgspec.structs.replace(example_message(to=ALICE), choices=choices)
    return msgspec.structs.replace(message, **more)


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with fake_twilio() as twilio:
        yield twilio


@pytest.fixture
def heard() -> HeardAnswers:
    return HeardAnswers("Acknowledged: SMS_DELIVERY_FAILURE. https://e.com/1 <ok>")


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with session() as http:
        yield http


MakeVoice = Callable[..., Any]


@pytest.fixture
def make(twilio: FakeTwilio, heard: HeardAnswers, http: aiohttp.ClientSession) -> MakeVoice:
    async def make(**more: Any) -> Voice:
        params = params_of(twilio.url, **more)
        voice = Voice(params, context_for(FakeClock(), http, answers=heard))
        await voice.start()
        return voice

    return make


class TestVoice(HttpNotifierContract):
    to = ALICE

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return Voice(params_of(url), context)

    def accepts(self) -> Behaviour:
        return answers(201, '{"sid": "CA1", "status": "queued"}')


def said_in(twiml: str | bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(twiml).iter("Say")]


async def press(voice: Voice, twilio: FakeTwilio, digits: str, url: str = PRESSED) -> str:
    fields = {"CallSid": "CA7", "Digits": digits, "To": "+447700900123"}
    reply = await voice.receive(twilio.request(url, fields, hook_url=HOOK))
    assert reply.content_type.startswith("text/xml")
    return reply.body.decode()


async def tell(voice: Voice, twilio: FakeTwilio, place: str, **fields: str) -> None:
    request = twilio.request(f"{HOOK}/{place}", {"CallSid": "CA7", **fields}, hook_url=HOOK)
    assert (await voice.receive(request)).status == 204


async def test_a_call_reads_the_message_out_twice_and_waits_for_a_key(
    make: MakeVoice, twilio: FakeTwilio
) -> None:
    receipt = await (await make()).send(page())
    (form,) = twilio.taken
    assert (form["To"], form["From"]) == ("+447700900123", "+441632960000")
    assert receipt.reference == form["Sid"]
    twiml = ElementTree.fromstring(form["Twiml"])
    gather = twiml.find("Gather")
    assert gather is not None
    assert gather.get("numDigits") == "1"
    assert gather.get("action") == PRESSED
    first, second = (one.text for one in gather.findall("Say"))
    assert (
        first
        == second
        == (
            "This is Sentinel. SMS is failing for Acme. 5 errors within 5m. "
            "Press 1 to acknowledge, 2 to escalate, or 9 to hear this again."
        )
    )


async def test_the_call_is_followed_to_its_end(make: MakeVoice, twilio: FakeTwilio) -> None:
    await (await make(ring=45)).send(page())
    (form,) = twilio.taken
    assert form["StatusCallback"] == f"{HOOK}/status"
    assert form["AsyncAmdStatusCallback"] == f"{HOOK}/picked-up"
    assert (form["MachineDetection"], form["AsyncAmd"]) == ("Enable", "true")
    assert form["Timeout"] == "45"


async def test_where_nobody_calls_back_no_key_is_offered(
    make: MakeVoice, twilio: FakeTwilio
) -> None:
    await (await make(callbacks=False)).send(page())
    assert "Gather" not in twilio.taken[0]["Twiml"]
    assert "Press" not in twilio.taken[0]["Twiml"]
    assert "StatusCallback" not in twilio.taken[0]


async def test_a_call_is_made_where_twilio_calls_nobody_back(
    make: MakeVoice, twilio: FakeTwilio
) -> None:
    voice = await make()
    hook_url = "http://localhost:8420/hooks/test"
    voice.context = msgspec.structs.replace(voice.context, hook_url=hook_url)
    await voice.send(page())
    (form,) = twilio.taken
    assert "StatusCallback" not in form
    assert "Gather" not in form["Twiml"]


@pytest.mark.parametrize(("digits", "token"), [("1", "tok-1"), ("2", "tok-2")])
async def test_a_key_is_a_choice_and_its_answer_is_spoken(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers, digits: str, token: str
) -> None:
    voice = await make()
    await voice.send(page())
    twiml = await press(voice, twilio, digits)
    assert heard.choices == [(token, ALICE)]
    assert said_in(twiml) == ["Acknowledged: SMS delivery failure. below ok above"]


async def test_nine_reads_it_again(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    voice = await make()
    await voice.send(page())
    assert await press(voice, twilio, "9") == twilio.taken[0]["Twiml"]
    assert not heard.choices


@pytest.mark.parametrize("digits", ["3", "0", "*", "", "11"])
async def test_a_key_without_a_meaning_does_nothing_and_says_what_may_be_pressed(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers, digits: str
) -> None:
    voice = await make()
    await voice.send(page())
    told = said_in(await press(voice, twilio, digits))
    assert told[0].startswith("This key has no meaning. Press 1 to acknowledge")
    assert not heard.choices


async def test_after_a_restart_a_key_is_answered_with_where_to_look(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    twiml = await press(await make(), twilio, "1")
    assert said_in(twiml) == ["This call is not known any more. Please look at Sentinel."]
    assert not heard.choices


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
async def test_a_call_that_nobody_takes_has_not_arrived(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers, status: str
) -> None:
    await tell(await make(), twilio, "status", CallStatus=status, SipResponseCode="486")
    assert heard.receipts == [("CA7", "undelivered", f"{status} 486")]


async def test_a_call_that_was_taken_has_arrived_and_acknowledges_nothing(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    voice = await make()
    await tell(voice, twilio, "picked-up", AnsweredBy="human")
    await tell(voice, twilio, "status", CallStatus="completed")
    assert heard.receipts == [("CA7", "delivered", "the call was taken")]
    assert not heard.choices


@pytest.mark.parametrize("by", ["machine_start", "fax"])
async def test_an_answering_machine_is_not_an_arrival(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers, by: str
) -> None:
    voice = await make()
    await tell(voice, twilio, "picked-up", AnsweredBy=by)
    await tell(voice, twilio, "status", CallStatus="completed")
    assert heard.receipts == [("CA7", "undelivered", "an answering machine took the call")]


async def test_whoever_presses_a_key_is_no_machine(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    voice = await make()
    await voice.send(page())
    await press(voice, twilio, "1")
    await tell(voice, twilio, "picked-up", AnsweredBy="machine_start")
    await tell(voice, twilio, "status", CallStatus="completed")
    assert heard.receipts == [("CA7", "delivered", "the call was taken")]


@pytest.mark.parametrize("status", ["queued", "ringing", "in-progress"])
async def test_a_call_under_way_is_no_receipt(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers, status: str
) -> None:
    await tell(await make(), twilio, "status", CallStatus=status)
    assert not heard.receipts


async def test_nothing_is_pressed_without_twilios_signature(
    make: MakeVoice, twilio: FakeTwilio, heard: HeardAnswers
) -> None:
    voice = await make()
    await voice.send(page())
    fields = {"CallSid": "CA7", "Digits": "1"}
    signed = twilio.request(f"{HOOK}/pressed/key-2", fields, hook_url=HOOK)
    elsewhere = msgspec.structs.replace(signed, path={"rest": "pressed/key-1"})
    with pytest.raises(Unauthorized):
        await voice.receive(elsewhere)
    assert not heard.choices


async def test_hostile_text_can_not_leave_what_is_said(make: MakeVoice, twilio: FakeTwilio) -> None:
    subject = "</Say><Dial>+15005550006</Dial><Say>\x00\ud800]]> & \"x\" 'y'"
    await (await make()).send(page(subject=subject, key='a"/><Dial>1</Dial>'))
    twiml = ElementTree.fromstring(twilio.taken[0]["Twiml"])
    assert {one.tag for one in twiml.iter()} == {"Response", "Gather", "Say", "Pause"}


async def test_what_is_no_number_is_not_called(make: MakeVoice, twilio: FakeTwilio) -> None:
    with pytest.raises(Permanent, match="expected a number"):
        await (await make()).send(page(to="sip:alice@example.com"))
    assert not twilio.provider.received


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[critical] SMS_DELIVERY_FAILURE · acme", "critical, SMS delivery failure, acme"),
        ("Look at https://e.com/x?y=1 (https://e.com/2).", "Look at"),
        ("1,234 users, 95% of 12.5 s", "1234 users, 95 percent of 12.5 s"),
        ("call 447700900123", "call 4 4 7 7 0 0 9 0 0 1 2 3"),
        ("p95 >= 2s → orderService down…", "p95 at least 2s to order Service down"),
        ("a & b < c > d", "a and b below c above d"),
        ("one\n\ntwo — three", "one, two, three"),
        ("voice calls, phone\ngreetings", "voice calls, phone greetings"),
        ("", ""),
    ],
)
def test_a_text_is_made_fit_for_a_voice(text: str, said: str) -> None:
    assert spoken(text) == said


@given(st.text(max_size=3000))
def test_a_spoken_text_is_short_and_safe(text: str) -> None:
    said = spoken(text)
    assert len(said) <= 600
    assert not set(said) & set("<>&\x00\n")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"sender": None}, "expected the number that calls"),
        ({"sender": "ACME"}, "sender: expected a number"),
        ({"language": 'en"/>'}, "language: expected"),
        ({"voice": "Amy<"}, "voice: expected"),
        ({"ring": 5}, "ring"),
    ],
)
def test_parameters_that_can_not_work_are_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        params_of("https://api.twilio.com", **params)
