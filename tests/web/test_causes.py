"""What stands behind an error, an alert and an incident, on their pages and by the API."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.api import Change, Error
from sentinel.causes import Learner
from sentinel.config.schema import Retention
from sentinel.model.resolution import Resolution
from sentinel.store import alerts, audit, past, resolutions

from .conftest import Browser, World

Event = Callable[..., Error]
DAY = 86_400.0


async def over(world: World, number: int, days: float = 0.0) -> None:
    """End an incident now, or make as if it had ended some days ago."""
    now = world.clock.now() - days * DAY

    def end(conn: Any) -> None:
        incident = alerts.get_incident(conn, number)
        assert incident is not None
        ended = replace(incident, state="resolved", opened=now - 600, resolved=now)
        alerts.save_incidents(conn, [ended])
        own = alerts.of_incident(conn, number)
        alerts.save(conn, [replace(one, state="resolved", started=now - 600) for one in own])

    await world.database.write(end)


@pytest.fixture
async def cascade(world: World, event: Event) -> None:
    """A cause and its effect, after a deploy."""
    deploy = Change(
        id="d1", kind="deploy", service="shop", author="bob", at=world.clock.now() - 120
    )
    await world.pipeline.accept("shop", [deploy])
    await world.accept(event())
    await world.accept(event("SMS_DELIVERY_FAILURE"))


@pytest.fixture
async def recurring(world: World, event: Event) -> None:
    """One that was fixed a month ago, and is back."""
    await world.accept(event())
    await over(world, 1, days=30)

    def fix(conn: Any) -> None:
        text = "Rotated the Twilio token"
        resolutions.put(conn, Resolution(incident=1, text=text, author="alice", at=1.0))
        incident = alerts.get_incident(conn, 1)
        assert incident is not None
        past.remember(conn, incident)

    await world.database.write(fix)
    incident = await world.database.read(lambda conn: alerts.get_incident(conn, 1))
    root = await world.database.read(lambda conn: alerts.get(conn, 1))
    assert incident
    assert root
    again = replace(incident, id=2, root=2, state="open", resolved=None, opened=world.clock.now())

    def begin(conn: Any) -> None:
        alerts.save_incidents(conn, [again])
        firing = replace(root, id=2, incident=2, state="firing", started=again.opened)
        alerts.save(conn, [firing])

    await world.database.write(begin)


@pytest.mark.usefixtures("cascade")
async def test_the_incidents_page_shows_causes_with_reasons_and_the_cascade(
    browser: Browser,
) -> None:
    await browser.sign_in()
    _, text = await browser.get("/incidents/1")
    assert "Probable causes" in text
    assert "deploy of shop" in text
    assert "made by bob 2 min before it began" in text
    assert "The root cause: it brought about SMS_DELIVERY_FAILURE." in text
    assert "What fixed it?" not in text


@pytest.mark.usefixtures("cascade")
@pytest.mark.parametrize("path", ["/alerts/2", "/errors/2"])
async def test_an_effects_own_page_says_of_what_it_is_a_cascade(
    browser: Browser, path: str
) -> None:
    await browser.sign_in()
    _, text = await browser.get(path)
    assert "A cascade: TWILIO_API_FAILURE brought it about." in text


@pytest.mark.usefixtures("recurring")
async def test_similar_incidents_are_shown_with_what_fixed_them(browser: Browser) -> None:
    await browser.sign_in()
    for path in ("/incidents/2", "/errors/1"):
        _, text = await browser.get(path)
        assert "Similar incidents before" in text, path
        assert "Rotated the Twilio token" in text, path
        assert "it held" in text, path
        assert 'href="/incidents/1"' in text, path


async def test_once_it_is_over_one_field_asks_what_fixed_it(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await over(world, 1)
    await browser.sign_in()
    assert "What fixed it?" in (await browser.get("/incidents/1"))[1]
    said = "Rotated the token, password=hunter2hunter2"
    response, _ = await browser.post("/incidents/1/fixed", text=said)
    assert response.headers["location"] == "/incidents/1?done=explained"
    _, text = await browser.get("/incidents/1?done=explained")
    assert "Rotated the token" in text
    assert "hunter2" not in text
    assert "Kept for the next time." in text
    noted = await world.database.read(lambda conn: audit.entries(conn))
    assert ("incident explained", "incident 1") in {(one.action, one.object) for one in noted}


async def test_an_empty_text_takes_back_what_was_said(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await over(world, 1)
    await browser.sign_in()
    await browser.post("/incidents/1/fixed", text="A restart")
    await browser.post("/incidents/1/fixed", text="  ")
    assert await world.database.read(lambda conn: resolutions.get(conn, 1)) is None


async def test_what_goes_on_has_not_been_fixed(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in()
    response, text = await browser.post("/incidents/1/fixed", text="A restart")
    assert response.status == 400
    assert "expected one that is over" in text
    assert (await browser.post("/incidents/9/fixed", text="A restart"))[0].status == 404


async def test_a_viewer_may_not_say_what_fixed_it(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await over(world, 1)
    await browser.sign_in("bob", "viewer")
    assert "/incidents/1/fixed" not in (await browser.get("/incidents/1"))[1]
    assert (await browser.post("/incidents/1/fixed", text="x"))[0].status == 403


@pytest.mark.usefixtures("cascade")
async def test_the_report_on_an_incident_is_shown_and_downloaded(browser: Browser) -> None:
    await browser.sign_in()
    assert 'href="/incidents/1/report"' in (await browser.get("/incidents/1"))[1]
    assert "# Debug report: incident 1" in (await browser.get("/incidents/1/report"))[1]
    response, text = await browser.get("/incidents/1/report?format=text")
    assert 'filename="incident-1.txt"' in response.headers["content-disposition"]
    assert text.startswith("DEBUG REPORT: INCIDENT 1")
    assert (await browser.get("/incidents/1/report?format=pdf"))[0].status == 404
    assert (await browser.get("/incidents/9/report"))[0].status == 404


@pytest.mark.usefixtures("recurring")
async def test_the_api_gives_the_same(world: World, browser: Browser) -> None:
    headers = {"authorization": f"Bearer {await world.token()}"}

    async def get(path: str) -> Any:
        async with browser.http.get(f"{world.url}/api/v1{path}", headers=headers) as response:
            return response.status, await response.json()

    _, incident = await get("/incidents/2")
    assert incident["similar"][0]["fix"]["text"] == "Rotated the Twilio token"
    assert incident["similar"][0]["held"] is True
    assert incident["candidates"][0]["name"] == "TWILIO_API_FAILURE"
    assert incident["standing"]["role"] == "root"
    assert (await get("/errors/1"))[1]["standing"]["incident"] == 2
    assert (await get("/alerts/2"))[1]["standing"]["role"] == "root"
    assert (await get("/incidents/2/report?format=json"))[1]["incident"]["id"] == 2
    url = f"{world.url}/api/v1/incidents/1/resolution"
    async with browser.http.put(url, headers=headers, json={"text": "A restart"}) as response:
        assert (await response.json())["text"] == "A restart"
    async with browser.http.put(url, headers=headers, json={"text": "x" * 601}) as response:
        assert response.status == 400


async def test_the_learner_remembers_what_the_pipeline_stored(world: World, event: Event) -> None:
    await world.accept(event())
    learner = Learner(world.database, world.clock, Retention)
    assert await learner.learn() == 1
    assert await learner.learn() == 0
    await over(world, 1)
    assert await learner.learn() == 1
