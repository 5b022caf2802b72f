"""On call: the page of who hears now, the calendar with its overrides and feeds, and who would be
paged."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from sqlite3 import Connection
from zoneinfo import ZoneInfo

import icalendar
import pytest
from aiohttp import ClientResponse, ClientSession
from tests.on_call.crew import RULES

from sentinel.api import Error
from sentinel.engine.schedules import Shift
from sentinel.errors import Invalid
from sentinel.installation import Installation
from sentinel.model.override import Override
from sentinel.on_call import Duty
from sentinel.on_call.people import people_of
from sentinel.signing import Grant
from sentinel.store import accounts, audit, deliveries, overrides
from sentinel.web.on_call import put_override
from sentinel.web.pages.on_call import Day, Turn, days_of

from .conftest import Browser, World
from .on_call_world import HOUR, an_override, installation_of, on_call_world


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Read once: catalog and plugins take half a second."""
    return installation_of(tmp_path_factory.mktemp("crew"))


@pytest.fixture
async def on_call(tmp_path: Path, crew: Installation) -> AsyncIterator[World]:
    async with on_call_world(tmp_path, crew) as world:
        yield world


async def test_the_page_names_who_is_on_call_and_whom_steps_reach(on_call: World) -> None:
    browser = await Browser(on_call).sign_in("Bob", "viewer")
    response, text = await browser.get("/on-call")
    await browser.http.close()
    assert response.status == 200
    words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert re.search(r"primary times in Europe/London (alice|bob) until ", words)
    assert re.search(r"(alice|bob) by mail", words)
    assert "muted during night" in words
    assert "active only during day" in words
    assert "An acknowledgement holds for 1 h" in words


def test_a_week_is_shown_by_the_clock_of_the_schedule() -> None:
    def at(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    now, handoff, evening = at("2026-03-28 12:00"), at("2026-03-29 08:00"), at("2026-03-29 17:00")
    duty = Duty(
        schedule="primary",
        timezone="Europe/London",
        people=("alice",),
        until=handoff,
        next=("bob",),
        shifts=[
            Shift(now, handoff, ("alice",)),
            Shift(handoff, evening, ("bob",)),
            Shift(evening, now + 7 * 86_400, ()),
        ],
    )
    # The clocks go forward in between: 08:00 UTC is 09:00 there.
    assert days_of(duty, now) == [
        Day("Sat 28 Mar", [Turn("", "Sun 09:00", ("alice",))]),
        Day("Sun 29 Mar", [Turn("09:00", "18:00", ("bob",)), Turn("18:00", "", ())]),
    ]


@pytest.fixture
async def bob(on_call: World) -> AsyncIterator[Browser]:
    """A responder."""
    browser = await Browser(on_call).sign_in("Bob", "responder")
    yield browser
    await browser.http.close()


@pytest.fixture
async def viewer(on_call: World) -> AsyncIterator[Browser]:
    browser = await Browser(on_call).sign_in("Carol", "viewer")
    yield browser
    await browser.http.close()


def words_of(html: str) -> str:
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    return re.sub(r" ([.,:;])", r"\1", text)


def local(at: float) -> str:
    return f"{datetime.fromtimestamp(at, ZoneInfo('Europe/London')):%Y-%m-%dT%H:%M}"


async def lasting(world: World) -> list[Override]:
    return await world.database.read(lambda conn: overrides.lasting(conn, world.clock.now()))


async def audited(world: World) -> list[str]:
    found = await world.database.read(lambda conn: audit.entries(conn))
    return [f"{one.actor}: {one.action}, {one.object}" for one in found]


async def stand_in(browser: Browser, **changes: str) -> tuple[ClientResponse, str]:
    now = browser.world.clock.now()
    given = {"schedule": "primary", "person": "bob", "starts": "", "ends": local(now + 5 * HOUR)}
    await browser.get("/on-call/calendar")
    return await browser.post(
        "/on-call/overrides", **{**given, "reason": "a dentist", "zone": "Europe/London", **changes}
    )


async def test_an_override_is_set_is_on_call_and_is_taken_back(
    on_call: World, bob: Browser
) -> None:
    response, _ = await stand_in(bob)
    assert response.status == 303
    assert response.headers["location"].endswith("&done=override-set#override-1")
    [one] = await lasting(on_call)
    assert (one.people, one.author, one.reason) == (("bob",), "Bob", "a dentist")
    _, page = await bob.get("/on-call")
    assert "By an override of Bob: a dentist." in words_of(page)
    _, calendar = await bob.get("/on-call/calendar")
    assert 'id="override-1"' in calendar
    ended, _ = await bob.post("/on-call/overrides/1/end")
    assert ended.status == 303
    assert await lasting(on_call) == []
    _, again = await bob.get(ended.headers["location"])
    assert 'value="a dentist"' in again
    assert await audited(on_call) == [
        "Bob: override ended, override 1",
        "Bob: override set, override 1",
    ]


async def test_whoever_stands_in_is_paged(tmp_path: Path, event: Callable[..., Error]) -> None:
    rules = RULES.replace("on: error}", "on: error, labels: {severity: critical}}")
    async with on_call_world(tmp_path, installation_of(tmp_path, rules)) as world:
        now = world.clock.now()
        duty = await world.database.read(lambda conn: people_of(conn, world.found.config, now))
        away = next(one.name for one in duty if "primary" in one.on_call)
        other = "bob" if away == "alice" else "alice"
        await put_override(world.services, an_override(now, other), "alice")
        await world.accept(event())
        found = await world.database.read(lambda conn: deliveries.listing(conn))
        assert {one.person for one in found if one.channel == "mail"} == {other}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"person": ""}, "people: found 0"),
        ({"person": "carol"}, "whom no step that notifies schedule:primary can reach"),
        ({"ends": ""}, "until: expected a date and a time"),
        ({"ends": "2020-01-01T00:00"}, "a time that has passed"),
        ({"schedule": "gone"}, "found the schedule"),
    ],
)
async def test_what_can_not_be_set_is_told_and_the_form_keeps_what_was_written(
    on_call: World, bob: Browser, changes: dict[str, str], words: str
) -> None:
    response, page = await stand_in(bob, **changes)
    assert response.status == 422
    assert words in words_of(page)
    assert 'value="a dentist"' in page
    assert await lasting(on_call) == []


