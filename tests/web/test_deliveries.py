"""Deliveries: the list and its filters, one with its attempts, and what is not shown of it."""

import re
from collections.abc import AsyncIterator, Callable
from sqlite3 import Connection

import pytest

from sentinel.api import Error
from sentinel.model.delivery import Choice, DeliveryIntent, Message, Recipient
from sentinel.store import audit, deliveries, merging, sending

from .conftest import Browser, World
from .test_api import Client

KEY = "A" * 60
LINK = f"http://sentinel.example/a/{KEY}"


@pytest.fixture
async def viewer(world: World) -> AsyncIterator[Browser]:
    browser = await Browser(world).sign_in("Carol", "viewer")
    yield browser
    await browser.http.close()


@pytest.fixture
async def bob(world: World) -> AsyncIterator[Browser]:
    browser = await Browser(world).sign_in("Bob", "responder")
    yield browser
    await browser.http.close()


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def a_message(to: str) -> Message:
    choice = Choice(verb="acknowledge", label="Acknowledge", token=KEY, url=LINK)
    return Message(
        key="k",
        to=to,
        reason="firing",
        severity="critical",
        subject="SMS is failing",
        text=f"Acknowledge: {LINK}",
        html=f'<p onclick="steal()">Hello <a href="{LINK}">take it</a></p><script>1</script>',
        short=f"1a {LINK}",
        choices=(choice,),
    )


async def sent(world: World, *, subscription: int | None = None) -> int:
    """A delivery over a channel that is not there, tried twice."""

    def write(conn: Connection) -> int:
        now = world.clock.now()
        to = Recipient("mail", "alice@example.com", None if subscription else "alice")
        if subscription is None:
            intent = DeliveryIntent(
                recipient=to, reason="firing", incident=None, severity="critical", at=now
            )
            id = deliveries.enqueue(conn, intent, now)
        else:
            found = deliveries.enqueue_client(
                conn, to, severity="info", subscription=subscription, due=now, now=now
            )
            assert found is not None
            id = found
        sending.claim(conn, id, now)
        sending.save_message(conn, id, "SMS is failing", deliveries.pack(a_message(to.address)))
        sending.mark_retry(conn, id, now, "451 alice@example.com: later", now)
        sending.claim(conn, id, now)
        sending.mark_failed(conn, id, "550 alice@example.com is unknown", now)
        return id

    return await world.database.write(write)


async def test_each_attempt_is_shown_with_what_went_wrong(world: World, bob: Browser) -> None:
    number = await sent(world)
    _, page = await bob.get(f"/deliveries/{number}")
    words = words_of(page)
    assert "Did not get out 451 alice@example.com: later" in words
    assert "Did not get out 550 alice@example.com is unknown" in words
    assert "Send again" in words


async def test_the_fallback_and_what_was_merged_are_linked(world: World, bob: Browser) -> None:
    number = await sent(world)

    def more(conn: Connection) -> tuple[int, int]:
        page, now = deliveries.get(conn, number), world.clock.now()
        assert page is not None
        copy = deliveries.enqueue_fallback(conn, page, "sms", "+4412", now)
        intents = [
            DeliveryIntent(
                recipient=Recipient("pager"), reason="firing", incident=1, severity="info", at=now
            )
            for _ in range(3)
        ]
        numbers = [deliveries.enqueue(conn, one, now) for one in intents[:2]]
        one = merging.merge(conn, numbers, intents[2], now)
        assert one is not None
        return copy, one

    copy, merged = await world.database.write(more)
    _, page = await bob.get(f"/deliveries/{number}")
    assert f"The same message over other channels pending delivery {copy} over sms" in words_of(
        page
    )
    _, page = await bob.get(f"/deliveries/{merged}")
    assert f"Told here in their place superseded delivery {copy + 1}" in words_of(page)
    _, page = await bob.get(f"/deliveries/{copy + 1}")
    assert f"Told with others by delivery {merged}" in words_of(page)


