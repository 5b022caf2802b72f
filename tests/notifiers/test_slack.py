"""Slack, against a server that speaks its protocol."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.notifiers.chat import HOSTILE, REASONS, TOKENS, NotingClock, matches_golden, told

from sentinel.api import (
    Context,
    Invalid,
    Message,
    Notifier,
    Overloaded,
    Permanent,
    Reason,
    Request,
    Retryable,
    Unauthorized,
)
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers._slack_blocks import blocks_of
from sentinel.notifiers.slack import Slack, SlackParams
from sentinel.testing.answers import HeardAnswers
from sentinel.testing.clock import START
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.notifier import context_for
from sentinel.testing.provider import Behaviour, answers
from sentinel.testing.slack import (
    APP_TOKEN,
    ARCHIVED,
    BOT_TOKEN,
    CHANNEL,
    FOREIGN,
    SIGNING_SECRET,
    FakeSlack,
    fake_slack,
    fits,
    refuses,
    signature,
)

ALICE = "U0123456789"
Make = Callable[..., Awaitable[Slack]]


def params(**given: Any) -> SlackParams:
    return to_record(SlackParams, {"token": BOT_TOKEN, **given})


class TestContract(HttpNotifierContract):
    to = ALICE

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return Slack(params(api_url=f"{url}/api/"), context)

    def accepts(self) -> Behaviour:
        taken = {"ok": True, "channel": "D0123456789", "ts": "1760000000.000001"}
        return answers(200, json.dumps(taken), {"Content-Type": "application/json"})


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as slack:
        yield slack


@pytest.fixture
async def heard() -> HeardAnswers:
    return HeardAnswers("You have it.")


@pytest.fixture
async def clock() -> NotingClock:
    return NotingClock()


@pytest.fixture
async def make(slack: FakeSlack, heard: HeardAnswers, clock: NotingClock) -> AsyncIterator[Make]:
    made: list[Slack] = []
    async with session() as http:

        async def make(**given: Any) -> Slack:
            context = context_for(clock, http, "slack-ops", heard)
            record = params(**{"api_url": slack.url, "channel": CHANNEL, **given})
            made.append(Slack(record, context))
            await made[-1].start()
            return made[-1]

        yield make
        for one in made:
            await one.stop()


async def until(slack: FakeSlack, done: Callable[[], bool]) -> None:
    async with slack.news, asyncio.timeout(5):
        await slack.news.wait_for(done)


@pytest.mark.parametrize("reason", REASONS)
async def test_what_is_posted_is_as_it_was_agreed_on(
    slack: FakeSlack, make: Make, reason: Reason
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.send(told(reason))
    assert matches_golden(f"slack-{reason}", slack.posted[0])


async def test_a_message_goes_to_the_channel_and_its_reference_names_it(
    slack: FakeSlack, make: Make
) -> None:
    receipt = await (await make()).send(told())
    channel, ts = receipt.reference.split(":")
    assert channel == CHANNEL
    assert slack.messages[channel, ts]["channel"] == CHANNEL


async def test_without_a_channel_it_goes_to_the_person(slack: FakeSlack, make: Make) -> None:
    receipt = await (await make(channel=None)).send(told(to=ALICE))
    assert slack.posted[0]["channel"] == ALICE
    assert receipt.reference.startswith("D0123456789:")


def test_one_with_a_channel_needs_no_address_and_one_without_needs_the_persons() -> None:
    assert Slack.address_of(params(channel=CHANNEL)) is None
    assert Slack.address_of(params()) == "slack"


@pytest.mark.parametrize("to", ["", "alice", "U1 <!channel>", "../U0123456789"])
async def test_an_address_that_is_no_id_fails_for_good(
    slack: FakeSlack, make: Make, to: str
) -> None:
    with pytest.raises(Permanent, match="Slack id"):
        await (await make(channel=None)).send(told(to=to))
    assert slack.posted == []


async def test_a_later_message_changes_the_first_one_and_answers_in_its_thread(
    slack: FakeSlack, make: Make
) -> None:
    channel = await make()
    first = await channel.send(told())
    place = tuple(first.reference.split(":"))
    later = await channel.send(told("resolved", previous=first.reference))
    assert later.reference == first.reference
    headers = [b["text"]["text"] for b in slack.messages[place]["blocks"] if b["type"] == "header"]  # type: ignore[index]
    assert headers[0].startswith("🟢 Resolved: SMS")
    assert [one.get("thread_ts") for one in slack.posted] == [None, place[1]]


@pytest.mark.parametrize(
    ("reason", "aloud"),
    [("reminder", True), ("resolved", True), ("cause_found", False), ("acknowledged", False)],
)
async def test_only_what_everybody_is_to_hear_is_told_in_the_channel_too(
    slack: FakeSlack, make: Make, reason: Reason, aloud: bool
) -> None:
    channel = await make()
    first = await channel.send(told())
    await channel.send(told(reason, previous=first.reference))
    assert slack.posted[1]["reply_broadcast"] is aloud


@pytest.mark.parametrize("previous", [f"{CHANNEL}:1700000000.000001", f"{FOREIGN}:1.2"])
async def test_where_the_first_message_is_gone_a_new_one_is_posted(
    slack: FakeSlack, make: Make, previous: str
) -> None:
    receipt = await (await make()).send(told("resolved", previous=previous))
    assert receipt.reference not in ("", previous)
    assert "thread_ts" not in slack.posted[0]


async def test_trouble_with_the_change_is_not_taken_for_a_lost_message(
    slack: FakeSlack, make: Make
) -> None:
    channel = await make()
    first = await channel.send(told())
    slack.provider.will(refuses("ratelimited"))
    with pytest.raises(Retryable):
        await channel.send(told("resolved", previous=first.reference))
    slack.provider.will(refuses("invalid_blocks"), slack.takes)
    with pytest.raises(Permanent, match="invalid_blocks"):
        await channel.send(told("resolved", previous=first.reference))


@pytest.mark.parametrize(
    "error", ["ratelimited", "internal_error", "invalid_auth", "token_revoked", "missing_scope"]
)
async def test_what_may_pass_or_be_mended_is_tried_again(
    slack: FakeSlack, make: Make, error: str
) -> None:
    slack.provider.will(refuses(error, needed="chat:write"))
    with pytest.raises(Retryable, match=error):
        await (await make()).send(told())


@pytest.mark.parametrize(
    ("channel", "error"),
    [(FOREIGN, "channel_not_found; use the channel's id"), (ARCHIVED, "is_archived")],
)
async def test_a_channel_that_can_not_be_written_to_fails_for_good(
    make: Make, channel: str, error: str
) -> None:
    with pytest.raises(Permanent, match=error):
        await (await make(channel=channel)).send(told())


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_too_long", "a_word_of_tomorrow"])
async def test_what_slack_says_of_this_very_message_is_final(
    slack: FakeSlack, make: Make, error: str
) -> None:
    slack.provider.will(refuses(error))
    with pytest.raises(Permanent, match=error):
        await (await make()).send(told())


async def test_slacks_wish_to_wait_is_kept(slack: FakeSlack, make: Make) -> None:
    body = json.dumps({"ok": False, "error": "ratelimited"})
    headers = {"Retry-After": "30", "Content-Type": "application/json"}
    slack.provider.will(answers(429, body, headers))
    with pytest.raises(Retryable) as caught:
        await (await make()).send(told())
    assert caught.value.after == 30


async def test_a_private_address_that_is_not_allowed_fails_for_good(slack: FakeSlack) -> None:
    async with session(allow_private=False) as http:
        channel = Slack(
            params(api_url=slack.url, channel=CHANNEL), context_for(NotingClock(), http)
        )
        await channel.start()
        with pytest.raises(Permanent, match="not public"):
            await channel.send(told())
    assert slack.provider.received == []


async def test_a_proxy_from_the_environment_is_left_alone(
    slack: FakeSlack, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    await (await make()).send(told())
    assert len(slack.posted) == 1


async def test_nobody_can_be_called_by_a_text_from_outside(slack: FakeSlack, make: Make) -> None:
    await (await make()).send(told())
    texts = [slack.posted[0]["text"]]
    texts += [part["text"] for part in _mrkdwn(slack.posted[0]["blocks"])]
    assert any("&lt;!channel&gt;" in text for text in texts)
    assert not any(mark in text for text in texts for mark in ("<!", "<@", "<#", "\u202e"))


def _mrkdwn(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, list):
        return [found for one in part for found in _mrkdwn(one)]
    if not isinstance(part, dict):
        return []
    own = [part] if part.get("type") == "mrkdwn" else []
    return own + [found for one in part.values() for found in _mrkdwn(one)]


async def test_without_a_way_back_the_choices_are_links(slack: FakeSlack, make: Make) -> None:
    await (await make()).send(told())
    buttons = slack.posted[0]["blocks"][-1]["elements"]
    assert [button.get("value") for button in buttons] == [None] * 4
    assert buttons[0]["url"].endswith(f"/a/{TOKENS['acknowledge']}")


# What comes back by calls.


async def test_a_press_is_handed_on_and_answered_to_whoever_pressed(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.send(told())
    press = slack.press(slack.posted[0], "Resolve", ALICE)
    reply = await channel.receive(slack.request(press, clock.now(), form=True))
    assert (reply.status, reply.body) == (200, b"")
    assert heard.choices == [(TOKENS["resolve"], ALICE)]
    assert slack.answered == ["You have it."]


async def test_an_answer_that_is_not_kept_says_so(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock
) -> None:
    heard.reply = Overloaded("the disk is full", 5)
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.send(told())
    press = slack.press(slack.posted[0], "Acknowledge")
    await channel.receive(slack.request(press, clock.now(), form=True))
    assert slack.answered == ["That could not be kept just now. Try again, or open the incident."]


@pytest.mark.parametrize("refusal", [Unauthorized("this link has expired"), Invalid("it is over")])
async def test_why_a_choice_is_not_taken_is_told_to_whoever_pressed(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock, refusal: Exception
) -> None:
    heard.reply = refusal
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.send(told())
    press = slack.press(slack.posted[0], "Acknowledge")
    await channel.receive(slack.request(press, clock.now(), form=True))
    assert slack.answered == [str(refusal)]


async def test_a_fault_of_ours_is_logged_and_slack_is_answered(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock
) -> None:
    heard.reply = KeyError("a bug")
    channel = await make(signing_secret=SIGNING_SECRET)
    with capture_logs() as logs:
        reply = await channel.receive(slack.request(slack.says("ack"), clock.now()))
    assert reply.status == 200
    assert [line["event"] for line in logs] == ["slack_inbox_failed"]


async def test_a_link_that_was_opened_is_no_choice(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.send(told())
    press = slack.press(slack.posted[0], "Open the incident")
    await channel.receive(slack.request(press, clock.now(), form=True))
    assert (heard.choices, slack.answered) == ([], [])


async def test_slack_is_answered_in_time_and_the_answer_follows(
    slack: FakeSlack,
    make: Make,
    heard: HeardAnswers,
    clock: NotingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sentinel.notifiers._slack_inbox._ANSWER_WITHIN", 0.01)
    stored = asyncio.Event()

    async def slow(token: str, address: str = "") -> str:
        await stored.wait()
        return "You have it, after all."

    monkeypatch.setattr(heard, "chose", slow)
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.send(told())
    press = slack.press(slack.posted[0], "Acknowledge")
    assert (await channel.receive(slack.request(press, clock.now(), form=True))).status == 200
    assert slack.answered == []
    stored.set()
    await until(slack, lambda: slack.answered == ["You have it, after all."])


async def test_the_address_is_verified_by_its_challenge(
    slack: FakeSlack, make: Make, clock: NotingClock
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    asked = {"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkv"}
    reply = await channel.receive(slack.request(asked, clock.now()))
    assert reply.body == b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkv"


async def test_words_to_the_app_are_handed_on_once_and_answered_where_they_were_said(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    said = slack.says("ack", ALICE, thread_ts="1760000000.000001")
    for _ in range(2):
        await channel.receive(slack.request(said, clock.now()))
    assert heard.texts == [(ALICE, "ack")]
    answer = slack.posted[0]
    assert (answer["channel"], answer["text"]) == ("D0123456789", "You have it.")
    assert answer["thread_ts"] == "1760000000.000001"


async def test_a_mention_is_answered_in_a_thread_without_the_apps_own_name(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    said = slack.says("<@U0SENTINEL> ack 7", ALICE, type="app_mention", channel=CHANNEL)
    await channel.receive(slack.request(said, clock.now()))
    assert heard.texts == [(ALICE, "ack 7")]
    assert slack.posted[0]["thread_ts"] == "1760000100.000100"


@pytest.mark.parametrize(
    "event",
    [
        {"bot_id": "B1"},
        {"subtype": "message_changed"},
        {"channel_type": "channel"},
        {"channel": None},
        {"type": "reaction_added"},
    ],
    ids=str,
)
async def test_what_is_not_said_to_the_app_is_passed_over(
    slack: FakeSlack, make: Make, heard: HeardAnswers, clock: NotingClock, event: dict[str, Any]
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.receive(slack.request(slack.says("ack", **event), clock.now()))
    assert (heard.texts, slack.posted) == ([], [])


async def test_the_signature_is_the_one_that_slack_documents() -> None:
    # The example of docs.slack.dev/authentication/verifying-requests-from-slack.
    secret, timestamp = "8f742231b10e8888abcd99yyyzzz85a5", "1531420618"
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        "%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
        ".803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature(secret, timestamp, body.encode()) == expected


async def test_a_signature_made_by_hand_is_taken(make: Make, heard: HeardAnswers) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    body = b'{"type":"url_verification","challenge":"abc"}'
    timestamp = str(int(START))
    mac = hmac.new(SIGNING_SECRET.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    headers = {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={mac.hexdigest()}",
    }
    request = Request(path={}, query={}, headers=headers, body=body)
    assert (await channel.receive(request)).body == b"abc"


def _changed(request: Request, **headers: str) -> Request:
    return replace(request, headers={**request.headers, **headers})


FORGERIES: dict[str, Callable[[FakeSlack, dict[str, Any], float], Request]] = {
    "another secret": lambda slack, press, now: slack.request(press, now, secret="another"),
    "too old": lambda slack, press, now: slack.request(press, now - 301),
    "from the future": lambda slack, press, now: slack.request(press, now + 301),
    "another body": lambda slack, press, now: replace(
        slack.request(press, now), body=b'{"type":"url_verification","challenge":"x"}'
    ),
    "another time": lambda slack, press, now: _changed(
        slack.request(press, now), **{"x-slack-request-timestamp": str(int(now) + 1)}
    ),
    "no signature": lambda slack, press, now: replace(slack.request(press, now), headers={}),
    "no number": lambda slack, press, now: _changed(
        slack.request(press, now), **{"x-slack-request-timestamp": "soon"}
    ),
    "no ascii": lambda slack, press, now: _changed(
        slack.request(press, now), **{"x-slack-signature": "v0=ü"}
    ),
    "no text": lambda slack, press, now: replace(slack.request(press, now), body=b"\xff\xfe"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_what_slack_has_not_signed_is_refused(
    slack: FakeSlack,
    make: Make,
    heard: HeardAnswers,
    clock: NotingClock,
    forge: Callable[[FakeSlack, dict[str, Any], float], Request],
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    await channel.send(told())
    press = slack.press(slack.posted[0], "Acknowledge")
    with pytest.raises(Unauthorized):
        await channel.receive(forge(slack, press, clock.now()))
    assert heard.choices == []


async def test_a_channel_without_a_signing_secret_takes_no_calls(
    slack: FakeSlack, make: Make, clock: NotingClock
) -> None:
    channel = await make(app_token=APP_TOKEN)
    with pytest.raises(Unauthorized):
        await channel.receive(slack.request({"type": "block_actions"}, clock.now()))


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'{"type":"block_actions"}'])
async def test_a_signed_call_that_makes_no_sense_is_passed_over(
    make: Make, heard: HeardAnswers, body: bytes
) -> None:
    channel = await make(signing_secret=SIGNING_SECRET)
    headers = {
        "x-slack-request-timestamp": str(int(START)),
        "x-slack-signature": signature(SIGNING_SECRET, str(int(START)), body),
    }
    reply = await channel.receive(Request(path={}, query={}, headers=headers, body=body))
    assert reply.status == 200
    assert heard.choices == []


# What comes back over Socket Mode.


async def test_a_press_over_the_socket_is_handed_on_and_acknowledged(
    slack: FakeSlack, make: Make, heard: HeardAnswers
) -> None:
    channel = await make(app_token=APP_TOKEN)
    await until(slack, lambda: slack.connections == 1)
    await channel.send(told())
    envelope = await slack.send(slack.press(slack.posted[0], "Acknowledge", ALICE))
    await until(slack, lambda: slack.acknowledged == [envelope])
    assert heard.choices == [(TOKENS["acknowledge"], ALICE)]
    assert slack.answered == ["You have it."]


@pytest.mark.parametrize("politely", [True, False])
async def test_a_connection_that_ended_is_followed_by_the_next(
    slack: FakeSlack, make: Make, clock: NotingClock, politely: bool
) -> None:
    await make(app_token=APP_TOKEN)
    await until(slack, lambda: slack.connections == 1)
    await slack.hang_up(politely=politely)
    await _asleep(clock)
    clock.advance(1)
    await until(slack, lambda: slack.connections == 2)


async def test_while_slack_is_not_there_it_asks_less_and_less_often(
    slack: FakeSlack, make: Make, clock: NotingClock
) -> None:
    slack.provider.will(answers(503))
    with capture_logs() as logs:
        await make(app_token=APP_TOKEN)
        for pause in (2, 4, 8):
            await _asleep(clock)
            assert clock.pauses[-1] == pause
            clock.advance(pause)
    assert {line["event"] for line in logs} == {"slack_socket_failed"}
    await _asleep(clock)
    slack.provider.will(slack.takes)
    clock.advance(16)
    await until(slack, lambda: slack.connections == 1)


async def test_a_socket_that_is_not_there_holds_up_no_message(slack: FakeSlack, make: Make) -> None:
    channel = await make(app_token="xapp-a-wrong-one")
    assert (await channel.send(told())).reference


async def test_neither_the_socket_nor_its_trouble_tells_the_ticket(
    slack: FakeSlack, make: Make, clock: NotingClock
) -> None:
    with capture_logs() as logs:
        await make(app_token=APP_TOKEN)
        await until(slack, lambda: slack.connections == 1)
        slack.provider.will(
            answers(
                200,
                json.dumps({"ok": True, "url": "ws://127.0.0.1:1/t1cket"}),
                {"Content-Type": "application/json"},
            )
        )
        await slack.hang_up(politely=True)
        for _ in range(2):
            await _asleep(clock)
            clock.advance(60)
        await _asleep(clock)
    assert "slack_socket_failed" in str(logs)
    assert "t1cket" not in str(logs)


async def _asleep(clock: NotingClock) -> None:
    async with asyncio.timeout(5):
        while not clock.sleepers():  # noqa: ASYNC110 - the server is about to answer
            await asyncio.sleep(0)


# Limits and parameters.


@given(st.text(min_size=0, max_size=3000), st.sampled_from(["firing", "resolved", "drill"]))
def test_whatever_is_told_fits_into_slacks_blocks(text: str, reason: Reason) -> None:
    plain = told(reason)
    data = msgspec.json.decode(
        msgspec.json.encode(plain.payload["data"]).replace(
            b"Bcc: all", json.dumps(text)[1:-1].encode()
        )
    )
    message: Message = replace(plain, subject=text, text=text, payload={"data": data})
    blocks = blocks_of(message, pressed=True)
    assert all(map(fits, blocks))
    assert len(blocks) <= 50


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"token": "xapp-1"}, "begins with xoxb-"),
        ({"app_token": "xoxb-1"}, "begins with xapp-"),
        ({"app_token": "xapp-1", "signing_secret": "s"}, "found both"),
        ({"channel": "ops"}, "expected an id such as C0123456789, found 'ops'"),
        ({"api_url": "ftp://slack.com"}, "api_url: expected http"),
    ],
)
def test_parameters_that_can_not_work_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        params(**given)


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentinel.notifiers._extras.find_spec", lambda name: None)
    with pytest.raises(msgspec.ValidationError, match=r"pip install 'sentinel\[slack\]'"):
        params()


def test_the_hostile_text_is_hostile() -> None:
    assert "<!channel>" in HOSTILE
