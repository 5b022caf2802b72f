"""What comes back to a channel, and what is done about it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.answering.replies import HELP
from sentinel.api import Error, Overloaded, Retryable
from sentinel.books import Audit
from sentinel.installation import Installation
from sentinel.model.delivery import Delivery
from sentinel.signing import Grant
from sentinel.store import alerts, audit, deliveries, sending
from tests.answering.world import World, a_world, installation

STRANGER = "+15005550009"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Read once: catalog and plugins take half a second."""
    return installation(tmp_path_factory.mktemp("installed"))


@pytest.fixture
async def world(tmp_path: Path, installed: Installation) -> AsyncIterator[World]:
    async with a_world(tmp_path, installed) as one:
        yield one


async def test_ack_takes_the_one_incident_that_was_told_of(world: World) -> None:
    await world.breaks("SMS_DOWN")
    answer = await world.say("ack")
    assert answer.startswith("You have incident 1: ")
    assert answer.endswith("Nobody else is called. Reply 1c to close it.")
    assert await world.states() == {1: ("acknowledged", "alice")}


@pytest.mark.parametrize("text", ["1a", "“1 A”", "Ack #1."])
async def test_however_it_is_spelt(world: World, text: str) -> None:
    await world.breaks("SMS_DOWN")
    await world.say(text)
    assert await world.states() == {1: ("acknowledged", "alice")}


async def test_of_several_it_asks_which_one(world: World) -> None:
    await world.breaks("SMS_DOWN", "MAIL_DOWN")
    answer = await world.say("ack")
    assert answer.startswith("Which one? 2: ")
    assert "Reply 2a, for instance." in answer
    assert {state for state, _ in (await world.states()).values()} == {"open"}


