"""What waits for one address is told in one message, and nobody gets too many."""

import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.api import Capabilities, Retryable
from sentinel.model.alert import Incident
from sentinel.model.delivery import Limit, Recipient
from sentinel.store import alerts, deliveries
from tests.outbox_world import World

DOWN = Retryable("no connection")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    world.channels = [replace(world.channels[0], fallback=None), world.channels[1]]
    world.new_outbox()
    yield world
    await world.outbox.stop()
    world.close()


def incident(number: int, **facts: Any) -> Incident:
    given = {"severity": "warning", "title": "SMS", "root": number, "rule": "Sms", "opened": 1.0}
    return Incident(id=number, **{**given, **facts})


def keep(one: Incident, conn: sqlite3.Connection) -> None:
    alerts.save_incidents(conn, [one])


async def an_hour_without_mail(world: World, *, every: int = 180) -> None:
    """Twenty incidents, one after the other."""
    world.mail.script.extend([DOWN] * 5000)
    await world.outbox.start()
    for number in range(1, 21):
        severity = "critical" if number == 4 else "warning"
        world.ask(partial(keep, incident(number, severity=severity)))
        world.enqueue(incident=number, severity=severity)
        world.outbox.notify()
        await world.pass_time(every, step=5)
    world.mail.script.clear()


async def test_after_an_hour_down_a_channel_tells_all_that_waited_in_one_message(
    world: World,
) -> None:
    await an_hour_without_mail(world)
    await world.pass_time(120)
    (message,) = world.mail.accepted
    assert world.told(message) == set(range(1, 21))
    assert (message.reason, message.severity) == ("firing", "critical")
    sent = next(one for one in world.all() if one.state == "sent")
    assert sent.incident == 4, "the severest leads"
    others = [one for one in world.all() if one.id != sent.id]
    assert {one.state for one in others} == {"superseded"}
    assert all((one.error or "").startswith("told with others by delivery") for one in others)


async def test_a_channel_that_is_down_slows_no_other(world: World) -> None:
    world.mail.script.extend([DOWN] * 5000)
    await world.outbox.start()
    for number in range(1, 11):
        world.enqueue(incident=number)
        world.enqueue(channel="sms", incident=number)
        world.outbox.notify()
        await world.outbox.idle()
        assert len(world.sms.accepted) == number
        await world.pass_time(60, step=5)


async def test_a_new_page_does_not_wait_for_what_is_stale(world: World) -> None:
    await an_hour_without_mail(world)
    fresh = world.enqueue(incident=99)
    await world.pass_time(120)
    assert world.get(fresh).state == "sent"
    assert not world.get(fresh).also


async def test_what_is_fresh_is_told_apart(world: World) -> None:
    await world.outbox.start()
    for number in range(1, 6):
        world.enqueue(incident=number)
    world.outbox.notify()
    await world.outbox.idle()
    assert [world.told(message) for message in world.mail.accepted] == [{n} for n in range(1, 6)]


async def test_what_is_over_by_then_is_not_told_as_if_it_went_on(world: World) -> None:
    world.mail.script.extend([DOWN] * 100)
    await world.outbox.start()
    for number in (1, 2):
        world.enqueue(incident=number)
        world.enqueue(incident=number, reason="resolved")
        world.ask(partial(keep, incident(number, state="resolved", resolved=2.0)))
    await world.pass_time(600, step=5)
    world.mail.script.clear()
    await world.pass_time(90)
    (message,) = world.mail.accepted
    assert message.reason == "resolved"
    assert world.told(message) == {1, 2}


async def test_what_goes_on_leads_what_is_over(world: World) -> None:
    world.mail.script.extend([DOWN] * 100)
    await world.outbox.start()
    world.enqueue(incident=1)
    world.enqueue(incident=1, reason="resolved")
    world.enqueue(incident=2, severity="warning")
    world.ask(partial(keep, incident(1, state="resolved", resolved=2.0)))
    await world.pass_time(600, step=5)
    world.mail.script.clear()
    await world.pass_time(90)
    (message,) = world.mail.accepted
    assert (message.reason, message.severity) == ("firing", "warning")
    assert next(one for one in world.all() if one.state == "sent").incident == 2


