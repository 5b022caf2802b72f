"""Telegram, against a server that speaks the Bot API."""

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
from tests.notifiers.chat import REASONS, TOKENS, NotingClock, matches_golden, told

from sentinel.api import (
    Context,
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
from sentinel.notifiers._telegram_text import html_of
from sentinel.notifiers.telegram import Telegram, TelegramParams
from sentinel.testing.answers import HeardAnswers
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.notifier import context_for
from sentinel.testing.provider import answers
from sentinel.testing.telegram import (
    ALICE,
    BLOCKING,
    TOKEN,
    UNKNOWN,
    FakeTelegram,
    fake_telegram,
    limits,
    shown,
)

GROUP = "-1001234567890"
Make = Callable[..., Awaitable[Telegram]]


class TestContract(HttpNotifierContract):
    to = ALICE

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        given = {"token": TOKEN, "api_url": url, "replies": "none"}
        return Telegram(to_record(TelegramParams, given), context)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as telegram:
        yield telegram


@pytest.fixture
async def heard() -> HeardAnswers:
    return HeardAnswers("You have it.")


@pytest.fixture
async def clock() -> NotingClock:
    return NotingClock()


@pytest.fixture
async def make(
    telegram: FakeTelegram, heard: HeardAnswers, clock: NotingClock
) -> AsyncIterator[Make]:
    made: list[Telegram] = []
    async with session() as http:

        async def make(**given: Any) -> Telegram:
            plain = {"token": TOKEN, "api_url": telegram.url, "replies": "webhook"}
            record = to_record(TelegramParams, {**plain, **given})
            made.append(Telegram(record, context_for(clock, http, "telegram", heard)))
            await made[-1].start()
            return made[-1]

        yield make
        for one in made:
            await one.stop()


async def until(telegram: FakeTelegram, done: Callable[[], bool]) -> None:
    async with telegram.news, asyncio.timeout(5):
        await telegram.news.wait_for(done)


@pytest.mark.parametrize("reason", REASONS)
async def test_what_is_sent_is_as_it_was_agreed_on(
    telegram: FakeTelegram, make: Make, reason: Reason
) -> None:
    await (await make(replies="poll")).send(told(reason, to=ALICE))
    assert matches_golden(f"telegram-{reason}", list(telegram.messages.values()))


async def test_the_reference_names_the_chat_and_the_message(
    telegram: FakeTelegram, make: Make
) -> None:
    receipt = await (await make()).send(told(to=ALICE))
    chat, number = receipt.reference.split(":")
    assert (chat, int(number)) in telegram.messages


async def test_with_a_chat_it_writes_there_and_needs_no_address(
    telegram: FakeTelegram, make: Make
) -> None:
    channel = await make(chat=GROUP)
    receipt = await channel.send(told())
    assert receipt.reference.startswith(f"{GROUP}:")
    assert Telegram.address_of(channel.params) is None


async def test_a_later_message_changes_the_first_one_and_answers_it(
    telegram: FakeTelegram, make: Make
) -> None:
    channel = await make(chat=GROUP)
    first = await channel.send(told())
    later = await channel.send(told("resolved", previous=first.reference))
    assert later.reference == first.reference
    changed, reply = telegram.messages.values()
    assert changed["text"].startswith("🟢 Resolved: ")
    assert changed["reply_markup"] == {"inline_keyboard": []}
    assert reply["reply_to"] == int(first.reference.rpartition(":")[2])


async def test_who_has_it_is_seen_on_the_first_message_alone(
    telegram: FakeTelegram, make: Make
) -> None:
    channel = await make()
    first = await channel.send(told(to=ALICE))
    await channel.send(told("acknowledged", to=ALICE, previous=first.reference))
    (only,) = telegram.messages.values()
    assert "bob has it, until 21 Nov 13:01 UTC" in only["text"]


async def test_a_change_that_was_made_before_is_made_again_without_harm(
    telegram: FakeTelegram, make: Make
) -> None:
    channel = await make()
    first = await channel.send(told(to=ALICE))
    again = told("acknowledged", to=ALICE, previous=first.reference)
    for _ in range(2):
        assert (await channel.send(again)).reference == first.reference


async def test_where_the_first_message_is_gone_a_new_one_is_sent(
    telegram: FakeTelegram, make: Make
) -> None:
    receipt = await (await make()).send(told("resolved", to=ALICE, previous=f"{ALICE}:9999"))
    assert receipt.reference not in ("", f"{ALICE}:9999")


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (UNKNOWN, "chat not found"),
        (BLOCKING, "bot was blocked by the user"),
        ("", "Telegram id"),
        ("alice", "Telegram id"),
        ("1; drop", "Telegram id"),
    ],
)
async def test_an_address_that_can_not_be_written_to_fails_for_good(
    make: Make, to: str, said: str
) -> None:
    with pytest.raises(Permanent, match=said):
        await (await make()).send(told(to=to))