async def test_who_takes_what_is_taken_already_is_told_who_has_it(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.say("ack")
    answer = await world.say("ack")
    assert answer.startswith("All that you were told of is taken: 1: ")
    assert "(alice has it)" in answer


async def test_who_was_told_over_another_channel_may_answer_over_this_one(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.database.write(
        lambda conn: conn.execute(
            "UPDATE deliveries SET channel = 'mail', address = 'alice@example.com'"
        )
    )
    assert (await world.say("list")).startswith("1: ")
    assert await world.say("list", "+44 7700 900456") == "Nothing that you were told of is open."
    await world.say("ack")
    assert await world.states() == {1: ("acknowledged", "alice")}


async def test_ack_all_takes_them_all(world: World) -> None:
    await world.breaks("SMS_DOWN", "MAIL_DOWN")
    assert (await world.say("ack all")).startswith("You have incidents 2, 1.")
    assert set((await world.states()).values()) == {("acknowledged", "alice")}


async def test_close_ends_it(world: World) -> None:
    await world.breaks("SMS_DOWN")
    assert (await world.say("close 1")).startswith("Incident 1 is closed: ")
    assert (await world.states())[1][0] == "resolved"


async def test_escalate_calls_the_next_one_at_once(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.say("1e")
    assert ("sms", "bob", "firing", "sent") in await world.sent()


@pytest.mark.parametrize("text", ["what is this", "", "1", "ack or close", "help"])
async def test_what_is_unclear_is_answered_with_help(world: World, text: str) -> None:
    await world.breaks("SMS_DOWN")
    assert await world.say(text) == HELP
    assert await world.states() == {1: ("open", None)}


async def test_who_comes_later_hears_who_has_it(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.say("1a")
    assert (await world.say("1a", "+44 7700 900456")).startswith("alice has had incident 1 since")
    assert (await world.say("1a")).startswith("You have had incident 1 since")


async def test_a_number_that_there_is_not_is_said_so(world: World) -> None:
    assert (await world.say("99a")).startswith("There is no incident 99")
    assert await world.say("ack") == "Nothing that you were told of is open."


async def test_a_stranger_learns_and_changes_nothing(world: World) -> None:
    await world.breaks("SMS_DOWN")
    answer = await world.say("1a", STRANGER)
    assert "does not know you" in answer
    assert "SMS_DOWN" not in answer
    assert await world.states() == {1: ("open", None)}


async def test_strangers_are_answered_only_so_often(world: World) -> None:
    answers = [await world.say("1a", STRANGER) for _ in range(80)]
    assert answers[-1] == ""


async def test_who_answers_too_often_is_told_to_wait_and_changes_nothing(world: World) -> None:
    await world.breaks("SMS_DOWN")
    answers = [await world.say("what?") for _ in range(31)]
    assert "Reply with a number" in answers[-2]
    assert "wait a little" in answers[-1]
    assert "wait a little" in await world.say("1a")
    assert await world.states() == {1: ("open", None)}


async def test_list_names_what_is_open_and_who_has_it(world: World) -> None:
    await world.breaks("SMS_DOWN", "MAIL_DOWN")
    await world.say("1a")
    answer = await world.say("list")
    assert "1: " in answer
    assert "(alice has it)" in answer


async def test_it_stops_every_step_and_the_others_hear_who_has_it(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.say("1e")
    await world.say("1a", "+447700900456")
    assert ("sms", "alice", "acknowledged", "sent") in await world.sent()
    before = await world.sent()
    world.clock.advance(3600)
    await world.outbox.idle()
    assert await world.sent() == before


async def test_what_still_waits_for_somebody_else_is_not_sent(world: World) -> None:
    world.sms.script.append(Retryable("slow down", after=100))
    await world.breaks("SMS_DOWN")
    assert ("sms", "alice", "firing", "pending") in await world.sent()
    await world.say("1a", "+447700900456")
    assert ("sms", "alice", "firing", "superseded") in await world.sent()
    texts = await world.database.read(
        lambda conn: [row[0] for row in conn.execute("SELECT text FROM decisions")]
    )
    assert "bob has it: what still waited for alice on sms is not sent" in texts


async def test_a_button_acts_for_whoever_pressed_it(world: World) -> None:
    await world.breaks("SMS_DOWN")
    answer = await world.answers.chose(world.token("acknowledge"), "+447700900456")
    assert answer.startswith("You have incident 1")
    assert await world.states() == {1: ("acknowledged", "bob")}


async def test_without_an_address_it_acts_for_whom_it_was_made(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.answers.chose(world.token("acknowledge"))
    assert await world.states() == {1: ("acknowledged", "alice")}


async def test_a_stranger_who_presses_is_refused(world: World) -> None:
    await world.breaks("SMS_DOWN")
    assert "does not know you" in await world.answers.chose(world.token("acknowledge"), STRANGER)
    assert await world.states() == {1: ("open", None)}


async def test_a_token_works_once(world: World) -> None:
    await world.breaks("SMS_DOWN")
    token = world.token("escalate")
    await world.answers.chose(token)
    answer = await world.answers.chose(token)
    assert answer.startswith("This was answered before: by alice at ")
    await world.outbox.idle()
    assert [one for one in await world.sent() if one[1:3] == ("bob", "firing")] == [
        ("sms", "bob", "firing", "sent")
    ]


async def test_of_two_presses_at_one_moment_one_acts(world: World) -> None:
    await world.breaks("SMS_DOWN")
    token = world.token("escalate")
    answers = await asyncio.gather(*(world.answers.chose(token) for _ in range(5)))
    await world.outbox.idle()
    assert sum(answer.startswith("More people are called") for answer in answers) == 1
    assert sum(answer.startswith("This was answered before") for answer in answers) == 4


@pytest.mark.parametrize("change", ["expired", "forged", "foreign"])
async def test_what_is_no_valid_token_changes_nothing(world: World, change: str) -> None:
    await world.breaks("SMS_DOWN")
    token = world.token("acknowledge")
    match change:
        case "expired":
            world.clock.advance(4 * 86_400)
        case "forged":
            token = token[:-3] + "AAA"
        case "foreign":
            grant = Grant("manage", "incident:1", "alice", 2_000_000_000)
            token = world.signer.sign(grant)
    assert (await world.answers.chose(token)).startswith("This link ")
    assert (await world.states())[1][0] == "open"


async def test_what_is_done_stands_in_the_audit_trail(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.say("1a")
    (entry,) = await world.database.read(lambda conn: audit.entries(conn))
    assert (entry.actor, entry.action, entry.object, entry.detail) == (
        "alice",
        "incident acknowledged",
        "incident 1",
        "by sms",
    )


async def test_what_was_taken_at_the_provider_is_taken_here(world: World) -> None:
    await world.breaks("SMS_DOWN")
    thread = world.sms.accepted[-1].thread
    await world.answers.acted(thread, "acknowledge", "Alice at the desk")
    assert await world.states() == {1: ("acknowledged", "Alice at the desk (sms)")}
    await world.answers.acted(thread, "resolve", "Alice at the desk")
    assert (await world.states())[1][0] == "resolved"


@pytest.mark.parametrize("thread", ["", "x", "other-incident-1", "-incident-", "a-incident-1x"])
async def test_a_thread_of_somewhere_else_is_passed_over(world: World, thread: str) -> None:
    await world.breaks("SMS_DOWN")
    await world.answers.acted(thread, "acknowledge", "alice")
    assert await world.states() == {1: ("open", None)}


async def test_a_receipt_is_kept_with_its_delivery(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.answers.receipt("memory-1", "delivered")
    rows = await world.database.read(
        lambda conn: [tuple(r) for r in conn.execute("SELECT state, outcome FROM deliveries")]
    )
    assert rows == [("sent", "delivered")]


async def test_what_did_not_arrive_goes_to_the_fallback(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.answers.receipt("memory-1", "undelivered", "30003 unreachable")
    await world.outbox.idle()
    assert await world.sent() == [
        ("sms", "alice", "firing", "failed"),
        ("mail", "alice", "firing", "sent"),
    ]


async def test_a_report_that_comes_twice_falls_back_once(world: World) -> None:
    await world.breaks("SMS_DOWN")
    for _ in range(3):
        await world.answers.receipt("memory-1", "undelivered", "30003")
    await world.outbox.idle()
    assert len(world.mail.accepted) == 1


async def test_what_has_arrived_is_not_lost_by_a_report_that_was_late(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.answers.receipt("memory-1", "delivered")
    await world.answers.receipt("memory-1", "undelivered", "a late one")
    await world.outbox.idle()
    assert await world.sent() == [("sms", "alice", "firing", "sent")]


async def test_a_receipt_of_something_unknown_is_passed_over(world: World) -> None:
    waiting = asyncio.create_task(world.answers.receipt("nothing", "delivered"))
    while not waiting.done():
        world.clock.advance(1)
        await asyncio.sleep(0.001)
    await waiting
    assert await world.sent() == []


async def test_what_was_on_its_way_when_somebody_took_it_is_not_tried_again(world: World) -> None:
    world.sms.script.append("hang")
    await world.pipeline.accept("shop", [Error(code="SMS_DOWN", message="broken")])
    await world.sms.called.wait()
    await world.answers.said("+447700900456", "1a")
    world.clock.advance(31)
    await world.outbox.idle()
    world.clock.advance(600)
    await world.outbox.idle()
    assert ("sms", "alice", "firing", "superseded") in await world.sent()
    assert [one.reason for one in world.sms.attempts] == ["firing", "acknowledged"]


async def test_what_was_on_its_way_at_a_kill_is_not_sent_once_somebody_has_it(world: World) -> None:
    world.sms.script.append("hang")
    await world.pipeline.accept("shop", [Error(code="SMS_DOWN", message="broken")])
    await world.sms.called.wait()
    await world.answers.said("+447700900456", "1a")
    world.outbox.abandon()
    await world.outbox.start()
    await world.outbox.idle()
    assert ("sms", "alice", "firing", "superseded") in await world.sent()


async def test_what_failed_is_handed_to_no_other_channel_once_somebody_has_it(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.say("1a", "+447700900456")
    await world.answers.receipt("memory-1", "undelivered", "30003 unreachable")
    await world.outbox.idle()
    assert world.mail.accepted == []


async def test_a_call_for_several_waits_until_all_of_them_are_taken(world: World) -> None:
    world.sms.script.extend([Retryable("no")] * 200)
    world.mail.script.extend([Retryable("no")] * 200)
    await world.breaks("SMS_DOWN", "MAIL_DOWN")
    for _ in range(60):
        world.clock.advance(5)
        await world.outbox.idle()
    found = await world.database.read(lambda conn: deliveries.listing(conn, state="pending"))
    (both,) = (one for one in found if one.also and one.person == "alice")
    await world.say("1a", "+447700900456")
    assert await state_of(world, both.id) == "pending"
    await world.say("2a", "+447700900456")
    assert await state_of(world, both.id) == "superseded"


async def state_of(world: World, number: int) -> str:
    found = await world.database.read(lambda conn: deliveries.get(conn, number))
    assert found is not None
    return found.state


async def diverted(world: World) -> None:
    """The page waits on both channels."""
    world.sms.script.extend([Retryable("no")] * 1000)
    world.mail.script.extend([Retryable("no")] * 1000)
    await world.pipeline.accept("shop", [Error(code="SMS_DOWN", message="broken")])
    for _ in range(26):
        world.clock.advance(5)
        await world.outbox.idle()
    assert await world.sent() == [
        ("sms", "alice", "firing", "pending"),
        ("mail", "alice", "firing", "pending"),
    ]


async def tried_again(world: World) -> None:
    for _ in range(15):
        world.clock.advance(5)
        await world.outbox.idle()


@pytest.mark.parametrize(("first", "other"), [("sms", "mail"), ("mail", "sms")])
async def test_what_was_left_out_for_one_that_did_not_arrive_is_sent(
    world: World, first: str, other: str
) -> None:
    await diverted(world)
    getattr(world, first).script.clear()
    await tried_again(world)
    assert (other, "alice", "firing", "superseded") in await world.sent()
    getattr(world, other).script.clear()
    await world.answering.of(first).receipt("memory-1", "undelivered", "30003 unreachable")
    await tried_again(world)
    assert sorted(await world.sent())[:2] == sorted(
        [(first, "alice", "firing", "failed"), (other, "alice", "firing", "sent")]
    )


async def test_one_that_arrived_after_all_keeps_its_copy_from_being_sent(world: World) -> None:
    world.mail.script.extend([Retryable("no")] * 1000)
    await world.breaks("SMS_DOWN")
    await world.answers.receipt("memory-1", "undelivered")
    await world.outbox.idle()
    await world.answers.receipt("memory-1", "delivered")
    assert await world.sent() == [
        ("sms", "alice", "firing", "sent"),
        ("mail", "alice", "firing", "superseded"),
    ]


async def test_one_that_is_sent_again_can_be_lost_again(world: World) -> None:
    await world.breaks("SMS_DOWN")
    await world.answers.receipt("memory-1", "undelivered")
    await world.database.write(
        lambda conn: sending.send_again(conn, 1, world.clock.now()),
    )
    await world.outbox.idle()
    assert await state_of(world, 1) in ("sent", "superseded")
    await world.database.write(
        lambda conn: sending.mark_sent(conn, 1, "", world.clock.now(), "again")
    )
    await world.answers.receipt("again", "undelivered")
    assert await state_of(world, 1) == "failed"


async def folded(world: World) -> None:
    """Incident 2 turns out to follow from incident 1."""
    await world.breaks("SMS_DOWN", "MAIL_DOWN")

    def fold(conn: sqlite3.Connection) -> None:
        found = alerts.get_incident(conn, 2)
        assert found is not None
        alerts.save_incidents(conn, [replace(found, state="resolved", resolved=world.clock.now())])
        conn.execute("UPDATE alerts SET incident_id = 1 WHERE incident_id = 2")

    await world.database.write(fold)


async def test_taking_what_was_folded_takes_that_in_which_it_goes_on(world: World) -> None:
    await folded(world)
    answer = await world.say("2a")
    assert answer.startswith("Incident 2 goes on as incident 1. You have incident 1: ")
    assert (await world.states())[1] == ("acknowledged", "alice")


async def test_closing_what_was_folded_does_not_close_its_cause(world: World) -> None:
    await folded(world)
    answer = await world.say("2c")
    assert answer.startswith("Incident 2 goes on as incident 1. To close that, reply 1c")
    assert (await world.states())[1] == ("open", None)


async def test_a_link_for_several_that_was_interrupted_works_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sms.script.extend([Retryable("no")] * 200)
    world.mail.script.extend([Retryable("no")] * 200)
    await world.breaks("SMS_DOWN", "MAIL_DOWN")
    for _ in range(60):
        world.clock.advance(5)
        await world.outbox.idle()
    world.sms.script.clear()
    await tried_again(world)
    message = next(one for one in world.sms.accepted if len(one.choices) == 1)
    token, command = world.token("acknowledge", message), world.pipeline.command

    async def once(*given: Any) -> bool:
        monkeypatch.setattr(world.pipeline, "command", refuse)
        return await command(*given)

    async def refuse(*_: Any) -> bool:
        raise Overloaded("full", 1.0)

    monkeypatch.setattr(world.pipeline, "command", once)
    assert "could not take that" in await world.answers.chose(token)
    monkeypatch.setattr(world.pipeline, "command", command)
    await world.answers.chose(token)
    assert set((await world.states()).values()) == {("acknowledged", "alice")}
    assert (await world.answers.chose(token)).startswith("This was answered before")


async def test_the_link_of_somebody_who_has_left_works_no_more(world: World) -> None:
    await world.breaks("SMS_DOWN")
    world.config = replace(world.config, people={"bob": world.config.people["bob"]})
    assert "not known here any more" in await world.answers.chose(world.token("acknowledge"))
    assert (await world.states())[1] == ("open", None)


async def test_of_two_who_share_a_telephone_it_is_the_one_who_was_called(world: World) -> None:
    await world.breaks("SMS_DOWN")
    alice = world.config.people["alice"]
    both = {"adam": replace(alice, name="adam"), "alice": alice}
    world.config = replace(world.config, people=both)
    await world.say("1a")
    assert (await world.states())[1] == ("acknowledged", "alice")


async def test_what_is_told_twice_over_is_in_the_books_once(world: World) -> None:
    world.sms.script.extend([Retryable("no")] * 200)
    world.mail.script.extend([Retryable("no")] * 200)
    await world.breaks("SMS_DOWN", "MAIL_DOWN", "DB_DOWN")
    for _ in range(60):
        world.clock.advance(5)
        await world.outbox.idle()
    world.sms.script.clear()
    await tried_again(world)
    assert any(one.also for one in await listed(world))
    found = await world.database.read(lambda conn: Audit(0.0, world.clock.now()).run(conn))
    assert found.imbalances == []


async def listed(world: World) -> list[Delivery]:
    return await world.database.read(lambda conn: deliveries.listing(conn, limit=200))
