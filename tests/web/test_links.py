"""Links in messages: a GET asks, a POST acts, once."""

import asyncio

import pytest
from aiohttp import ClientSession
from msgspec.structs import replace

from sentinel.api import Error
from sentinel.config.model import PersonConfig
from sentinel.model.alert import Incident
from sentinel.signing import Grant
from sentinel.store import alerts

from .conftest import World

FAR = 4_000_000_000


@pytest.fixture(autouse=True)
def alice(world: World) -> None:
    """Whose links are followed here."""
    setup = world.services.setup
    people = {"alice": PersonConfig(name="alice", addresses={})}
    world.services.setup = replace(setup, config=replace(setup.config, people=people))


async def broken(world: World) -> None:
    await world.pipeline.accept("shop", [Error(code="SMS_DOWN", message="<b>x</b>", tenant="acme")])


def link(world: World, verb: str, who: str = "alice", **changes: object) -> str:
    given = {"purpose": verb, "object": "incident:1", "who": who, "expires": FAR, **changes}
    return f"{world.url}/a/{world.signer.sign(Grant(**given))}"  # type: ignore[arg-type]


async def fetch(method: str, url: str) -> tuple[int, str]:
    async with (
        ClientSession() as http,
        http.request(method, url, allow_redirects=False) as response,
    ):
        return response.status, await response.text()


async def incident(world: World) -> Incident:
    found = await world.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert found is not None
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_scanner_that_follows_the_link_changes_nothing(world: World, method: str) -> None:
    await broken(world)
    for _ in range(3):
        assert (await fetch(method, link(world, "acknowledge")))[0] == 200
    assert (await incident(world)).state == "open"


async def test_the_page_says_what_would_happen_and_for_whom(world: World) -> None:
    await broken(world)
    status, page = await fetch("GET", link(world, "acknowledge"))
    assert status == 200
    assert "Acknowledge as alice" in page
    assert "Nobody has it yet" in page
    assert "<b>x</b>" not in page
    assert "<script" not in page


async def test_the_button_acts_and_the_page_says_so(world: World) -> None:
    await broken(world)
    status, page = await fetch("POST", link(world, "acknowledge"))
    assert status == 200
    assert "You have incident 1" in page
    assert ">Resolve<" in page
    assert (await incident(world)).acknowledged_by == "alice"


async def test_a_link_is_used_once(world: World) -> None:
    await broken(world)
    url = link(world, "escalate")
    await fetch("POST", url)
    for method in ("POST", "GET"):
        status, page = await fetch(method, url)
        assert "This was answered before: by alice at" in page
        assert "<button" not in page
        assert status == 410


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_used_link_gives_no_further_ones(world: World, method: str) -> None:
    await broken(world)
    url = link(world, "acknowledge")
    _, first = await fetch("POST", url)
    assert "/a/" in first, "whoever took it may go on from there"
    _, again = await fetch(method, url)
    assert "/a/" not in again


async def test_of_many_posts_at_one_moment_one_acts(world: World) -> None:
    await broken(world)
    url = link(world, "escalate")
    pages = await asyncio.gather(*(fetch("POST", url) for _ in range(6)))
    assert sum("More people are called" in page for _, page in pages) == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"expires": 1}, 410),
        ({"purpose": "manage"}, 404),
        ({"purpose": "status"}, 404),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_no_link_for_this_is_refused(
    world: World, changes: dict[str, object], status: int, method: str
) -> None:
    await broken(world)
    found, page = await fetch(method, link(world, "acknowledge", **changes))
    assert found == status
    assert "SMS_DOWN" not in page
    assert (await incident(world)).state == "open"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("end", [-1, -20])
async def test_a_forged_link_is_refused_and_learns_nothing(
    world: World, method: str, end: int
) -> None:
    await broken(world)
    status, page = await fetch(method, link(world, "acknowledge")[:end] + "A" * -end)
    assert status == 404
    assert "SMS_DOWN" not in page
    assert (await incident(world)).state == "open"


async def test_who_guesses_is_slowed_down(world: World) -> None:
    found = [(await fetch("GET", f"{world.url}/a/{'x' * 40}"))[0] for _ in range(70)]
    assert found[0] == 404
    assert found[-1] == 429


async def test_a_link_that_many_read_leads_to_where_one_signs_in(world: World) -> None:
    await broken(world)
    assert (await fetch("GET", link(world, "acknowledge", who="")))[0] == 303
    assert (await fetch("POST", link(world, "acknowledge", who="")))[0] == 404
    assert (await incident(world)).state == "open"


async def test_an_incident_that_is_over_says_so(world: World) -> None:
    await broken(world)
    await fetch("POST", link(world, "resolve"))
    _, page = await fetch("POST", link(world, "acknowledge"))
    assert "There is nothing left to do" in page


async def test_it_is_kept_by_nobody_and_found_by_no_search_engine(world: World) -> None:
    await broken(world)
    async with ClientSession() as http, http.get(link(world, "acknowledge")) as response:
        assert response.headers["cache-control"] == "no-store"
        assert "noindex" in await response.text()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_link_of_somebody_who_has_left_shows_and_does_nothing(
    world: World, method: str
) -> None:
    await broken(world)
    status, page = await fetch(method, link(world, "acknowledge", who="bob"))
    assert status == 404
    assert "SMS_DOWN" not in page
    assert (await incident(world)).state == "open"


async def test_its_address_is_told_to_nobody_whose_page_is_opened_from_it(world: World) -> None:
    await broken(world)
    async with ClientSession() as http, http.get(link(world, "acknowledge")) as response:
        assert response.headers["referrer-policy"] == "no-referrer"


async def test_who_is_slowed_down_is_told_so_in_plain_words(world: World) -> None:
    pages = [(await fetch("GET", f"{world.url}/a/{'x' * 40}"))[1] for _ in range(70)]
    assert "was asked too often" in pages[-1]
    assert "project" not in pages[-1]


async def test_of_an_incident_that_is_over_no_button_is_left(world: World) -> None:
    await broken(world)
    await fetch("POST", link(world, "resolve"))
    status, page = await fetch("GET", link(world, "acknowledge"))
    assert status == 200
    assert "There is nothing left to do." in page
    assert "It ended at" in page
    assert "<button" not in page