async def test_telegrams_wish_to_wait_is_kept(telegram: FakeTelegram, make: Make) -> None:
    channel = await make(replies="none")
    telegram.provider.will(limits(35))
    with pytest.raises(Retryable) as caught:
        await channel.send(told(to=ALICE))
    assert caught.value.after == 35


async def test_a_group_that_has_moved_is_named_in_the_error(
    telegram: FakeTelegram, make: Make
) -> None:
    channel = await make(chat="-12345", replies="none")
    moved = {"ok": False, "description": "Bad Request: group chat was upgraded"}
    moved["parameters"] = {"migrate_to_chat_id": -1001}
    telegram.provider.will(answers(400, json.dumps(moved)))
    with pytest.raises(Permanent, match="has become -1001: set `chat` to that"):
        await channel.send(told())


async def test_a_text_from_outside_is_no_markup(telegram: FakeTelegram, make: Make) -> None:
    await (await make()).send(told(to=ALICE))
    (message,) = telegram.messages.values()
    assert "</b><script>&amp;" in message["text"]
    urls = [entity["url"] for entity in message["entities"]]
    assert all(url.startswith("https://sentinel.example.com/") for url in urls)


@pytest.mark.parametrize(("severity", "silent"), [("critical", False), ("info", True)])
async def test_what_is_for_information_makes_no_sound(
    telegram: FakeTelegram, make: Make, severity: str, silent: bool
) -> None:
    await (await make()).send(replace(told(to=ALICE), severity=severity))
    (message,) = telegram.messages.values()
    assert message["silent"] is silent


async def test_without_replies_the_choices_are_links(telegram: FakeTelegram, make: Make) -> None:
    await (await make(replies="none")).send(told(to=ALICE))
    (message,) = telegram.messages.values()
    assert message["reply_markup"] == {"inline_keyboard": []}
    assert message["entities"][-1]["url"].endswith(TOKENS["escalate"])


# What comes back.


def call(update: Any, secret: str | None = None) -> Request:
    agreed = hmac.new(TOKEN.encode(), b"sentinel webhook", hashlib.sha256).hexdigest()
    return Request(
        path={},
        query={},
        headers={"x-telegram-bot-api-secret-token": agreed if secret is None else secret},
        body=update if isinstance(update, bytes) else json.dumps(update).encode(),
    )


async def test_the_webhook_is_agreed_on_with_a_secret(telegram: FakeTelegram, make: Make) -> None:
    await make()
    await until(telegram, lambda: bool(telegram.webhook))
    assert telegram.webhook["url"] == "https://sentinel.example.com/hooks/telegram"
    agreed = hmac.new(TOKEN.encode(), b"sentinel webhook", hashlib.sha256).hexdigest()
    assert telegram.webhook["secret_token"] == agreed