async def test_overlapping_overrides_are_refused_with_the_one_that_holds(
    on_call: World, bob: Browser
) -> None:
    await stand_in(bob)
    response, page = await stand_in(bob, person="alice")
    assert response.status == 422
    assert "found override 1 of bob in primary" in words_of(page)


async def test_of_two_at_the_same_moment_one_is_refused(on_call: World) -> None:
    now = on_call.clock.now()
    await put_override(on_call.services, an_override(now), "alice")
    with pytest.raises(Invalid, match="found override 1 of bob"):
        await put_override(on_call.services, an_override(now, "alice", after=HOUR), "bob")


async def test_a_viewer_changes_nothing(on_call: World, viewer: Browser) -> None:
    _, page = await viewer.get("/on-call/calendar")
    assert "Set the override" not in page
    _, now_page = await viewer.get("/on-call")
    assert "do-not-disturb" not in now_page
    for path, fields in (
        ("/on-call/overrides", {"schedule": "primary"}),
        ("/on-call/do-not-disturb", {"person": "alice", "for": "2h"}),
        ("/on-call/overrides/1/end", {}),
    ):
        response, _ = await viewer.post(path, **fields)
        assert response.status == 403
    assert await lasting(on_call) == []


async def test_a_person_is_left_alone_and_can_be_disturbed_again(
    on_call: World, bob: Browser
) -> None:
    response, _ = await bob.post("/on-call/do-not-disturb", person="alice", **{"for": "2h"})
    assert response.status == 303
    _, page = await bob.get("/on-call")
    words = words_of(page)
    assert "not to be disturbed" in words
    assert "by Bob" in words
    await bob.post("/on-call/do-not-disturb", person="alice", **{"for": "off"})
    _, page = await bob.get("/on-call")
    assert "not to be disturbed" not in words_of(page)
    assert await audited(on_call) == [
        "Bob: do not disturb ended, person alice",
        "Bob: do not disturb set, person alice",
    ]


