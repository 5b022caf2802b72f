"""What clients, and those who are asked, read."""

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.broadcasts.asking import choices_end, grants_of
from sentinel.config.model import ClientsConfig
from sentinel.engine.commands import VetoUpdate, WriteUpdate
from sentinel.model.broadcast import Broadcast, Phase, Update
from sentinel.model.delivery import Delivery
from sentinel.notifiers._mail import address_of, mail_of
from sentinel.outbox.plain import plain_message
from sentinel.pages import Composer
from sentinel.signing import Grant
from sentinel.store import deliveries
from sentinel.templating.samples import URL, client_sample, stored_sample
from sentinel.templating.stored import StoredUpdate
from sentinel.testing import FakeClock
from tests.broadcasts.worlds import MAIN, RULES, Told, sms_error, subscribe, told
from tests.running import START

PLANTED = ("db-7.prod.internal", "10.0.0.7", "SMS_DELIVERY_FAILURE", "globex", "SmsFailing", "sms")


async def first(world: Told, tenant: str | None = "acme", **wishes: Any) -> Any:
    await world.subscribe("ann@acme.example", "acme", **wishes)
    await world.send(sms_error(tenant, host="db-7.prod.internal", service="sms-gateway"))
    await world.tell()
    return next(one for one in await world.composed() if one.audience == "client")


async def test_a_client_reads_what_is_wrong_and_where_to_read_on(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock) as world:
        message = await first(world)
    assert message.subject == "Investigating: Text messages are delayed"
    lines = message.text.splitlines()
    assert lines[0] == "Text messages arrive late. You need not send them again."
    assert "Affected: Text messages" in lines
    assert "Since: 15 Jan 2027, 08:00 UTC" in lines
    assert "Example Ltd, 1 High Street" in lines
    assert message.unsubscribe.startswith("https://status.example.com/unsubscribe/")
    assert f"Unsubscribe: {message.unsubscribe}" in lines
    assert any(line.startswith("How things stand: https://status.") for line in lines)
    assert any("https://status.example.com/manage/" in line for line in lines)


async def test_nothing_internal_reaches_a_client(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock) as world:
        message = await first(world)
        whole = f"{message.subject}{message.text}{message.html}{message.short}{message.payload}"
        links = (message.url, message.unsubscribe)
        for link in links:
            whole = whole.replace(link, "")
    for planted in PLANTED[:-1]:
        assert planted not in whole
    assert message.payload["data"]["broadcast"]["components"] == ["Text messages"]
    assert message.incident is None


async def test_the_contact_s_zone_and_language_hold(tmp_path: Path, clock: FakeClock) -> None:
    rules = RULES.replace(
        "    messages:\n      investigating:", "    messages:\n     en:\n      investigating:"
    ).replace("     en:\n", "     de: {investigating: Nachrichten kommen spät.}\n     en:\n")
    main = MAIN.replace(
        "channels: {email: mail}",
        "channels: {email: mail},"
        " languages: {de: {investigating: Störung, since: 'Seit: {since}'}}",
    )
    async with told(tmp_path, clock, rules=rules, main=main) as world:
        message = await first(world, language="de", timezone="Europe/Berlin")
    assert message.subject == "Störung: Text messages are delayed"
    assert message.text.startswith("Nachrichten kommen spät.\n")
    assert "Seit: 15 Jan 2027, 09:00 CET" in message.text


async def test_the_end_says_how_long_it_was(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock) as world:
        await first(world)
        await world.pass_time(120)
        await world.tell()
        message = (await world.composed())[-1]
    assert message.subject == "Resolved: Text messages are delayed"
    assert "From 15 Jan 2027, 08:00 UTC until 15 Jan 2027, 08:01 UTC" in message.text


async def test_a_reminder_of_planned_work_says_that_it_is_one(
    tmp_path: Path, clock: FakeClock
) -> None:
    rules = RULES + (
        "maintenance:\n"
        '  - {name: move, matchers: [team=db], from: "2027-01-15T10:00Z",'
        ' until: "2027-01-15T11:00Z", announce: {title: We move, before: [2h, 1h],'
        " messages: {scheduled: Soon., in_progress: Now.}}}\n"
    )
    async with told(tmp_path, clock, rules=rules) as world:
        await world.subscribe("ann@acme.example")
        for seconds in (60, 3600, 3600):
            await world.pass_time(seconds)
            await world.tell()
        subjects = [one.subject for one in await world.composed()]
    assert subjects == [
        "Planned maintenance: We move",
        "Reminder: Planned maintenance: We move",
        "Maintenance has begun: We move",
    ]


async def test_one_broadcast_is_one_thread(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock) as world:
        await first(world)
        await world.pass_time(120)
        await world.tell()
        messages = [one for one in await world.composed() if one.audience == "client"]
    assert len({one.thread for one in messages}) == 1
    assert [one.first for one in messages] == [True, False]


