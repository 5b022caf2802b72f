"""Who gets in, and who does not."""

import asyncio
import sqlite3

import pytest

from sentinel.errors import Invalid
from sentinel.store import accounts

from .conftest import PASSWORD, Browser, World


async def choose(browser: Browser, link: str, password: str = PASSWORD) -> int:
    await browser.get(link)
    response, _ = await browser.post(link, password=password, again=password)
    return response.status


async def test_the_first_link_leads_to_a_password_and_then_home(
    world: World, browser: Browser
) -> None:
    link = await world.first_link()
    assert await choose(browser, link) == 303
    response, text = await browser.get("/")
    assert response.status == 200
    assert "admin" in text


async def test_looking_at_a_link_does_not_use_it_up(world: World, browser: Browser) -> None:
    link = await world.first_link()
    for _ in range(3):
        response, _ = await browser.get(link)
        assert response.status == 200
    assert await choose(browser, link) == 303


async def test_a_link_works_once(world: World, browser: Browser) -> None:
    link = await world.first_link()
    await choose(browser, link)
    assert (await browser.get(link))[0].status == 410


async def test_a_link_holds_for_an_hour(world: World) -> None:
    def age(conn: sqlite3.Connection) -> tuple[bool, bool]:
        user = accounts.add_user(conn, "Bob", "viewer", 0.0)
        token = accounts.new_link(conn, user.id, 0.0)
        found = (accounts.user_of_link(conn, token, at) for at in (3599.0, 3600.0))
        return next(found) is not None, next(found) is not None

    assert await world.database.write(age) == (True, False)


async def test_there_is_no_first_link_once_somebody_has_a_password(
    world: World, browser: Browser
) -> None:
    await choose(browser, await world.first_link())
    assert (await world.first_link()).endswith("/None")


@pytest.mark.parametrize("password", ["too short", "aaaaaaaaaaaaaaaaaa"])
async def test_a_weak_password_is_refused_and_the_link_stays(
    world: World, browser: Browser, password: str
) -> None:
    link = await world.first_link()
    assert await choose(browser, link, password) == 422
    assert await choose(browser, link) == 303


async def test_two_different_passwords_are_refused(world: World, browser: Browser) -> None:
    link = await world.first_link()
    await browser.get(link)
    response, text = await browser.post(link, password=PASSWORD, again=PASSWORD + "!")
    assert response.status == 422
    assert "not the same" in text


async def test_signing_in_takes_the_name_and_the_password(world: World, browser: Browser) -> None:
    await choose(browser, await world.first_link())
    browser.http.cookie_jar.clear()
    await browser.get("/sign-in")
    wrong, _ = await browser.post("/sign-in", name="admin", password="another one here")
    assert wrong.status == 401
    right, _ = await browser.post(
        "/sign-in", name="admin", password=PASSWORD, next="/errors?text=x"
    )
    assert (right.status, right.headers["location"]) == (303, "/errors?text=x")


async def test_an_unknown_name_is_refused_like_a_wrong_password(
    world: World, browser: Browser
) -> None:
    await browser.get("/sign-in")
    response, text = await browser.post("/sign-in", name="nobody", password=PASSWORD)
    assert response.status == 401
    assert "The name or the password is wrong." in text


async def test_guessing_is_slowed_down(world: World, browser: Browser) -> None:
    await browser.get("/sign-in")
    statuses = [
        (await browser.post("/sign-in", name="admin", password="a wrong guess"))[0].status
        for _ in range(7)
    ]
    assert statuses[:5] == [401] * 5
    assert statuses[5:] == [429] * 2


async def test_guesses_made_at_the_same_time_count_too(world: World, browser: Browser) -> None:
    await browser.get("/sign-in")
    answers = await asyncio.gather(
        *(browser.post("/sign-in", name="admin", password="a wrong guess") for _ in range(20))
    )
    assert sum(response.status == 401 for response, _ in answers) == 5


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil",
    ],
)
async def test_nobody_is_led_elsewhere_after_signing_in(
    world: World, browser: Browser, target: str
) -> None:
    await choose(browser, await world.first_link())
    browser.http.cookie_jar.clear()
    await browser.get("/sign-in")
    response, _ = await browser.post("/sign-in", name="admin", password=PASSWORD, next=target)
    assert response.headers["location"] == "/"


async def test_signing_out_ends_the_session(world: World, browser: Browser) -> None:
    await browser.sign_in()
    token = next(c.value for c in browser.http.cookie_jar if c.key == "sentinel")
    await browser.post("/sign-out")
    browser.http.cookie_jar.update_cookies({"sentinel": token})
    assert (await browser.get("/"))[0].status == 303


async def test_strangers_are_sent_to_sign_in_and_come_back(world: World, browser: Browser) -> None:
    response, _ = await browser.get("/errors?status=open")
    assert response.status == 303
    assert response.headers["location"] == "/sign-in?next=%2Ferrors%3Fstatus%3Dopen"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    world: World, browser: Browser
) -> None:
    link = await world.first_link()
    await browser.get(link)
    response, _ = await browser.post(link, password=PASSWORD, again=PASSWORD)
    cookie = next(c for c in response.headers.getall("set-cookie") if c.startswith("sentinel="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


async def test_neither_tokens_nor_passwords_are_stored_as_they_are(
    world: World, browser: Browser
) -> None:
    link = await world.first_link()
    await choose(browser, link)
    session = next(c.value for c in browser.http.cookie_jar if c.key == "sentinel")
    api = await world.token()
    world.database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (world.folder / "state" / "sentinel.db").read_bytes()
    for secret in (PASSWORD, session, api, link.rpartition("/")[2]):
        assert secret.encode() not in stored


async def test_the_last_administrator_can_not_be_taken_away(world: World) -> None:
    await world.session("Alice", "admin")
    with pytest.raises(Invalid, match="last administrator"):
        await world.database.write(lambda conn: accounts.remove_user(conn, 1))
    with pytest.raises(Invalid, match="last administrator"):
        await world.database.write(lambda conn: accounts.set_role(conn, 1, "viewer"))


async def test_a_session_that_is_used_lives_on(world: World) -> None:
    def live(conn: sqlite3.Connection) -> bool:
        user = accounts.add_user(conn, "Bob", "viewer", 0.0)
        token = accounts.start_session(conn, user.id, "test", 0.0)
        late = accounts.SESSION_LASTS - 1
        found = accounts.session(conn, token, late)
        assert found is not None
        assert accounts.should_slide(found, late)
        accounts.slide(conn, token, late)
        return accounts.session(conn, token, late + accounts.SESSION_LASTS - 1) is not None

    assert await world.database.write(live)
