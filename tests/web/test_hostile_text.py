"""Whatever an application sends, the pages show it as text."""

import json
from typing import Any

import pytest
from aiohttp import ClientSession

from sentinel.store import projects
from sentinel.web.render import is_web_address

from .conftest import Browser, World
from .events import an_event
from .test_pages import PATHS

ATTACK = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"


def poisoned(value: Any) -> Any:
    """Every text, and every name that may be one, with an attack in it."""
    if isinstance(value, dict):
        return {key: poisoned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner) for inner in value]
    return f"{value}{ATTACK}" if isinstance(value, str) else value


async def send(world: World, event: dict[str, Any]) -> None:
    project = await world.database.write(lambda conn: projects.ensure(conn, "shop", 1.0))
    payload = json.dumps(event).encode()
    body = b'{}\n{"type":"event","length":%d}\n%s\n' % (len(payload), payload)
    url = f"{world.url}/api/{project.id}/envelope/?sentry_key={project.key}"
    async with ClientSession() as http, http.post(url, data=body) as response:
        assert response.status == 200, await response.text()


async def test_markup_in_any_field_stays_text(world: World, browser: Browser) -> None:
    event = poisoned(an_event(None))
    event["tags"] = {"code": "TWILIO_API_FAILURE", "tenant": f"Acme{ATTACK}", f"k{ATTACK}": ATTACK}
    event["extra"] = {ATTACK: {ATTACK: [ATTACK]}}
    event["contexts"] = {ATTACK: {ATTACK: ATTACK}}
    event["level"] = "error"
    await send(world, event)
    await world.settle()
    await browser.sign_in()
    _, text = await browser.get("/errors/1")
    assert "&lt;script&gt;alert(1)" in text
    for path in (*PATHS, "/errors/1/events/1"):
        _, text = await browser.get(path)
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        assert "49" not in text.partition("<main")[2].split("alert(1)")[0][-20:], path


async def test_search_words_come_back_as_text(world: World, browser: Browser) -> None:
    await browser.sign_in()
    _, text = await browser.get("/errors", params={"text": ATTACK, "code": ATTACK})
    assert "<script>alert" not in text


async def test_characters_that_turn_text_around_are_made_visible(
    world: World, browser: Browser
) -> None:
    await send(world, {"message": "safe\u202etxt.exe\u0007 \u2066hidden", "level": "error"})
    await browser.sign_in()
    _, text = await browser.get("/errors/1")
    for character in "\u202e\u0007\u2066":
        assert character not in text
    assert "\\u{202e}" in text


async def test_only_web_addresses_become_links(world: World, browser: Browser) -> None:
    await send(
        world,
        {
            "message": "x",
            "level": "error",
            "request": {"method": "GET", "url": "javascript:alert(1)"},
            "extra": {"page": "JaVaScRiPt:alert(1)", "docs": "https://docs.example.com/a"},
        },
    )
    await browser.sign_in()
    _, text = await browser.get("/errors/1")
    assert 'href="javascript:' not in text.lower()
    assert '<a href="https://docs.example.com/a" rel="noopener noreferrer"' in text


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://a b",
        "http://\u202eb",
        7,
    ],
)
def test_other_addresses_are_not_linked(text: object) -> None:
    assert not is_web_address(text)