async def test_a_press_is_handed_on_with_the_whole_token_and_answered(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    channel = await make()
    receipt = await channel.send(told(to=ALICE))
    place = (ALICE, int(receipt.reference.rpartition(":")[2]))
    await channel.receive(call(telegram.press(place, "Resolve")))
    assert heard.choices == [(TOKENS["resolve"], ALICE)]
    assert telegram.notices[0]["text"] == "You have it."


async def test_a_press_after_a_restart_works_as_before(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    receipt = await (await make()).send(told(to=ALICE))
    place = (ALICE, int(receipt.reference.rpartition(":")[2]))
    await (await make()).receive(call(telegram.press(place, "Acknowledge")))
    assert heard.choices == [(TOKENS["acknowledge"], ALICE)]


async def test_a_message_too_old_to_be_read_says_what_to_do(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    channel = await make()
    receipt = await channel.send(told(to=ALICE))
    press = telegram.press((ALICE, int(receipt.reference.rpartition(":")[2])), "Resolve")
    del press["callback_query"]["message"]["entities"]
    await channel.receive(call(press))
    assert heard.choices == []
    assert "use the links in it" in telegram.notices[0]["text"]


async def test_an_answer_that_is_not_kept_says_so(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    heard.reply = Overloaded("the disk is full", 5)
    await (await make()).receive(call(telegram.says("ack")))
    (reply,) = telegram.messages.values()
    assert reply["text"].startswith("That could not be kept just now.")


async def test_words_to_the_bot_are_handed_on_and_answered(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    await (await make()).receive(call(telegram.says(" ack 7 ")))
    assert heard.texts == [(ALICE, "ack 7")]
    (reply,) = telegram.messages.values()
    assert (reply["text"], reply["reply_to"]) == ("You have it.", 1)


async def test_in_a_group_only_commands_are_meant_for_the_bot(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    channel = await make()
    for text in ("did anybody ack?", "/ack@sentinel_bot 7"):
        await channel.receive(call(telegram.says(text, group=True)))
    assert heard.texts == [(ALICE, "ack 7")]


async def test_whoever_starts_the_bot_learns_the_own_number(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    await (await make()).receive(call(telegram.says("/start")))
    (reply,) = telegram.messages.values()
    assert reply["text"].startswith(f"Your id here is {ALICE}")
    assert heard.texts == []


@pytest.mark.parametrize("secret", ["", "another", "ü"])
async def test_a_call_without_the_secret_is_refused(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers, secret: str
) -> None:
    with pytest.raises(Unauthorized):
        await (await make()).receive(call(telegram.says("ack"), secret))
    assert heard.texts == []


async def test_a_channel_that_polls_takes_no_calls(telegram: FakeTelegram, make: Make) -> None:
    with pytest.raises(Unauthorized):
        await (await make(replies="poll")).receive(call(telegram.says("ack")))


@pytest.mark.parametrize(
    "update", [b"", b"[]", b"\xff", b"{}", b'{"message": {"text": 7}}', b'{"callback_query": {}}']
)
async def test_a_call_that_makes_no_sense_is_passed_over(
    make: Make, heard: HeardAnswers, update: bytes
) -> None:
    assert (await (await make()).receive(call(update))).status == 200
    assert (heard.texts, heard.choices) == ([], [])


async def test_a_poll_brings_each_update_once(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    await make(replies="poll")
    for text in ("ack 1", "ack 2"):
        update = telegram.says(text)
        await telegram.happens(update)
        await until(telegram, lambda number=update["update_id"]: telegram.confirmed == number)
    assert heard.texts == [(ALICE, "ack 1"), (ALICE, "ack 2")]


async def test_an_update_that_telegram_gives_again_after_a_failure_counts_once(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers, clock: NotingClock
) -> None:
    await make(replies="poll")
    first, second = telegram.says("escalate 1"), telegram.says("ack 2")
    await telegram.happens(first)
    await until(telegram, lambda: telegram.confirmed == first["update_id"])
    telegram.provider.will(answers(502))
    await telegram.happens(second)
    await _asleep(clock)
    telegram.provider.will(telegram.takes)
    clock.advance(4)
    await until(telegram, lambda: telegram.confirmed == second["update_id"])
    assert heard.texts == [(ALICE, "escalate 1"), (ALICE, "ack 2")]


async def test_a_call_that_telegram_makes_again_counts_once(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    channel = await make()
    update = telegram.says("escalate 1")
    for _ in range(2):
        assert (await channel.receive(call(update))).status == 200
    assert heard.texts == [(ALICE, "escalate 1")]


async def test_an_update_that_can_not_be_taken_keeps_nobody_else_waiting(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    heard.reply = KeyError("a bug")
    await make(replies="poll")
    await telegram.happens(telegram.says("ack 1"))
    await until(telegram, lambda: telegram.confirmed == 1)
    heard.reply = "You have it."
    await telegram.happens(telegram.says("ack 2"))
    await until(telegram, lambda: telegram.confirmed == 2)
    assert heard.texts == [(ALICE, "ack 2")]


async def test_why_a_choice_is_not_taken_is_told_to_whoever_pressed(
    telegram: FakeTelegram, make: Make, heard: HeardAnswers
) -> None:
    heard.reply = Unauthorized("this link has expired")
    channel = await make()
    receipt = await channel.send(told(to=ALICE))
    place = (ALICE, int(receipt.reference.rpartition(":")[2]))
    await channel.receive(call(telegram.press(place, "Resolve")))
    assert telegram.notices[0]["text"] == "this link has expired"


async def test_while_telegram_is_not_there_it_asks_less_and_less_often(
    telegram: FakeTelegram, make: Make, clock: NotingClock, heard: HeardAnswers
) -> None:
    telegram.provider.will(answers(502))
    with capture_logs() as logs:
        await make(replies="poll")
        for pause in (2, 4, 8):
            await _asleep(clock)
            assert clock.pauses[-1] == pause
            clock.advance(pause)
        await _asleep(clock)
    assert {line["event"] for line in logs} == {"telegram_not_heard"}
    assert TOKEN not in str(logs)
    telegram.provider.will(telegram.takes)
    clock.advance(16)
    await telegram.happens(telegram.says("ack"))
    await until(telegram, lambda: telegram.confirmed == 1)
    assert heard.texts == [(ALICE, "ack")]


async def _asleep(clock: NotingClock) -> None:
    async with asyncio.timeout(5):
        while not clock.sleepers():  # noqa: ASYNC110 - the server is about to answer
            await asyncio.sleep(0)


# Limits and parameters.


@given(st.text(max_size=3000), st.sampled_from(["firing", "resolved", "drill"]))
def test_whatever_is_told_is_a_message_that_telegram_takes(text: str, reason: Reason) -> None:
    plain = told(reason)
    data = plain.payload["data"]
    full = {**data, "summary": text, "do": text, "last_fix": {"text": text}}
    full |= {"error": {"message": text}, "others": [{"title": text, "url": plain.url}] * 9}
    message = replace(plain, subject=text, text=text, payload={"data": full if data else {}})
    assert isinstance(shown({"text": html_of(message), "parse_mode": "HTML"}), dict)


def test_a_text_of_nothing_but_pictures_fits_too() -> None:
    data = {**told().payload["data"], "summary": "🔥" * 999, "do": "🔥" * 999}
    data |= {"error": {"message": "🔥" * 999}, "last_fix": {"text": "🔥" * 999}}
    data["others"] = [{"title": "🔥" * 999, "url": "https://example.com/"}] * 9
    message = replace(told(), subject="🔥" * 999, payload={"data": data})
    assert isinstance(shown({"text": html_of(message), "parse_mode": "HTML"}), dict)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"token": "t0ken"}, "as @BotFather gave it"),
        ({"chat": "ops"}, "expected -1001234567890 or @channel, found 'ops'"),
        ({"api_url": "api.telegram.org"}, "api_url: expected http"),
        ({"replies": "yes"}, "Invalid enum value"),
    ],
)
def test_parameters_that_can_not_work_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said) as caught:
        to_record(TelegramParams, {"token": TOKEN, **given})
    assert "t0ken" not in str(caught.value)
