"""Microsoft Teams, against a workflow that takes cards."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.notifiers.chat import REASONS, TOKENS, matches_golden, told

from sentinel.api import Context, Notifier, Permanent, Reason
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers.teams import Teams, TeamsParams, envelope_of
from sentinel.testing.clock import FakeClock
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.notifier import context_for
from sentinel.testing.teams import FakeTeams, fake_teams

Make = Callable[..., Teams]


class TestContract(HttpNotifierContract):
    to = ""

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return Teams(to_record(TeamsParams, {"url": f"{url}/workflows/1?sig=s1gnature"}), context)


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with fake_teams() as teams:
        yield teams


@pytest.fixture
async def make(teams: FakeTeams) -> AsyncIterator[Make]:
    async with session() as http:

        def make(**given: Any) -> Teams:
            record = to_record(TeamsParams, {"url": teams.url, **given})
            return Teams(record, context_for(FakeClock(), http))

        yield make


@pytest.mark.parametrize("reason", REASONS)
async def test_what_is_posted_is_as_it_was_agreed_on(
    teams: FakeTeams, make: Make, reason: Reason
) -> None:
    receipt = await make().send(told(reason))
    assert matches_golden(f"teams-{reason}", teams.cards)
    assert receipt.reference == ""


async def test_what_can_be_done_stands_there_as_links(teams: FakeTeams, make: Make) -> None:
    await make().send(told())
    actions = teams.cards[0]["actions"]
    assert [action["type"] for action in actions] == ["Action.OpenUrl"] * 4
    assert actions[1]["url"].endswith(f"/a/{TOKENS['acknowledge']}")


async def test_a_text_from_outside_is_nowhere_read_as_markdown(
    teams: FakeTeams, make: Make
) -> None:
    await make().send(told())
    assert {block["type"] for block in teams.cards[0]["body"]} == {"RichTextBlock"}


async def test_a_page_that_is_none_is_not_opened(teams: FakeTeams, make: Make) -> None:
    await make().send(told())
    assert b"javascript:" not in teams.provider.received[0].body


async def test_a_workflow_that_was_deleted_fails_for_good_and_says_why(
    teams: FakeTeams, make: Make
) -> None:
    with pytest.raises(Permanent, match="404 The workflow could not be found"):
        await make(url=teams.url.replace("manual", "another")).send(told())


@given(st.text(max_size=3000), st.sampled_from(["firing", "resolved", "drill"]))
def test_whatever_is_told_stays_below_the_28_kb_of_a_card(text: str, reason: Reason) -> None:
    plain = told(reason)
    data = plain.payload["data"]
    full = {**data, "summary": text, "do": text, "last_fix": {"text": text}}
    full |= {"error": {"message": text}, "others": [{"title": text, "url": plain.url}] * 9}
    message = replace(plain, subject=text, text=text, payload={"data": full if data else {}})
    assert len(msgspec.json.encode(envelope_of(message))) < 28_000


@pytest.mark.parametrize(
    "url", ["https://example.com/", "ftp://example.com/s1gnature", "s1gnature"]
)
def test_an_address_that_is_no_workflow_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="address of a workflow") as caught:
        to_record(TeamsParams, {"url": url})
    assert "s1gnature" not in str(caught.value)