async def test_what_never_gets_out_is_given_up_by_its_own_age_however_much_joins_it(
    world: World,
) -> None:
    world.mail.script.extend([DOWN] * 50_000)
    await world.outbox.start()
    first = world.enqueue(incident=1, severity="warning")
    for number in range(2, 9):
        await world.pass_time(4 * 3600, step=300)
        world.enqueue(incident=number, severity="warning")
    failed = [one for one in world.all() if one.state == "failed"]
    assert any(1 in one.incidents for one in failed), "the oldest is given up after a day"
    assert world.get(first).merged_into is not None
    world.mail.script.clear()
    await world.pass_time(400, step=5)
    told = {number for one in world.mail.accepted for number in world.told(one)}
    assert told >= {3, 4, 5, 6, 7, 8}, "what is younger than a day was not given up with it"


async def test_what_is_told_in_one_is_as_new_as_that_and_as_old_as_the_oldest(
    world: World,
) -> None:
    world.mail.script.extend([DOWN] * 50)
    await world.outbox.start()
    first = world.enqueue(incident=1)
    await world.pass_time(100, step=5)
    world.enqueue(incident=2, reason="reminder")
    await world.pass_time(200, step=5)
    whole = next(one for one in world.all() if one.id == world.get(first).merged_into)
    oldest = world.get(first).created
    assert whole.created >= oldest + 200, "it tells what is true by then"
    assert whole.waiting_since == oldest


async def test_of_what_waits_again_by_itself_nobody_is_called_for_what_somebody_has(
    world: World,
) -> None:
    world.mail.script.extend([DOWN] * 50_000)
    await world.outbox.start()
    for number in (1, 2, 3):
        world.ask(partial(keep, incident(number)))
        world.enqueue(incident=number, severity="warning")
        await world.pass_time(3600, step=300)
    has_it = incident(2, state="acknowledged", acknowledged=2.0, acknowledged_by="bob")
    world.ask(partial(keep, has_it))
    await world.pass_time(22 * 3600, step=300)
    world.mail.script.clear()
    await world.pass_time(400, step=5)
    assert [world.told(one) for one in world.mail.accepted] == [{3}]


async def test_what_a_fallback_takes_does_not_wait_again_by_itself(world: World) -> None:
    world.channels = [replace(world.channels[0], fallback="sms"), world.channels[1]]
    world.new_outbox()
    world.mail.script.extend([DOWN] * 50_000)
    await world.outbox.start()
    for number in (1, 2, 3):
        world.enqueue(incident=number, severity="warning")
        await world.pass_time(3600, step=300)
    await world.pass_time(23 * 3600, step=300)
    world.mail.script.clear()
    await world.pass_time(400, step=5)
    assert world.mail.accepted == []
    assert [world.told(one) for one in world.sms.accepted] == [{1, 2, 3}]


@pytest.mark.parametrize("reason", ["test", "drill"])
async def test_a_test_is_never_merged(world: World, reason: Any) -> None:
    world.mail.script.extend([DOWN] * 100)
    await world.outbox.start()
    for _ in range(3):
        world.enqueue(reason=reason)
    await world.pass_time(600, step=5)
    world.mail.script.clear()
    await world.pass_time(200)
    assert len(world.mail.accepted) == 3


async def test_a_channel_for_machines_hears_of_each_incident_by_its_own(world: World) -> None:
    world.mail.capabilities = Capabilities(merges=False)  # type: ignore[misc]
    await an_hour_without_mail(world)
    await world.pass_time(300)
    assert [len(world.told(message)) for message in world.mail.accepted] == [1] * 20


async def test_what_waits_for_two_people_stays_apart(world: World) -> None:
    world.mail.script.extend([DOWN] * 5000)
    await world.outbox.start()
    for number in (1, 2):
        for person in ("alice", "bob"):
            world.enqueue(incident=number, severity="warning", person=person)
    await world.pass_time(600, step=5)
    world.mail.script.clear()
    await world.pass_time(90)
    assert [world.told(message) for message in world.mail.accepted] == [{1, 2}, {1, 2}]
    assert {one.person for one in world.all() if one.state == "sent"} == {"alice", "bob"}


def limited(world: World, most: int, within: float, **limits: Limit) -> None:
    world.channels[0] = replace(
        world.channels[0], per_person=Limit(most, within), limits=dict(limits)
    )
    world.new_outbox()


