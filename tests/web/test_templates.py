"""The page Templates, its frame, the test to oneself, and the same over the API."""

import sqlite3
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from sentinel.api import Error
from sentinel.installation import Installation, require
from sentinel.model.broadcast import Broadcast, Update
from sentinel.store import audit, broadcasts, deliveries

from .conftest import CONFIG, RULES, Browser, World

TEMPLATES = """
people:
  admin: {email: admin@example.com}
templates:
  - name: brief
    reasons: [firing]
    subject: "{{ name }} <now>"
    text: "{{ error }} {{ lead }}"
  - name: fails
    reasons: [resolved]
    subject: "{% if code == 'REAL_ONE' %}{{ labels.x.y }}{% else %}fine{% endif %}"
  - name: words
    audience: client
    text: "{{ message }}"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    (folder / "sentinel.yaml").write_text(CONFIG + TEMPLATES)
    return require(folder / "sentinel.yaml", {})[0]


async def test_the_page_lists_templates_and_shows_the_first_message(browser: Browser) -> None:
    await browser.sign_in("viewer", "viewer")
    response, text = await browser.get("/settings/templates")
    assert response.status == 200
    assert all(name in text for name in ("brief", "fails", "words"))
    assert "SMS_DELIVERY_FAILURE &lt;now&gt;" in text
    assert "frame-src 'self'" in response.headers["content-security-policy"]
    assert "Send this as a test" not in text


async def test_without_templates_the_page_shows_the_default_words(
    browser: Browser, world: World
) -> None:
    setup = world.services.setup
    world.services.setup = replace(setup, config=replace(setup.config, templates=()))
    await browser.sign_in()
    _, text = await browser.get("/settings/templates")
    assert "every message has its default words" in text
    assert "[critical] SMS_DELIVERY_FAILURE" in text


async def test_the_frame_may_run_load_and_send_nothing(browser: Browser) -> None:
    await browser.sign_in()
    response, text = await browser.get("/settings/templates/letter?template=brief")
    policy = response.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-" not in policy
    assert text.startswith("<!DOCTYPE html>")


async def test_a_template_that_fails_is_told_with_what_is_sent_instead(
    browser: Browser, world: World, event: Callable[..., Error]
) -> None:
    await browser.sign_in()
    await world.accept(event("REAL_ONE"))
    _, text = await browser.get("/settings/templates?template=fails&show=admin/resolved&incident=1")
    assert "The template fails fails: line 1: found &#39;y&#39; in a text" in text
    assert "Resolved: REAL_ONE" in text


async def test_a_real_incident_is_shown_without_links_that_act(
    browser: Browser, world: World, event: Callable[..., Error]
) -> None:
    await browser.sign_in("viewer", "viewer")
    await world.accept(event())
    _, text = await browser.get("/settings/templates?template=-&show=admin/firing&incident=1")
    assert "TWILIO_API_FAILURE" in text
    assert "/incidents/1" in text
    assert "/a/" not in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("template=breif", "did you mean brief?"),
        ("show=admin/fire", "expected one of firing"),
        ("channel=x", "found the channel"),
        ("incident=99", "there is no incident 99"),
        ("incident=x", "expected its number"),
        ("template=words&incident=1", "clients were told nothing of it"),
    ],
)
async def test_what_there_is_not_is_told(browser: Browser, query: str, said: str) -> None:
    await browser.sign_in()
    response, text = await browser.get(f"/settings/templates?{query}")
    assert response.status == 422
    assert said in text


async def test_a_test_goes_to_whoever_asked_and_is_marked(browser: Browser, world: World) -> None:
    await browser.sign_in()
    response, _ = await browser.post("/settings/templates/send", template="brief", channel="inbox")
    assert response.status == 303
    await world.settle()
    found = await world.database.read(lambda conn: deliveries.listing(conn, limit=5))
    message = await world.database.read(lambda conn: deliveries.message(conn, found[0].id))
    assert (found[0].reason, found[0].state) == ("test", "sent")
    assert message is not None
    assert message.subject == "[Test] SMS_DELIVERY_FAILURE <now>"
    assert message.choices == ()
    assert message.payload["type"] == "test"
    noted = await world.database.read(lambda conn: audit.entries(conn, limit=1))
    assert (noted[0].action, noted[0].object) == ("template sent as a test", "template brief")


async def test_what_is_sent_has_the_words_of_the_template(
    world: World, event: Callable[..., Error]
) -> None:
    hostile = {"values": [{"type": "Failed", "value": "{{ 7 * 7 }} <script>"}]}
    await world.accept(event(exception=hostile))
    await world.settle()
    (found,) = await world.database.read(lambda conn: deliveries.listing(conn, limit=5))
    message = await world.database.read(lambda conn: deliveries.message(conn, found.id))
    assert message is not None
    assert message.subject == "TWILIO_API_FAILURE <now>"
    assert message.text.startswith("{{ 7 * 7 }} <script>")
    assert "{{ 7 * 7 }} &lt;script&gt;" in message.html
    assert message.written


async def test_a_viewer_may_not_send(browser: Browser, world: World) -> None:
    await browser.sign_in("viewer", "viewer")
    response, _ = await browser.post("/settings/templates/send", template="brief", channel="inbox")
    assert response.status == 403


async def test_the_api_previews_and_sends(browser: Browser, world: World) -> None:
    headers = {"authorization": f"Bearer {await world.token()}"}
    url = f"{world.url}/api/v1/templates"
    async with browser.http.get(url, headers=headers) as response:
        listed = await response.json()
    assert [one["name"] for one in listed["items"]] == ["brief", "fails", "words"]
    query = {"template": "words", "about": "resolved", "audience": "client"}
    async with browser.http.get(f"{url}/preview", params=query, headers=headers) as response:
        preview = await response.json()
    assert preview["text"].startswith("Text messages arrive on time again.")
    body = {"channel": "inbox", "template": "brief"}
    async with browser.http.post(f"{url}/test", json=body, headers=headers) as response:
        assert response.status == 200
        assert len((await response.json())["deliveries"]) == 1
    async with browser.http.get(
        f"{url}/preview", params={"template": "x"}, headers=headers
    ) as response:
        assert response.status == 400


async def test_a_broadcast_is_shown_as_clients_read_it(browser: Browser, world: World) -> None:
    def say(conn: sqlite3.Connection) -> None:
        broadcasts.save(conn, [Broadcast(id=3, kind="incident", title="Calls fail", opened=1.0)])
        said = Update(
            id=1, broadcast=3, phase="retraction", text="Never mind.", state="held", created=1.0
        )
        broadcasts.save_updates(conn, [said])

    await world.database.write(say)
    await browser.sign_in()
    # The form always sends which message is chosen, here one about an incident.
    _, page = await browser.get("/settings/templates?show=admin/firing&broadcast=3")
    assert "Never mind." in page
    assert "Withdrawn: Calls fail" in page
    response, page = await browser.get("/settings/templates?show=client/resolved&broadcast=3")
    assert response.status == 422
    assert "expected what broadcast 3 has: retraction" in page