async def test_the_keys_of_its_reader_are_shown_to_nobody(world: World, bob: Browser) -> None:
    number = await sent(world)
    client = Client(world, await world.token("Bob", "responder"))
    _, page = await bob.get(f"/deliveries/{number}")
    _, letter = await bob.get(f"/deliveries/{number}/letter")
    _, found = await client("GET", f"/deliveries/{number}")
    await client.http.close()
    for text in (page, letter, str(found)):
        assert KEY not in text
        assert "http://sentinel.example/a/…" in text
    assert [one["token"] for one in found["message"]["choices"]] == [""]


async def test_the_letter_can_run_and_load_nothing(world: World, bob: Browser) -> None:
    number = await sent(world)
    response, letter = await bob.get(f"/deliveries/{number}/letter")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "Hello" in letter
    response, page = await bob.get(f"/deliveries/{number}")
    assert "frame-src 'self'" in response.headers["content-security-policy"]
    assert 'sandbox loading="lazy"' in page


async def test_a_viewer_sees_no_address(world: World, viewer: Browser) -> None:
    number = await sent(world)
    client = Client(world, await world.token("Carol", "viewer"))
    _, found = await client("GET", f"/deliveries/{number}")
    _, listing = await client("GET", "/deliveries")
    await client.http.close()
    for path in ("/deliveries", f"/deliveries/{number}"):
        _, page = await viewer.get(path)
        assert "alice@example.com" not in page
    assert found["delivery"]["address"] == found["message"]["to"] == "a…@example.com"
    assert "alice@example.com" not in str(found["delivery"]) + str(listing)


async def test_what_a_client_was_sent_is_for_responders_and_each_look_is_noted(
    world: World, viewer: Browser, bob: Browser
) -> None:
    number = await sent(world, subscription=7)
    _, page = await viewer.get(f"/deliveries/{number}")
    assert "What clients are sent is shown to responders." in page
    assert (await viewer.get(f"/deliveries/{number}/letter"))[0].status == 404
    _, page = await bob.get(f"/deliveries/{number}")
    assert "Acknowledge:" in page
    noted = await world.database.read(lambda conn: audit.entries(conn))
    assert [(one.actor, one.action, one.object) for one in noted] == [
        ("Bob", "clients read", f"delivery {number}")
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {1, 2}),
        ("person=alice", {1}),
        ("audience=client", {2}),
        ("audience=admin&channel=mail&state=failed", {1}),
        ("person=%3Cscript%3E", set()),
        ("incident=x&state=x&audience=x", {1, 2}),
        ("incident=9", set()),
    ],
)
async def test_the_list_is_filtered(
    world: World, bob: Browser, query: str, found: set[int]
) -> None:
    await sent(world)
    await sent(world, subscription=7)
    _, page = await bob.get(f"/deliveries?{query}")
    assert {int(one) for one in re.findall(r'<a href="/deliveries/(\d+)">', page)} == found
    assert "<script>" not in page.split("<main", 1)[1]


async def test_older_ones_keep_the_filters(world: World, bob: Browser) -> None:
    def many(conn: Connection) -> None:
        now = world.clock.now()
        intent = DeliveryIntent(
            recipient=Recipient("gone", "x", "alice"),
            reason="firing",
            incident=None,
            severity="info",
            at=now,
        )
        for _ in range(60):
            deliveries.enqueue(conn, intent, now)

    await world.database.write(many)
    _, page = await bob.get("/deliveries?person=alice&channel=gone")
    assert 'href="/deliveries?channel=gone&amp;person=alice&amp;before=11"' in page


async def test_a_failed_delivery_is_sent_again(
    world: World, bob: Browser, event: Callable[..., Error]
) -> None:
    number = await sent(world)
    await bob.get(f"/deliveries/{number}")
    response, _ = await bob.post(f"/deliveries/{number}/send-again")
    assert response.headers["location"] == f"/deliveries/{number}?done=queued"