async def test_over_a_persons_limit_the_rest_comes_in_one_message(world: World) -> None:
    limited(world, 2, 600)
    await world.outbox.start()
    for number in range(1, 8):
        world.enqueue(incident=number, severity="warning")
        world.outbox.notify()
        await world.pass_time(10)
    assert [world.told(message) for message in world.mail.accepted] == [{1}, {2}]
    waits = [one for one in world.all() if one.state == "pending"]
    assert {one.error for one in waits} == {"waits: 2 messages within 10m are the limit"}
    await world.pass_time(600, step=5)
    assert [world.told(m) for m in world.mail.accepted] == [{1}, {2}, {3, 4, 5, 6, 7}]


async def test_a_critical_page_comes_over_any_limit(world: World) -> None:
    limited(world, 1, 600)
    await world.outbox.start()
    for number in range(1, 5):
        world.enqueue(incident=number)
    world.outbox.notify()
    await world.outbox.idle()
    assert len(world.mail.accepted) == 4


async def test_a_persons_own_limit_goes_before_the_channels(world: World) -> None:
    limited(world, 1, 600, bob=Limit(3, 600))
    await world.outbox.start()
    for number in range(1, 5):
        world.enqueue(incident=number, severity="warning", person="bob")
    world.outbox.notify()
    await world.outbox.idle()
    assert len(world.mail.accepted) == 3


async def test_nobodys_limit_holds_for_a_channel_that_is_addressed_itself(world: World) -> None:
    limited(world, 1, 600)
    await world.outbox.start()
    for number in range(1, 4):
        world.enqueue(incident=number, severity="warning", person=None)  # type: ignore[arg-type]
    world.outbox.notify()
    await world.outbox.idle()
    assert len(world.mail.accepted) == 3


async def test_a_client_hears_the_latest_of_a_story_and_not_what_it_replaced(
    world: World,
) -> None:
    def write(conn: sqlite3.Connection) -> None:
        now = world.clock.now()
        for number, phase in enumerate(("investigating", "identified", "resolved"), 1):
            conn.execute(
                "INSERT INTO updates (id, broadcast_id, phase, text, state, created, actor)"
                " VALUES (?, 1, ?, '', 'published', 0, '')",
                (number, phase),
            )
            for client in (1, 2):
                deliveries.enqueue_client(
                    conn,
                    Recipient("mail", f"client-{client}@example.com"),
                    severity="warning",
                    subscription=client,
                    update=number,
                    due=now,
                    now=now,
                )

    world.ask(write)
    await world.outbox.start()
    await world.outbox.idle()
    assert [one.update for one in world.all() if one.state == "sent"] == [3, 3]
    assert len(world.mail.accepted) == 2


async def test_while_one_is_being_sent_what_is_over_the_limit_waits_in_peace(world: World) -> None:
    limited(world, 1, 600)
    world.mail.script.extend([DOWN] * 3)
    await world.outbox.start()
    world.enqueue(incident=1, severity="warning")
    await world.pass_time(1)
    world.clock.advance(700)
    world.mail.script.clear()
    world.mail.script.append("hang")
    world.mail.called.clear()
    world.outbox.notify()
    await world.mail.called.wait()
    second = world.enqueue(incident=2, severity="warning")
    world.outbox.notify()
    await world.until(lambda: world.get(second).due > world.clock.now())
    assert world.get(second).due == world.clock.now() + 600
    world.outbox.abandon()


async def test_what_waits_for_a_limit_that_a_reload_takes_away_comes_at_once(world: World) -> None:
    limited(world, 1, 3600)
    await world.outbox.start()
    for number in (1, 2):
        world.enqueue(incident=number, severity="warning")
    await world.outbox.idle()
    assert len(world.mail.accepted) == 1
    free = [replace(world.channels[0], per_person=None), world.channels[1]]
    await world.outbox.reconfigure(free, lambda *_: None)
    await world.outbox.idle()
    assert len(world.mail.accepted) == 2


async def test_a_client_who_heard_the_latest_does_not_hear_what_came_before_it(
    world: World,
) -> None:
    def write(number: int, conn: sqlite3.Connection) -> None:
        conn.execute(
            "INSERT INTO updates (id, broadcast_id, phase, text, state, created, actor)"
            " VALUES (?, 1, 'identified', '', 'published', 0, '')",
            (number,),
        )
        now, to = world.clock.now(), Recipient("mail", "client@example.com")
        deliveries.enqueue_client(
            conn, to, severity="warning", subscription=1, update=number, due=now, now=now
        )

    world.mail.script.append(Retryable("slow down", after=2))
    world.ask(partial(write, 1))
    await world.outbox.start()
    await world.outbox.idle()
    world.ask(partial(write, 2))
    await world.pass_time(30)
    assert [one.update for one in world.all() if one.state == "sent"] == [2]
    assert len(world.mail.accepted) == 1