HOSTILE = [
    "Late\r\nBcc: victim@x.example",
    "<script>alert(1)</script> & <b>bold</b>",
    "{{ config }} {% for x in y %} {title}",
    "\u202eevil \u0000 \x1b[31m",
]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_neither_titles_nor_texts_are_read_as_headers_or_templates(
    tmp_path: Path, clock: FakeClock, hostile: str
) -> None:
    of = Broadcast(id=0, title=hostile, audience="all", opened=START)
    write = WriteUpdate(
        of=of, phase="investigating", text=hostile, by="bob", publish=True, received=START
    )
    async with told(tmp_path, clock) as world:
        await world.database.write(lambda conn: subscribe(conn, "ann@acme.example", "acme"))
        await world.pipeline.command(write)
        await world.tell()
        [message] = await world.composed()
    sender = address_of("Example <status@example.com>")
    mail = email.message_from_bytes(
        mail_of(message, sender, address_of(message.to), START), policy=email.policy.default
    )
    assert mail["Bcc"] is None
    assert "\n" not in message.subject
    assert len(message.subject) <= 70
    assert "<script" not in message.html
    assert "<b>bold" not in message.html
    assert "\x1b" not in message.text + message.html + message.short
    assert "\u202e" not in message.text + message.html + message.short
    if "{" in hostile:
        assert "{{ config }} {% for x in y %} {title}" in message.text


async def test_whoever_unsubscribed_before_it_was_sent_gets_nothing(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock) as world:
        await first(world)
        await world.database.write(
            lambda conn: conn.execute("UPDATE subscriptions SET state = 'ended'")
        )
        [message] = [one for one in await world.composed() if one.audience == "client"]
    assert message.to == ""


def test_what_can_t_be_put_into_words_tells_a_client_nothing_internal() -> None:
    delivery = Delivery(
        id=1,
        key="k-1",
        channel="mail",
        address="ann@acme.example",
        reason="update",
        created=START,
        due=START,
        subscription=7,
        update=1,
    )
    last_resort = plain_message(delivery)
    assert last_resort.audience == "client"
    assert "Sentinel" not in last_resort.subject + last_resort.text


async def test_whoever_is_asked_reads_exactly_what_clients_will(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock, publish="hold 10m") as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.send(sms_error("acme"))
        await world.tell()
        [message] = await world.composed()
    assert message.subject == "Clients hear at 08:10 UTC: Text messages are delayed"
    assert "    Text messages arrive late. You need not send them again." in message.text
    assert "goes out at 08:10 UTC to 1 address, as things stand" in message.text
    assert message.url == "https://status.example.com/broadcasts/1"
    assert message.audience == "admin"


async def test_a_question_that_comes_too_late_leaves_nothing_to_decide(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock, publish="hold 10m") as world:
        await world.send(sms_error("acme"))
        await world.tell()
        await world.pipeline.command(VetoUpdate(1, "alice", clock.now()))
        [message] = await world.composed()
    assert message.subject == "Not told to clients: Text messages are delayed"
    assert "top it" not in message.text + message.short
    assert message.short.endswith(". https://status.example.com/broadcasts/1")


async def test_whoever_is_asked_about_a_draft_hears_that_it_waits(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock, publish="draft") as world:
        await world.send(sms_error("acme"))
        await world.tell()
        [message] = await world.composed()
    assert message.subject == "Draft for clients: Text messages are delayed"


def test_the_choices_about_an_update_name_it_and_end_when_it_goes_out() -> None:
    held = Update(
        id=7, broadcast=1, phase="resolved", text="x", state="held", created=5.0, publish_at=600.0
    )
    assert choices_end(held, 86_400) == 600.0
    assert grants_of(7, "alice", 600.0) == (
        Grant("publish", "update:7", "alice", 600),
        Grant("veto", "update:7", "alice", 600),
    )


async def test_a_digest_tells_of_several_broadcasts_in_one_message(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.failing("acme")
        other = Broadcast(
            id=0, title="Exports <b>late</b>", audience="all", severity="warning", opened=START
        )
        command = WriteUpdate(
            of=other, phase="identified", text="By noon.", by="bob", publish=True, received=START
        )
        await world.pipeline.command(command)
        await world.tell()

        def compose(conn: Any) -> Any:
            first, second = (
                one for one in deliveries.listing(conn)[::-1] if one.reason == "update"
            )
            composer = Composer(
                world.found.config, world.found.catalog, world.found.setup(b"key").finder
            )
            return composer(conn, replace(first, also=(second.update or 0,)))

        message = await world.database.read(compose)
    assert message.subject == "Investigating: Text messages are delayed and 1 more"
    assert "Text messages arrive late." in message.text
    assert "By noon." in message.text
    assert "Cause found: Exports <b>late</b>" in message.text
    assert message.html.count("By noon.") == 1
    assert "<b>late</b>" not in message.html
    assert message.text.count("Unsubscribe:") == 1


@pytest.mark.parametrize("phase", ["investigating", "correction", "postmortem"])
def test_what_is_over_is_told_to_be_so_whatever_else_is_said(phase: Phase) -> None:
    """The all-clear may have been on its way when something newer took its place."""
    stored = StoredUpdate(
        Broadcast(id=1, kind="incident", title="x", opened=0.0, ended=2_700.0),
        Update(id=1, broadcast=1, phase=phase, text="x", state="published", created=1.0),
    )
    made = stored_sample(
        stored, channel="mail", settings=ClientsConfig(), language="en", url=URL, shown=()
    )
    assert "From 1 Jan 1970, 00:00 UTC until 1 Jan 1970, 00:45 UTC" in made.message.text
    assert "Since:" not in made.message.text


def test_a_post_mortem_is_marked_up_where_that_is_shown() -> None:
    message = client_sample("postmortem").message
    assert "What we change</h4>" in message.html
    assert "<strong>by themselves</strong>" in message.html
    assert "## What we change" in message.text
    assert not {"#", "*"} & set(message.short)
