"""Discord, against a server that speaks its protocol."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.notifiers.chat import REASONS, TOKENS, choices, matches_golden, told

from sentinel.api import Choice, Context, Notifier, Permanent, Reason, Retryable
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers._card import card_of
from sentinel.notifiers.discord import Discord, DiscordParams, embedded
from sentinel.testing.clock import FakeClock
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.discord import PATH, FakeDiscord, embed_fits, fake_discord, limits
from sentinel.testing.notifier import context_for
from sentinel.testing.provider import answers

Make = Callable[..., Discord]


class TestContract(HttpNotifierContract):
    to = ""

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return Discord(to_record(DiscordParams, {"url": f"{url}{PATH}"}), context)


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with fake_discord() as discord:
        yield discord


@pytest.fixture
async def make(discord: FakeDiscord) -> AsyncIterator[Make]:
    async with session() as http:

        def make(**given: Any) -> Discord:
            record = to_record(DiscordParams, {"url": discord.url, **given})
            return Discord(record, context_for(FakeClock(), http))

        yield make


@pytest.mark.parametrize("reason", REASONS)
async def test_what_is_posted_is_as_it_was_agreed_on(
    discord: FakeDiscord, make: Make, reason: Reason
) -> None:
    await make().send(told(reason))
    assert matches_golden(f"discord-{reason}", list(discord.messages.values()))


async def test_the_reference_is_the_messages_own_number(discord: FakeDiscord, make: Make) -> None:
    receipt = await make().send(told())
    assert [receipt.reference] == list(discord.messages)


async def test_a_later_message_changes_the_first_one_and_says_so_in_a_line(
    discord: FakeDiscord, make: Make
) -> None:
    channel = make()
    first = await channel.send(told())
    later = await channel.send(told("resolved", previous=first.reference))
    assert later.reference == first.reference
    changed, line = discord.messages.values()
    assert changed["embeds"][0]["title"].startswith("🟢 Resolved: ")
    assert line["content"].startswith("🟢 Resolved: ")
    assert line["content"].endswith("<https://sentinel.example.com/incidents/7>")


async def test_who_has_it_is_seen_on_the_first_message_alone(
    discord: FakeDiscord, make: Make
) -> None:
    channel = make()
    first = await channel.send(told())
    await channel.send(told("acknowledged", previous=first.reference))
    (only,) = discord.messages.values()
    assert only["embeds"][0]["footer"]["text"] == "bob has it, until 21 Nov 13:01 UTC"


async def test_where_the_first_message_is_gone_a_new_one_is_posted(
    discord: FakeDiscord, make: Make
) -> None:
    receipt = await make().send(told("resolved", previous="1000000000000000000"))
    assert [receipt.reference] == list(discord.messages)


@pytest.mark.parametrize("previous", ["C0123456789:1760000000.000001", "../../users/@me", "1٢345"])
async def test_a_reference_of_another_kind_is_left_alone(
    discord: FakeDiscord, make: Make, previous: str
) -> None:
    await make().send(told("resolved", previous=previous))
    assert [request.method for request in discord.provider.received] == ["POST"]


async def test_nobody_is_called_by_a_text_from_outside(discord: FakeDiscord, make: Make) -> None:
    channel = make()
    first = await channel.send(told())
    await channel.send(told("resolved", previous=first.reference))
    for message in discord.messages.values():
        assert message["allowed_mentions"] == {"parse": []}


async def test_a_text_from_outside_makes_no_link(discord: FakeDiscord, make: Make) -> None:
    await make().send(told())
    (message,) = discord.messages.values()
    outside_of_fences = re.sub(r"```\n.*?\n```", "", message["embeds"][0]["description"])
    assert r"\[click\]\(http" in outside_of_fences
    assert "[click](http" not in outside_of_fences


async def test_what_can_be_done_stands_there_as_links(discord: FakeDiscord, make: Make) -> None:
    await make().send(told())
    (message,) = discord.messages.values()
    links = message["embeds"][0]["fields"][-1]["value"]
    assert f"[Acknowledge](https://sentinel.example.com/a/{TOKENS['acknowledge']})" in links


async def test_a_thread_of_the_channel_is_written_in(discord: FakeDiscord, make: Make) -> None:
    channel = make(thread="1234567890")
    first = await channel.send(told())
    await channel.send(told("acknowledged", previous=first.reference))
    paths = [request.path for request in discord.provider.received]
    assert [path.partition("thread_id=")[2] for path in paths] == ["1234567890", "1234567890"]


async def test_the_exact_wait_that_discord_asks_for_is_kept(
    discord: FakeDiscord, make: Make
) -> None:
    discord.provider.will(limits(0.65))
    with pytest.raises(Retryable) as caught:
        await make().send(told())
    assert caught.value.after == 0.65


async def test_a_webhook_that_was_deleted_fails_for_good(discord: FakeDiscord, make: Make) -> None:
    with pytest.raises(Permanent, match="Unknown Webhook"):
        await make(url=discord.url + "x").send(told())


async def test_trouble_with_the_change_is_not_taken_for_a_lost_message(
    discord: FakeDiscord, make: Make
) -> None:
    channel = make()
    first = await channel.send(told())
    discord.provider.will(answers(503))
    with pytest.raises(Retryable):
        await channel.send(told("resolved", previous=first.reference))


@given(st.text(max_size=2500), st.sampled_from(["firing", "resolved", "drill"]))
def test_whatever_is_told_fits_into_an_embed(text: str, reason: Reason) -> None:
    plain = told(reason)
    data = plain.payload["data"]
    full = {**data, "summary": text, "do": text, "last_fix": {"text": text}}
    full |= {"error": {"message": text}, "others": [{"title": text, "url": plain.url}] * 9}
    message = replace(plain, subject=text, text=text, payload={"data": full if data else {}})
    assert embed_fits(embedded(message, card_of(message)))


def test_links_that_do_not_fit_are_left_out_whole() -> None:
    long = Choice(verb="veto", label="Veto", token="t", url=f"https://example.com/{'x' * 900}")
    message = replace(told(), choices=(*choices(), long))
    told_links = embedded(message, card_of(message))["fields"][-1]["value"]
    assert told_links.count("](") == 3
    assert told_links.endswith(")")


@pytest.mark.parametrize(
    "url",
    [
        "https://discord.com/api/webhooks/",
        "ftp://discord.com/api/webhooks/1/t0ken",
        "https://discord.com/channels/1/t0ken",
        "t0ken",
    ],
)
def test_an_address_that_is_no_webhook_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="api/webhooks/ID/TOKEN") as caught:
        to_record(DiscordParams, {"url": url})
    assert "t0ken" not in str(caught.value)
