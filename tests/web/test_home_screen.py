"""The pages as an app on a home screen, which is what iPhones give push messages to."""

import re
import struct

from aiohttp import ClientSession

from .conftest import Browser, World

PNG = b"\x89PNG\r\n\x1a\n"


async def fetched(url: str) -> tuple[int, str, bytes]:
    async with ClientSession() as http, http.get(url) as response:
        return response.status, response.content_type, await response.read()


async def test_every_page_names_the_manifest_and_an_icon(world: World, browser: Browser) -> None:
    await browser.sign_in()
    _, page = await browser.get("/")
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    icon = re.search(r'<link rel="apple-touch-icon" href="(/static/[^"]+\.png)">', page)
    assert icon is not None
    status, kind, picture = await fetched(f"{world.url}{icon[1]}")
    assert (status, kind) == (200, "image/png")
    assert picture.startswith(PNG)


async def test_the_policy_lets_browsers_read_the_manifest(browser: Browser) -> None:
    response, _ = await browser.get("/")
    assert "manifest-src 'self'" in response.headers["content-security-policy"]


async def test_whoever_has_not_signed_in_gets_the_manifest_too(world: World) -> None:
    status, kind, _ = await fetched(f"{world.url}/manifest.webmanifest")
    assert (status, kind) == (200, "application/manifest+json")


async def test_it_opens_without_the_browser_around_it(world: World) -> None:
    async with ClientSession() as http, http.get(f"{world.url}/manifest.webmanifest") as response:
        said = await response.json(content_type=None)
    assert (said["display"], said["start_url"], said["scope"]) == ("standalone", "/", "/")


async def test_each_icon_is_there_in_the_size_that_is_said(world: World) -> None:
    async with ClientSession() as http, http.get(f"{world.url}/manifest.webmanifest") as response:
        said = await response.json(content_type=None)
    assert {one["sizes"] for one in said["icons"]} == {"192x192", "512x512"}
    for one in said["icons"]:
        _, _, picture = await fetched(f"{world.url}{one['src']}")
        width, height = struct.unpack(">II", picture[16:24])
        assert f"{width}x{height}" == one["sizes"]
