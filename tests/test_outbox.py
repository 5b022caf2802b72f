"""The outbox against a real database, a clock that stands still and notifiers in memory."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from sentinel.api import Permanent, Retryable, Secret
from sentinel.errors import StoreError
from sentinel.model.delivery import Delivery, Message, Reason
from sentinel.outbox import Channel, Outbox
from sentinel.store import deliveries, sending
from sentinel.testing.notifier import MemoryNotifier
from tests.outbox_world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    world.outbox.abandon()
    await asyncio.sleep(0)
    world.close()


async def test_a_delivery_is_sent_once_and_keeps_its_receipt(world: World) -> None:
    id = world.enqueue()
    await world.outbox.start()
    await world.outbox.idle()
    sent = world.get(id)
    assert (sent.state, sent.attempts, sent.receipt) == ("sent", 1, "memory-1")
    assert [message.key for message in world.mail.accepted] == [sent.key]


async def test_whoever_watches_hears_of_a_message_once_it_was_sent(world: World) -> None:
    id = world.enqueue()
    seen: list[str] = []
    world.outbox = Outbox(
        world.database,
        world.channels,
        world.compose,
        lambda channel, person: None,
        world.clock,
        Random(7),
        on_change=lambda: seen.append(world.get(id).state),
    )
    await world.outbox.start()
    await world.outbox.idle()
    assert seen == ["sent"]


async def test_what_is_written_while_it_runs_is_sent_when_it_is_notified(world: World) -> None:
    await world.outbox.start()
    await world.outbox.idle()
    id = world.enqueue()
    world.outbox.notify(("mail",))
    await world.outbox.idle()
    assert world.get(id).state == "sent"


async def test_what_was_written_by_a_clock_that_was_ahead_is_not_waited_for(world: World) -> None:
    world.mail.script.extend([Retryable("busy")])
    world.clock.step(86_400)
    id = world.enqueue(severity="warning")
    await world.outbox.start()
    await world.outbox.idle()
    world.clock.step(-86_400)
    await world.pass_time(70)
    # The outbox may be idle while its sweeper still reads.
    async with asyncio.timeout(10):
        await world.until(lambda: world.get(id).state == "sent")


async def test_a_retryable_failure_is_tried_again_after_a_growing_delay(world: World) -> None:
    world.mail.script.extend([Retryable("busy"), Retryable("busy"), None])
    id = world.enqueue(severity="warning")
    await world.outbox.start()
    await world.outbox.idle()
    assert (world.get(id).state, world.get(id).error) == ("pending", "busy")
    await world.pass_time(0.7)
    assert len(world.mail.attempts) == 1
    await world.pass_time(0.6)
    assert len(world.mail.attempts) == 2
    await world.pass_time(1.4)
    assert len(world.mail.attempts) == 2
    await world.pass_time(1.2)
    assert (world.get(id).state, world.get(id).attempts) == ("sent", 3)


async def test_every_attempt_sends_the_same_bytes(world: World) -> None:
    world.mail.script.extend([Retryable("busy"), None])
    world.enqueue()
    await world.outbox.start()
    await world.outbox.idle()
    await world.pass_time(2)
    first, second = world.mail.attempts
    assert first == second


async def test_a_later_message_names_the_first_one_of_its_incident_and_address(
    world: World,
) -> None:
    await world.outbox.start()
    for incident in (1, 2, 1, 1):
        world.enqueue(reason="cause_found", incident=incident)
        world.outbox.notify()
        await world.outbox.idle()
    assert [one.previous for one in world.mail.accepted] == ["", "", "memory-1", "memory-1"]


async def test_what_was_composed_before_the_first_was_out_names_it_all_the_same(
    world: World,
) -> None:
    world.mail.script.extend([None, Retryable("busy")])
    world.enqueue(reason="firing", severity="warning")
    world.enqueue(reason="cause_found", severity="warning")
    await world.outbox.start()
    await world.pass_time(200)
    assert [one.previous for one in world.mail.accepted] == ["", "memory-1"]
    stored = world.ask(lambda conn: [deliveries.message(conn, id) for id in (1, 2)])
    assert [one.previous for one in stored if one] == ["", ""]


@pytest.mark.parametrize("reasons", [("veto", "firing"), ("firing", "veto"), ("veto", "veto")])
async def test_a_page_and_the_question_to_clients_never_take_each_others_place(
    world: World, reasons: tuple[Reason, Reason]
) -> None:
    await world.outbox.start()
    for reason in reasons:
        world.enqueue(reason=reason, incident=1)
        world.outbox.notify()
        await world.outbox.idle()
    assert [one.previous for one in world.mail.accepted] == ["", ""]


async def test_a_message_that_did_not_arrive_is_not_named_as_the_first(world: World) -> None:
    await world.outbox.start()
    lost = world.enqueue(reason="cause_found")
    world.outbox.notify()
    await world.outbox.idle()
    world.ask(
        lambda conn: conn.execute(
            "UPDATE deliveries SET outcome = 'undelivered' WHERE id = ?", (lost,)
        )
    )
    world.enqueue(reason="cause_found")
    world.outbox.notify()
    await world.outbox.idle()
    assert [one.previous for one in world.mail.accepted] == ["", ""]


async def test_the_wait_that_a_provider_asks_for_is_kept(world: World) -> None:
    world.mail.script.append(Retryable("slow down", after=90))
    id = world.enqueue(severity="warning")
    await world.outbox.start()
    await world.outbox.idle()
    await world.pass_time(89)
    assert len(world.mail.attempts) == 1
    await world.pass_time(30)
    assert world.get(id).state == "sent"


async def test_a_permanent_failure_goes_to_the_fallback_under_a_new_key(world: World) -> None:
    world.mail.script.append(Permanent("no such mailbox"))
    id = world.enqueue()
    await world.outbox.start()
    await world.outbox.idle()
    failed = world.get(id)
    copy = next(delivery for delivery in world.all() if delivery.fallback_of == id)
    assert (failed.state, failed.error) == ("failed", "no such mailbox")
    assert (copy.channel, copy.address, copy.state) == ("sms", "+44 7700 900123", "sent")
    assert copy.key != failed.key


async def test_without_an_address_for_the_fallback_the_failure_stands_alone(world: World) -> None:
    world.mail.script.append(Permanent("no such mailbox"))
    id = world.enqueue(person="bob")
    await world.outbox.start()
    await world.outbox.idle()
    assert [delivery.id for delivery in world.all()] == [id]
    assert world.get(id).state == "failed"


async def test_a_failed_test_message_stays_on_its_channel(world: World) -> None:
    world.mail.script.append(Permanent("no such mailbox"))
    world.enqueue(reason="test")
    await world.outbox.start()
    await world.outbox.idle()
    assert [delivery.state for delivery in world.all()] == ["failed"]


async def test_a_delivery_is_given_up_after_a_day(world: World) -> None:
    world.mail.script.extend([Retryable("busy")] * 1000)
    id = world.enqueue(severity="warning")
    await world.outbox.start()
    await world.outbox.idle()
    await world.pass_time(86_400 + 600, step=120)
    assert world.get(id).state == "failed"
    assert [delivery.channel for delivery in world.all() if delivery.state == "sent"] == ["sms"]


async def test_a_notifier_that_hangs_is_timed_out_and_called_again(world: World) -> None:
    world.mail.script.append("hang")
    id = world.enqueue()
    await world.outbox.start()
    await world.mail.called.wait()
    world.clock.advance(30)
    await world.outbox.idle()
    assert world.get(id).error == "no answer within 30 s"
    await world.pass_time(2)
    assert world.get(id).state == "sent"


@pytest.mark.parametrize(
    "bug", [ValueError("x"), SystemExit(1), asyncio.CancelledError()], ids=lambda bug: repr(bug)
)
async def test_a_notifier_that_crashes_is_tried_again(world: World, bug: BaseException) -> None:
    world.mail.script.append(bug)
    id = world.enqueue()
    await world.outbox.start()
    await world.outbox.idle()
    await world.pass_time(2)
    assert world.get(id).state == "sent"


async def test_a_page_overtakes_what_waits_for_the_rate_limit(world: World) -> None:
    world.channels[0] = replace(world.channels[0], rate=2)
    world.new_outbox()
    for incident in range(3):
        world.enqueue(severity="info", incident=incident)
    await world.outbox.start()
    await world.outbox.idle()
    page = world.enqueue(severity="critical", incident=9)
    world.outbox.notify()
    await world.pass_time(31)
    assert [message.subject for message in world.mail.accepted] == ["firing 0", "firing 9"]
    assert world.get(page).state == "sent"


async def test_the_rate_limit_holds_over_a_minute(world: World) -> None:
    world.channels[0] = replace(world.channels[0], rate=6)
    world.new_outbox()
    for incident in range(30):
        world.enqueue(incident=incident)
    await world.outbox.start()
    await world.outbox.idle()
    assert len(world.mail.accepted) == 3
    await world.pass_time(60)
    assert len(world.mail.accepted) == 9


async def test_slow_bulk_leaves_a_place_for_a_page(world: World) -> None:
    world.channels[0] = replace(world.channels[0], concurrency=2)
    world.new_outbox()
    world.mail.script.append("hang")
    for incident in range(2):
        world.enqueue(severity="info", incident=incident)
    await world.outbox.start()
    await world.mail.called.wait()
    page = world.enqueue(incident=9)
    world.outbox.notify()
    await world.until(lambda: world.get(page).state == "sent")
    assert [message.subject for message in world.mail.attempts] == ["firing 0", "firing 9"]


async def test_a_failing_channel_is_paused_and_then_tried_with_one_delivery(world: World) -> None:
    world.mail.script.extend([Retryable("down")] * 1000)
    for incident in range(20):
        world.enqueue(severity="warning", incident=incident)
    await world.outbox.start()
    await world.outbox.idle()
    at_once = len(world.mail.attempts)
    await world.pass_time(60)
    assert at_once <= 20
    # Tried every 5, 10, 20, 40 … seconds rather than twenty times as often.
    assert len(world.mail.attempts) - at_once <= 8
    assert world.outbox.health()["mail"].paused


async def test_a_page_is_tried_every_minute_or_so_however_long_the_channel_is_down(
    world: World,
) -> None:
    world.mail.script.extend([Retryable("down")] * 1000)
    world.enqueue(person="bob")
    await world.outbox.start()
    await world.pass_time(3600, step=5)
    assert 50 <= len(world.mail.attempts) <= 90


async def test_while_the_trial_of_a_failing_channel_hangs_new_pages_are_tried(
    world: World,
) -> None:
    world.channels = [replace(world.channels[0], fallback=None), world.channels[1]]
    world.new_outbox()
    world.mail.script.extend([Retryable("no connection")] * 3 + ["hang"])
    await world.outbox.start()
    world.enqueue(severity="warning")
    await world.pass_time(8)
    world.clock.advance(60)
    world.outbox.notify()
    await world.until(lambda: len(world.mail.attempts) == 4)
    page, news = world.enqueue(incident=2), world.enqueue(incident=3, severity="warning")
    world.outbox.notify()
    await world.until(lambda: world.get(page).state == "sent")
    assert world.get(news).state == "pending", "only what may wake somebody overtakes the trial"


async def test_what_waited_goes_out_as_soon_as_the_channel_works_again(world: World) -> None:
    world.mail.script.extend([Retryable("down")] * 40)
    for incident in range(1, 10):
        world.enqueue(severity="warning", incident=incident)
    await world.outbox.start()
    await world.pass_time(1200)
    world.mail.script.clear()
    await world.pass_time(90)
    assert {delivery.state for delivery in world.all()} == {"sent", "superseded"}
    (message,) = world.mail.accepted
    assert world.told(message) == set(range(1, 10))
    assert world.outbox.health()["mail"].failing_for is None


async def test_a_page_that_is_not_out_after_two_minutes_goes_to_the_fallback_too(
    world: World,
) -> None:
    world.mail.script.extend([Retryable("down")] * 1000)
    page, bulk = world.enqueue(), world.enqueue(severity="warning", incident=2)
    await world.outbox.start()
    await world.pass_time(119)
    assert world.sms.accepted == []
    await world.pass_time(3)
    assert [message.subject for message in world.sms.accepted] == ["firing 1"]
    assert world.get(page).state == "superseded"
    assert world.get(bulk).state == "pending"


async def test_a_page_for_a_channel_known_to_fail_goes_to_the_fallback_at_once(
    world: World,
) -> None:
    world.mail.script.extend([Retryable("down")] * 1000)
    world.enqueue(severity="warning")
    await world.outbox.start()
    await world.pass_time(125)
    page = world.enqueue(incident=9)
    world.outbox.notify()
    await world.outbox.idle()
    assert [message.subject for message in world.sms.accepted] == ["firing 9"]
    assert world.get(page).state == "superseded"


async def test_when_the_first_channel_comes_back_the_copy_is_dropped(world: World) -> None:
    world.mail.script.extend([Retryable("down")] * 9)
    world.sms.script.extend([Retryable("down")] * 1000)
    page = world.enqueue()
    await world.outbox.start()
    await world.pass_time(600)
    copy = next(delivery for delivery in world.all() if delivery.fallback_of == page)
    assert (world.get(page).state, copy.state) == ("sent", "superseded")


async def test_an_all_clear_waits_for_the_alarm_that_it_ends(world: World) -> None:
    world.mail.script.append(Retryable("busy"))
    world.enqueue(severity="warning")
    await world.outbox.start()
    await world.outbox.idle()
    world.enqueue(reason="resolved", severity="warning")
    world.outbox.notify()
    await world.outbox.idle()
    assert world.mail.accepted == []
    await world.pass_time(2)
    assert [message.reason for message in world.mail.accepted] == ["firing", "resolved"]


async def test_a_channel_that_fails_does_not_hold_up_another(world: World) -> None:
    world.mail.script.append("hang")
    world.enqueue()
    other = world.enqueue(channel="sms")
    await world.outbox.start()
    await world.mail.called.wait()
    await world.until(lambda: world.get(other).state == "sent")


async def test_a_message_that_cannot_be_composed_is_still_sent(world: World) -> None:
    def broken(conn: sqlite3.Connection, delivery: Delivery) -> Message:
        raise KeyError("title")

    world.compose = broken
    world.enqueue()
    await world.outbox.start()
    await world.outbox.idle()
    assert world.mail.accepted[0].subject == "[critical] incident 1: firing"


async def test_a_text_that_cannot_be_stored_does_not_block_the_channel(world: World) -> None:
    world.compose = lambda conn, delivery: Message(
        key=delivery.key, to="", reason="firing", severity="", subject="\ud800", text=""
    )
    world.enqueue()
    await world.outbox.start()
    await world.outbox.idle()
    assert world.mail.accepted[0].subject == "[critical] incident 1: firing"


async def test_what_was_under_way_at_a_crash_is_sent_again_with_the_same_key(
    world: World,
) -> None:
    world.mail.script.append("take and hang")
    world.enqueue()
    await world.outbox.start()
    await world.mail.called.wait()
    world.outbox.abandon()
    await world.new_outbox().start()
    await world.outbox.idle()
    assert len({message.key for message in world.mail.accepted}) == 1
    assert len(world.mail.accepted) == 2


async def test_a_message_that_kills_the_process_each_time_waits_longer_each_time(
    world: World,
) -> None:
    id = world.enqueue()
    waits = []
    for _ in range(4):
        now = world.clock.now()
        world.ask(partial(sending.claim, id=id, now=now))
        world.ask(partial(sending.release_stale, now=now))
        waits.append(world.get(id).due - now)
        world.clock.advance(waits[-1])
    assert waits == [0, 1, 2, 4]


async def test_stopping_waits_for_what_is_under_way(world: World) -> None:
    release = asyncio.Event()

    class Slow(MemoryNotifier):
        async def send(self, message: Message) -> Any:
            self.called.set()
            await release.wait()
            return await super().send(message)

    slow = Slow(world.clock)
    world.new_outbox([Channel(name="mail", notifier=slow)])
    id = world.enqueue()
    await world.outbox.start()
    await slow.called.wait()
    stopping = asyncio.create_task(world.outbox.stop(drain=5))
    await asyncio.sleep(0)
    later = world.enqueue(incident=2)
    release.set()
    await stopping
    assert (world.get(id).state, world.get(later).state) == ("sent", "pending")


async def test_stopping_does_not_wait_for_ever(world: World) -> None:
    world.mail.script.append("hang")
    id = world.enqueue()
    await world.outbox.start()
    await world.mail.called.wait()
    stopping = asyncio.create_task(world.outbox.stop(drain=5))
    while not stopping.done():
        world.clock.advance(1)
        await asyncio.sleep(0)
    assert world.get(id).state == "sending"


async def test_a_channel_that_a_reload_took_away_fails_its_deliveries_visibly(
    world: World,
) -> None:
    id = world.enqueue(channel="sms")
    world.new_outbox([Channel(name="mail", notifier=world.mail)])
    await world.outbox.start()
    await world.until(lambda: world.get(id).state != "pending")
    assert world.get(id).error == "no channel 'sms' is configured any more"


async def test_reconfigured_channels_take_over_what_waits(world: World) -> None:
    world.mail.script.extend([Retryable("down")] * 100)
    id = world.enqueue(severity="warning")
    await world.outbox.start()
    await world.outbox.idle()
    other = MemoryNotifier(world.clock)
    await world.outbox.reconfigure(
        [Channel(name="mail", notifier=other)], lambda channel, person: None
    )
    await world.pass_time(2)
    assert world.get(id).state == "sent"
    assert len(other.accepted) == 1


async def test_a_reload_does_not_wait_for_a_provider_that_hangs(world: World) -> None:
    world.mail.script.append("hang")
    stuck = world.enqueue()
    await world.outbox.start()
    await world.mail.called.wait()
    other = MemoryNotifier(world.clock)
    reloading = asyncio.create_task(
        world.outbox.reconfigure(
            [Channel(name="mail", notifier=other)], lambda channel, person: None, drain=5
        )
    )
    later = world.enqueue(incident=2)
    await world.until(lambda: world.get(later).state == "sent")
    assert not reloading.done()
    while not reloading.done():
        world.clock.advance(1)
        await asyncio.sleep(0)
    await world.outbox.idle()
    assert (world.get(stuck).state, world.get(stuck).attempts) == ("sent", 2)
    assert len(other.accepted) == 2


async def test_pages_without_a_fallback_address_do_not_hide_those_that_have_one(
    world: World,
) -> None:
    world.mail.script.extend([Retryable("down")] * 1000)
    for incident in range(150):
        world.enqueue(person="bob", incident=incident)
    page = world.enqueue(incident=999)
    await world.outbox.start()
    await world.pass_time(130, step=10)
    assert world.get(page).state == "superseded"


class Refusing:
    """A store that refuses writes while `full`, as a full disk does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.full = True
        self.refused = asyncio.Event()

    async def read(self, query: Callable[[sqlite3.Connection], Any]) -> Any:
        return await self.world.database.read(query)

    async def write(self, change: Callable[[sqlite3.Connection], Any]) -> Any:
        if self.full:
            self.refused.set()
            raise StoreError("disk full")
        return await self.world.database.write(change)