async def test_who_is_no_person_can_not_be_left_alone(bob: Browser) -> None:
    response, page = await bob.post("/on-call/do-not-disturb", person="mallory", **{"for": "2h"})
    assert response.status == 422
    assert "found the person" in words_of(page)


async def test_each_person_is_shown_with_channels_quiet_hours_and_no_whole_address(
    viewer: Browser,
) -> None:
    _, page = await viewer.get("/on-call")
    words = words_of(page)
    assert "mail b…@example.com never proven" in words
    assert "22:00 to 07:00 (Europe/London), but for what is critical" in words
    assert "over no channel" in words
    assert "bob@example.com" not in page


@pytest.mark.parametrize(
    ("week", "first", "shown"),
    [
        ("2026-03-29", "23 Mar to 29 Mar 2026", "2026-03-16"),
        ("2026-10-25", "19 Oct to 25 Oct 2026", "2026-10-26"),
        ("1066-10-14", "3 Jan to 9 Jan 2000", "2000-01-10"),
    ],
)
async def test_weeks_are_paged(viewer: Browser, week: str, first: str, shown: str) -> None:
    _, page = await viewer.get(f"/on-call/calendar?week={week}")
    assert f"On call, {first}" in words_of(page)
    assert f"week={shown}&amp;zone=Europe%2FLondon" in page


@pytest.mark.parametrize("query", ["week=soon&zone=Mars%2FOlympus", "zone=%00", "like=x", ""])
async def test_what_is_no_week_and_no_zone_is_this_week_here(viewer: Browser, query: str) -> None:
    response, page = await viewer.get(f"/on-call/calendar?{query}")
    assert response.status == 200
    assert "This week" not in words_of(page)
    assert 'data-zone="Europe/London"' in page


async def test_a_week_in_another_zone_has_its_clocks(viewer: Browser) -> None:
    _, page = await viewer.get("/on-call/calendar?week=2026-07-06&zone=UTC")
    assert "Mon 08:00" in words_of(page)
    _, page = await viewer.get("/on-call/calendar?week=2026-07-06")
    assert "Mon 09:00" in words_of(page)


async def feed_of(browser: Browser, of: str = "schedule:primary") -> str:
    await browser.get("/on-call/calendar")
    response, _ = await browser.post("/on-call/feeds", of=of)
    assert response.status == 303
    _, page = await browser.get("/on-call/calendar")
    return unescape(re.findall(r"<code id=\"feed-[0-9]+\">([^<]+)</code>", page)[-1])


async def test_a_calendar_address_is_read_without_signing_in_until_it_is_taken_back(
    on_call: World, viewer: Browser
) -> None:
    address = await feed_of(viewer)
    async with ClientSession() as anybody:
        async with anybody.get(address) as response:
            text = await response.text()
            assert response.content_type == "text/calendar"
            tag = response.headers["etag"]
        assert len(icalendar.Calendar.from_ical(text).walk("VEVENT")) > 10
        async with anybody.get(address, headers={"if-none-match": tag}) as response:
            assert response.status == 304
        await viewer.post("/on-call/feeds/1/remove")
        async with anybody.get(address) as response:
            assert response.status == 410
    assert await audited(on_call) == [
        "Carol: calendar address taken back, schedule primary",
        "Carol: calendar address made, schedule primary",
    ]


async def test_a_changed_override_changes_the_feed(on_call: World, bob: Browser) -> None:
    address = await feed_of(bob)
    async with ClientSession() as anybody:
        async with anybody.get(address) as response:
            before = response.headers["etag"]
        soon = on_call.clock.now() + 20 * 24 * HOUR
        for person in ("bob", "alice"):
            await put_override(on_call.services, an_override(soon, person), "alice")
            soon += 3 * HOUR
        async with anybody.get(address, headers={"if-none-match": before}) as response:
            assert response.status == 200


