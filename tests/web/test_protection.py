"""Roles, forged requests, headers."""

import re

import pytest

from .conftest import Browser, World

CHANGES = [
    "/errors/1/status",
    "/incidents/1/acknowledge",
    "/deliveries/1/send-again",
    "/settings/tokens/add",
    "/sign-out",
]
OF_ADMINS = ["/settings/users", "/settings/audit"]


@pytest.mark.parametrize("path", CHANGES)
async def test_a_change_without_the_forms_token_is_refused(
    world: World, browser: Browser, path: str
) -> None:
    await browser.sign_in()
    browser.csrf = "guessed"
    assert (await browser.post(path, status="resolved"))[0].status == 403


@pytest.mark.parametrize("path", CHANGES)
async def test_a_change_from_another_site_is_refused(
    world: World, browser: Browser, path: str
) -> None:
    await browser.sign_in()
    async with browser.http.post(
        world.url + path,
        data={"csrf": browser.csrf},
        headers={"origin": "https://evil.example"},
        allow_redirects=False,
    ) as response:
        assert response.status == 403


async def test_a_sign_in_form_of_another_site_is_refused(world: World, browser: Browser) -> None:
    await browser.get("/sign-in")
    browser.csrf = "guessed"
    response, _ = await browser.post("/sign-in", name="admin", password="x")
    assert response.status == 403


async def test_a_form_may_send_its_token_as_a_header(world: World, browser: Browser) -> None:
    await browser.sign_in()
    async with browser.http.post(
        world.url + "/settings/tokens/add",
        data={"name": "a script"},
        headers={"x-csrf-token": browser.csrf},
    ) as response:
        assert response.status == 200


@pytest.mark.parametrize("path", ["/errors/1/status", "/incidents/1/acknowledge"])
async def test_viewers_change_nothing(world: World, browser: Browser, path: str) -> None:
    await browser.sign_in("Bob", "viewer")
    assert (await browser.post(path, status="resolved"))[0].status == 403


@pytest.mark.parametrize("path", OF_ADMINS)
async def test_users_and_audit_are_for_administrators(
    world: World, browser: Browser, path: str
) -> None:
    await browser.sign_in("Bob", "responder")
    assert (await browser.get(path))[0].status == 403


async def test_a_large_form_is_refused(world: World, browser: Browser) -> None:
    await browser.sign_in()
    assert (await browser.post("/settings/tokens/add", name="x" * 70_000))[0].status == 413


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/healthz", "/api/v1/errors"])
async def test_every_answer_carries_the_policy(world: World, browser: Browser, path: str) -> None:
    response, _ = await browser.get(path)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


async def test_built_files_may_be_kept_for_ever(world: World, browser: Browser) -> None:
    _, text = await browser.get("/sign-in")
    style = re.search(r'href="(/static/style[^"]+)"', text)
    assert style
    response, _ = await browser.get(style[1])
    assert "immutable" in response.headers["cache-control"]


async def test_the_daemon_is_alive_and_says_why_it_is_not_ready(
    world: World, browser: Browser
) -> None:
    assert (await browser.get("/healthz"))[0].status == 200
    assert (await browser.get("/readyz"))[0].status == 200
    world.unready = "it is stopping"
    response, text = await browser.get("/readyz")
    assert (response.status, text) == (503, "it is stopping\n")


async def test_metrics_are_open_to_programs_on_this_machine(world: World, browser: Browser) -> None:
    response, text = await browser.get("/metrics")
    assert response.status == 200
    assert "sentinel_event_loop_lag_seconds" in text


@pytest.mark.parametrize(
    "headers", [{"x-forwarded-for": "203.0.113.9"}, {"host": "rebound.example"}]
)
async def test_metrics_from_elsewhere_take_a_token(
    world: World, browser: Browser, headers: dict[str, str]
) -> None:
    assert (await browser.get("/metrics", headers=headers))[0].status == 401
    bearer = {"authorization": f"Bearer {await world.token()}"}
    assert (await browser.get("/metrics", headers={**headers, **bearer}))[0].status == 200
