"""Whom a page for what is over still reaches: nobody. Its end is told where it was begun."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from sentinel.api import Capabilities, Permanent, Reason
from sentinel.store import alerts, decisions
from tests.outbox_world import World
from tests.test_outbox_merging import DOWN, incident, keep

RINGS = Capabilities(only=frozenset({"firing", "assigned"}))
CALLS: list[Reason] = [
    "firing",
    "assigned",
    "cause_found",
    "remedy_failed",
    "reminder",
    "acknowledged",
    "ack_expiring",
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """`mail` falls back to `sms`."""
    world = World(tmp_path)
    yield world
    await world.outbox.stop()
    world.close()


def is_over(world: World, number: int = 1) -> None:
    world.ask(partial(keep, incident(number, severity="critical", state="resolved", resolved=2.0)))


def states(world: World) -> dict[tuple[str, str], str]:
    return {(one.channel, one.reason): one.state for one in world.all()}


@pytest.mark.parametrize("reason", CALLS)
async def test_a_call_that_failed_goes_to_no_fallback_once_all_is_over(
    world: World, reason: Reason
) -> None:
    world.mail.script.extend(["hang"])
    await world.outbox.start()
    world.enqueue(reason=reason)
    world.outbox.notify()
    await world.mail.called.wait()
    is_over(world)
    world.mail.script.append(Permanent("no such mailbox"))
    world.clock.advance(31)
    await world.pass_time(200, step=5)
    assert world.sms.attempts == []


async def test_a_page_that_waits_too_long_goes_to_no_fallback_once_it_is_over(world: World) -> None:
    world.mail.script.extend([DOWN] * 500)
    await world.outbox.start()
    world.enqueue()
    await world.pass_time(60, step=5)
    is_over(world)
    await world.pass_time(300, step=5)
    assert [one.channel for one in world.all()] == ["mail"]


async def test_a_copy_that_waits_itself_is_not_sent_once_it_is_over(world: World) -> None:
    world.mail.script.append(Permanent("no such mailbox"))
    world.sms.script.extend([DOWN] * 3)
    await world.outbox.start()
    world.enqueue()
    await world.pass_time(2)
    assert len(world.sms.attempts) > 0
    is_over(world)
    await world.pass_time(200, step=5)
    assert world.sms.accepted == []
    assert states(world)["sms", "firing"] == "superseded"


async def test_a_page_that_a_provider_lost_goes_to_no_fallback_once_it_is_over(
    world: World,
) -> None:
    await world.outbox.start()
    page = world.enqueue()
    await world.outbox.idle()
    is_over(world)
    await world.outbox.report(world.get(page), "undelivered", "mailbox full")
    await world.outbox.idle()
    assert [one.channel for one in world.all()] == ["mail"]


async def test_of_what_was_over_before_it_could_be_told_only_the_end_is_told(world: World) -> None:
    world.mail.script.extend([DOWN] * 2)
    await world.outbox.start()
    page = world.enqueue()
    await world.pass_time(1)
    is_over(world)
    world.enqueue(reason="resolved")
    await world.pass_time(60)
    assert [one.reason for one in world.mail.accepted] == ["resolved"]
    assert world.get(page).error == "it was over before this could be sent"


async def test_that_a_page_was_left_out_stands_in_the_incidents_history(world: World) -> None:
    world.mail.script.append(DOWN)
    await world.outbox.start()
    world.enqueue()
    await world.pass_time(0.5)
    is_over(world)
    await world.pass_time(60)
    (note,) = world.ask(lambda conn: decisions.of_incident(conn, 1))
    assert (note.verb, note.reason) == ("not_delivered", "recovered")
    assert "firing to alice by mail is left out" in note.text


async def test_what_goes_on_in_its_cause_is_not_over(world: World) -> None:
    cause = incident(2, severity="critical")
    folded = incident(1, state="resolved", resolved=2.0, folded_into=2)
    world.ask(lambda conn: alerts.save_incidents(conn, [folded, cause]))
    await world.outbox.start()
    page = world.enqueue(incident=1)
    await world.outbox.idle()
    assert world.get(page).state == "sent"


async def test_while_one_of_its_incidents_goes_on_a_page_is_sent(world: World) -> None:
    is_over(world, 1)
    world.ask(partial(keep, incident(2, severity="critical")))
    await world.outbox.start()
    world.enqueue(incident=1, also=(2,))
    await world.outbox.idle()
    assert [world.told(one) for one in world.mail.accepted] == [{1, 2}]


@pytest.mark.parametrize(
    ("able", "told"),
    [
        (Capabilities(merges=False), ["firing", "resolved"]),
        (Capabilities(merges=False, ack=True), ["resolved"]),
    ],
)
async def test_a_program_hears_of_the_beginning_too_unless_people_answer_there(
    world: World, able: Capabilities, told: list[str]
) -> None:
    world.mail.capabilities = able  # type: ignore[misc]
    is_over(world)
    await world.outbox.start()
    world.enqueue()
    world.enqueue(reason="resolved")
    await world.pass_time(5)
    assert [one.reason for one in world.mail.accepted] == told


async def test_the_end_goes_to_the_fallback_of_whoever_was_told_there(world: World) -> None:
    await world.outbox.start()
    world.enqueue(channel="sms")
    await world.outbox.idle()
    is_over(world)
    world.mail.script.append(Permanent("no such mailbox"))
    world.enqueue(reason="resolved")
    await world.outbox.idle()
    assert [one.reason for one in world.sms.accepted] == ["firing", "resolved"]


async def test_the_end_of_what_nobody_heard_of_goes_to_no_fallback(world: World) -> None:
    is_over(world)
    world.mail.script.append(Permanent("no such mailbox"))
    await world.outbox.start()
    world.enqueue(reason="resolved")
    await world.outbox.idle()
    assert world.sms.attempts == []


async def test_a_channel_that_only_calls_is_no_fallback_for_an_end(world: World) -> None:
    world.sms.capabilities = RINGS  # type: ignore[misc]
    await world.outbox.start()
    world.enqueue()
    await world.outbox.idle()
    world.mail.script.append(Permanent("no such mailbox"))
    world.enqueue(reason="resolved")
    await world.outbox.idle()
    assert world.sms.attempts == []


async def test_calls_that_waited_together_and_are_over_ring_nobody(world: World) -> None:
    world.channels = [replace(world.channels[0], fallback=None), world.channels[1]]
    world.mail.capabilities = RINGS  # type: ignore[misc]
    world.new_outbox()
    world.mail.script.extend([DOWN] * 500)
    await world.outbox.start()
    for number in (1, 2):
        world.ask(partial(keep, incident(number, severity="critical")))
        world.enqueue(incident=number)
    await world.pass_time(400, step=5)
    assert any(len(one.incidents) == 2 for one in world.all()), "they became one"
    is_over(world, 1)
    is_over(world, 2)
    world.mail.script.clear()
    await world.pass_time(100, step=5)
    assert world.mail.accepted == []


async def test_the_end_of_what_had_waited_in_one_is_told_once(world: World) -> None:
    world.channels = [replace(world.channels[0], fallback=None), world.channels[1]]
    world.new_outbox()
    world.mail.script.extend([DOWN] * 500)
    await world.outbox.start()
    for number in (1, 2):
        world.ask(partial(keep, incident(number, severity="critical")))
        world.enqueue(incident=number)
    await world.pass_time(400, step=5)
    for number in (1, 2):
        is_over(world, number)
        world.enqueue(incident=number, reason="resolved")
    world.mail.script.clear()
    await world.pass_time(100, step=5)
    (message,) = world.mail.accepted
    assert (message.reason, world.told(message)) == ("resolved", {1, 2})


async def test_what_told_of_an_end_for_others_still_tells_of_it_once_all_is_over(
    world: World,
) -> None:
    world.channels = [replace(world.channels[0], fallback=None), world.channels[1]]
    world.new_outbox()
    world.mail.script.extend([DOWN] * 500)
    await world.outbox.start()
    for number in (1, 2):
        world.ask(partial(keep, incident(number, severity="critical")))
        world.enqueue(incident=number)
    is_over(world, 1)
    world.enqueue(incident=1, reason="resolved")
    await world.pass_time(400, step=5)
    is_over(world, 2)
    world.mail.script.clear()
    await world.pass_time(100, step=5)
    (message,) = world.mail.accepted
    assert message.reason == "resolved"
    assert world.told(message) >= {1}