async def test_the_same_address_is_given_twice(bob: Browser) -> None:
    assert await feed_of(bob) == await feed_of(bob)


async def test_an_address_is_taken_back_by_its_maker_or_an_admin_alone(
    on_call: World, viewer: Browser, bob: Browser
) -> None:
    address = await feed_of(viewer, "person:alice")
    _, page = await bob.get("/on-call/calendar")
    assert address not in unescape(page)
    assert (await bob.post("/on-call/feeds/1/remove"))[0].status == 403
    admin = await Browser(on_call).sign_in("Dora", "admin")
    _, page = await admin.get("/on-call/calendar")
    assert "made by Carol" in words_of(page)
    assert address not in unescape(page)
    assert (await admin.post("/on-call/feeds/1/remove"))[0].status == 303
    await admin.http.close()


async def test_the_addresses_of_a_user_who_is_removed_open_nothing(
    on_call: World, viewer: Browser
) -> None:
    address = await feed_of(viewer)

    await on_call.session("Dora", "admin")

    def remove(conn: Connection) -> None:
        [carol] = [one for one in accounts.users(conn) if one.name == "Carol"]
        accounts.remove_user(conn, carol.id)

    await on_call.database.write(remove)
    async with ClientSession() as anybody, anybody.get(address) as response:
        assert response.status == 410


@pytest.mark.parametrize("token", ["x", "A" * 600, "%00", "../secret"])
async def test_a_made_up_address_opens_nothing(on_call: World, token: str) -> None:
    url = f"{on_call.url}/on-call/calendar/{token}.ics"
    async with ClientSession() as anybody, anybody.get(url, allow_redirects=False) as response:
        assert response.status in (403, 404)


async def test_a_link_that_acknowledges_is_no_calendar(on_call: World) -> None:
    token = on_call.signer.sign(Grant("acknowledge", "incident:1", "alice", 0))
    url = f"{on_call.url}/on-call/calendar/{token}.ics"
    async with ClientSession() as anybody, anybody.get(url) as response:
        assert response.status == 403


async def test_who_is_paged_on_sunday_at_three(viewer: Browser) -> None:
    _, page = await viewer.get("/escalations?at=2026-11-29T03:00&severity=critical")
    words = words_of(page)
    assert "At once: console, alice. After 5 min: bob." in words
    assert "Sun 29 Nov 03:00 GMT, critical" in words
    assert "default takes it: platform" in words


async def test_what_is_kept_quiet_and_what_waits_is_told(viewer: Browser) -> None:
    _, warning = await viewer.get("/escalations?at=2026-11-29T03:00&severity=warning")
    assert "the route days is not active at this time, until" in words_of(warning)
    _, info = await viewer.get("/escalations?at=2026-11-29T03:00&severity=info")
    assert "bob has quiet hours: firing by mail waits until" in words_of(info)


async def test_an_escalation_is_drawn_by_one_of_its_routes(viewer: Browser) -> None:
    _, page = await viewer.get("/escalations/platform?at=2026-11-29T23:00&route=nights")
    words = words_of(page)
    assert "the route nights is muted at this time" in words
    assert "By the route default nights days" in words
    response, _ = await viewer.get("/escalations/gone")
    assert response.status == 404


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("at=tomorrow", "at: expected a date and a time"),
        ("at=2926-01-01T00:00", "more than five years away"),
        ("severity=bad", "severity: found"),
        ("labels=%3Cscript%3E", "labels: found"),
    ],
)
async def test_a_question_that_can_not_be_read_is_refused(
    viewer: Browser, query: str, words: str
) -> None:
    response, page = await viewer.get(f"/escalations?{query}")
    assert response.status == 422
    assert words in words_of(page)
    assert "<script>" not in page.split("<main", 1)[1]


async def test_the_home_page_says_who_is_on_call(viewer: Browser) -> None:
    _, page = await viewer.get("/")
    assert re.search(r"On call now all (alice|bob) primary until", words_of(page))