async def test_nothing_is_sent_that_cannot_be_claimed(world: World) -> None:
    world.store = store = Refusing(world)
    id = world.enqueue()
    store.full = False
    await world.new_outbox().start()
    store.full = True
    await store.refused.wait()
    assert world.mail.attempts == []
    store.full = False
    await world.pass_time(20)
    assert world.get(id).state == "sent"


async def test_an_outcome_is_kept_trying_to_be_written_rather_than_sent_again(
    world: World,
) -> None:
    world.store = store = Refusing(world)
    store.full = False
    id = world.enqueue()
    send = world.mail.send

    async def fill_the_disk(message: Message) -> Any:
        receipt = await send(message)
        store.full = True
        return receipt

    world.mail.send = fill_the_disk  # type: ignore[method-assign]
    await world.new_outbox().start()
    await store.refused.wait()
    store.full = False
    while world.get(id).state != "sent":
        world.clock.advance(1)
        await asyncio.sleep(0)
    assert len(world.mail.accepted) == 1


async def test_secrets_and_addresses_reach_neither_the_log_nor_the_store(world: World) -> None:
    from sentinel.api import Params

    class Keyed(Params, frozen=True):
        token: Secret

    notifier = MemoryNotifier(world.clock, Keyed(token=Secret("s3cr3t")))  # type: ignore[arg-type]
    notifier.script.append(Retryable("401 for s3cr3t\r\nagain"))
    world.new_outbox([Channel(name="mail", notifier=notifier)])
    with capture_logs() as logs:
        id = world.enqueue()
        await world.outbox.start()
        await world.outbox.idle()
    assert world.get(id).error == "401 for *** again"
    assert "s3cr3t" not in str(logs)
    assert "alice@example.com" not in str(logs)
    assert "a…@example.com" in str(logs)


async def test_a_failed_delivery_can_be_sent_again_by_hand(world: World) -> None:
    world.mail.script.append(Permanent("no such mailbox"))
    id = world.enqueue(person="bob")
    await world.outbox.start()
    await world.outbox.idle()
    assert world.ask(lambda conn: sending.send_again(conn, id, world.clock.now()))
    await world.outbox.idle()
    assert world.get(id).state == "sent"
    assert not world.ask(lambda conn: sending.send_again(conn, id, world.clock.now()))