async def test_what_a_copy_has_told_together_is_not_told_again_by_those_that_it_copies(
    world: World,
) -> None:
    world.channels[0] = replace(world.channels[0], fallback="sms")
    world.new_outbox()
    world.mail.script.extend([DOWN] * 5000)
    world.sms.script.extend([DOWN] * 5000)
    await world.outbox.start()
    for number in (1, 2, 3):
        world.enqueue(incident=number)
    await world.pass_time(400, step=5)
    world.sms.script.clear()
    await world.pass_time(90, step=5)
    assert {number for one in world.sms.accepted for number in world.told(one)} == {1, 2, 3}
    assert len(world.sms.accepted) < 3
    world.mail.script.clear()
    await world.pass_time(200, step=5)
    assert world.mail.accepted == []


async def test_the_end_of_one_waits_for_the_message_that_tells_of_it_among_others(
    world: World,
) -> None:
    world.mail.script.append("hang")
    await world.outbox.start()
    world.enqueue(incident=1, also=(2,))
    world.outbox.notify()
    await world.mail.called.wait()
    world.enqueue(incident=2, reason="resolved")
    world.enqueue(incident=3, reason="resolved")
    world.outbox.notify()
    await world.until(lambda: len(world.mail.accepted) > 0)
    world.clock.advance(31)
    await world.pass_time(40)
    assert [world.told(one) for one in world.mail.accepted] == [{3}, {1, 2}, {2}]


@pytest.mark.parametrize(
    ("also", "previous"), [((), ""), ((2,), "memory-1"), ((2, 3), "memory-1"), ((3,), "")]
)
async def test_a_message_about_several_is_changed_only_into_one_about_all_of_them(
    world: World, also: tuple[int, ...], previous: str
) -> None:
    await world.outbox.start()
    world.enqueue(incident=1, also=(2,))
    await world.outbox.idle()
    world.enqueue(incident=1, also=also, reason="reminder")
    await world.outbox.idle()
    assert world.mail.accepted[-1].previous == previous


def tell_client(conn: sqlite3.Connection, broadcast: int, due: float, now: float) -> None:
    """One update of a broadcast, for the client of subscription 1."""
    conn.execute(
        "INSERT INTO updates (id, broadcast_id, phase, text, state, created, actor)"
        " VALUES (?, ?, 'investigating', '', 'published', 0, '')",
        (broadcast, broadcast),
    )
    deliveries.enqueue_client(
        conn,
        Recipient("mail", "client@example.com"),
        severity="warning",
        subscription=1,
        update=broadcast,
        due=due,
        now=now,
    )


async def test_what_was_kept_for_a_clients_digest_comes_in_one_message(world: World) -> None:
    await world.outbox.start()
    nine = world.clock.now() + 3600
    for number in (1, 2, 3):
        world.ask(lambda conn, n=number: tell_client(conn, n, nine, world.clock.now()))
        await world.pass_time(60, step=10)
    assert world.mail.accepted == []
    await world.pass_time(3600, step=30)
    assert len(world.mail.accepted) == 1
    told = {one.update: (one.state, one.also, one.merged_into) for one in world.all()}
    assert told == {
        1: ("sent", (2, 3), None),
        2: ("superseded", (), 1),
        3: ("superseded", (), 1),
    }


async def test_what_a_client_hears_at_once_is_told_apart(world: World) -> None:
    await world.outbox.start()
    now = world.clock.now()
    for number in (1, 2):
        world.ask(lambda conn, n=number: tell_client(conn, n, now, now))
    world.outbox.notify()
    await world.outbox.idle()
    assert len(world.mail.accepted) == 2


async def test_a_clients_program_hears_of_each_update_by_its_own(world: World) -> None:
    world.mail.capabilities = Capabilities(merges=False)  # type: ignore[misc]
    await world.outbox.start()
    nine, now = world.clock.now() + 3600, world.clock.now()
    for number in (1, 2):
        world.ask(lambda conn, n=number: tell_client(conn, n, nine, now))
    await world.pass_time(3700, step=50)
    assert len(world.mail.accepted) == 2
