"""Feeds, badges and data, as programs read them."""

import re
import sqlite3
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from sentinel.config.model_status import StatusPartConfig
from sentinel.status import badges, bars, feeds, statuspage, words
from sentinel.status.facts import Day, Facts, Part
from sentinel.status.stories import story
from sentinel.store import status as store

from .tales import DAY, NOON, tell

HOSTILE = "Mail & <script>alert(1)</script> \"]]> \u202e\x00 ' --> €"
SMS = StatusPartConfig(id="sms", components=("gw",), title="SMS", group="Messages", description="")
ATOM = "{http://www.w3.org/2005/Atom}"
CHANNEL = feeds.Channel("Acme <status>", "https://acme.example/status", "https://acme.example/f")
NAMES = statuspage.Names("Acme status", "https://acme.example/status")


def part(id: str, state: Any, group: str = "") -> Part:
    return Part(id=id, title=id.upper(), group=group, description="", state=state)


@pytest.fixture
def facts(conn: sqlite3.Connection) -> Facts:
    said = (("investigating", HOSTILE, NOON - 900), ("identified", "A\n\nB", NOON - 60))
    tell(conn, 1, *said, title=HOSTILE, components=("gw",), severity="critical")  # type: ignore[arg-type]
    tell(conn, 2, ("resolved", "Over.", NOON - 5 * DAY), opened=NOON - 6 * DAY)
    planned = {"kind": "maintenance", "starts": NOON + 60, "ends": NOON + 90}
    tell(conn, 3, ("scheduled", "Soon.", NOON - DAY), **planned)
    told = [story(one, said, [SMS]) for one, said in store.published(conn, None, 0)]
    parts = (part("sms", "down", "Messages"), part("mail", "up", "Messages"), part("web", "up"))
    return Facts(at=NOON, overall="partial", parts=parts, stories=tuple(told))


def test_rss_has_what_its_specification_asks_for(facts: Facts) -> None:
    root = Xml.fromstring(feeds.rss(facts, CHANNEL))
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = root[0]
    for name in ("title", "link", "description"):
        assert len(channel.findall(name)) == 1
    assert channel.findtext("title") == "Acme <status>"
    own = channel.find(f"{ATOM}link")
    assert own is not None
    assert (own.get("rel"), own.get("href")) == ("self", CHANNEL.own)
    for item in channel.findall("item"):
        assert item.findtext("title")
        assert parsedate_to_datetime(item.findtext("pubDate") or "").utcoffset() is not None
        assert (item.findtext("link") or "").startswith("https://acme.example/status/incidents/")


def test_atom_has_what_its_specification_asks_for(facts: Facts) -> None:
    root = Xml.fromstring(feeds.atom(facts, CHANNEL))
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    for entry in root.findall(f"{ATOM}entry"):
        for name in ("id", "title", "updated", "published", "content"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1
        assert re.match(r"tag:[^,]+,\d{4}:", entry.findtext(f"{ATOM}id") or "")
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "").tzinfo is not None


@pytest.mark.parametrize("made", [feeds.rss, feeds.atom])
def test_each_update_is_an_entry_of_its_own_the_newest_first(facts: Facts, made: Any) -> None:
    text = made(facts, CHANNEL).decode()
    ids = re.findall(r">(tag:acme\.example,2026:status/incidents/[^<]+)<", text)
    assert [one.rpartition("/incidents/")[2] for one in ids] == ["1/101", "1/100", "3/300", "2/200"]


@pytest.mark.parametrize("made", [feeds.rss, feeds.atom])
def test_a_feed_stays_the_same_while_nothing_is_said(facts: Facts, made: Any) -> None:
    assert made(facts, CHANNEL) == made(replace(facts, at=NOON + 900), CHANNEL)


@pytest.mark.parametrize("made", [feeds.rss, feeds.atom])
def test_hostile_text_stays_text_in_feeds(facts: Facts, made: Any) -> None:
    root = Xml.fromstring(made(facts, CHANNEL))
    html = [one.text for one in root.iter() if one.tag in ("description", f"{ATOM}content")]
    assert any("&lt;script&gt;" in (one or "") for one in html)
    assert not any("<script" in (one or "") for one in html)


@pytest.mark.parametrize("made", [feeds.rss, feeds.atom])
def test_a_feed_of_nothing_is_a_feed(made: Any) -> None:
    Xml.fromstring(made(Facts(at=NOON, overall="up", parts=(), stories=()), CHANNEL))


def test_ids_do_not_change_with_the_way_to_the_page(facts: Facts) -> None:
    secret = feeds.Channel("", "https://acme.example/status/t/SECRET", "")
    ids = re.findall(r"<id>([^<]+)</id>", feeds.atom(facts, secret).decode())
    assert ids == re.findall(r"<id>([^<]+)</id>", feeds.atom(facts, CHANNEL).decode())


def test_the_summary_has_the_shape_that_status_clients_read(facts: Facts) -> None:
    found = statuspage.documents(facts, NAMES)["summary.json"]
    assert found["page"]["name"] == "Acme status"
    assert found["status"] == {"indicator": "major", "description": "Some systems are out"}
    group, sms, mail, web = found["components"]
    assert (group["group"], group["components"], group["status"]) == (
        True,
        ["sms", "mail"],
        "major_outage",
    )
    assert (sms["status"], sms["group_id"]) == ("major_outage", group["id"])
    assert (mail["status"], web["group_id"]) == ("operational", None)
    [incident] = found["incidents"]
    assert (incident["status"], incident["impact"]) == ("identified", "critical")
    assert [one["status"] for one in incident["incident_updates"]] == [
        "identified",
        "investigating",
    ]
    assert [one["id"] for one in incident["components"]] == ["sms"]
    [planned] = found["scheduled_maintenances"]
    assert (planned["status"], planned["impact"]) == ("scheduled", "maintenance")
    assert planned["scheduled_for"] == "2027-01-15T12:01:00.000Z"


@pytest.mark.parametrize(
    ("path", "key", "ids"),
    [
        ("incidents.json", "incidents", ["1", "2"]),
        ("incidents/unresolved.json", "incidents", ["1"]),
        ("scheduled-maintenances.json", "scheduled_maintenances", ["3"]),
        ("scheduled-maintenances/upcoming.json", "scheduled_maintenances", ["3"]),
        ("scheduled-maintenances/active.json", "scheduled_maintenances", []),
    ],
)
def test_each_list_has_what_it_is_named_for(
    facts: Facts, path: str, key: str, ids: list[str]
) -> None:
    found = statuspage.documents(facts, NAMES)[path]
    assert [one["id"] for one in found[key]] == ids


def test_a_state_that_is_not_known_is_not_made_up(facts: Facts) -> None:
    unknown = replace(facts, overall="unknown", parts=(part("sms", "unknown"), part("web", "up")))
    found = statuspage.documents(unknown, NAMES)["summary.json"]
    assert [one["id"] for one in found["components"]] == ["web"]
    assert found["status"]["indicator"] == "minor"


@pytest.mark.parametrize("state", list(words.STATES))
def test_a_badge_is_a_picture_that_says_its_words(state: Any) -> None:
    root = Xml.fromstring(badges.badge(HOSTILE, state))
    told = root.findtext("{http://www.w3.org/2000/svg}title") or ""
    assert told.endswith(words.STATES[state])
    assert root.get("aria-label") == told
    assert "alert(1)" in told


def test_states_differ_in_outline_and_not_only_in_colour() -> None:
    drawn = [frozenset(path for _, path in bars.PATTERNS[state][1]) for state, _ in bars.legend()]
    assert len(set(drawn)) == len(drawn) == len(words.DAYS)
    assert len({stroke.pattern for _, [stroke] in bars.legend()}) == len(drawn)


def test_days_that_were_alike_are_one_stroke() -> None:
    silent = [Day(at=NOON + at * DAY, state="unknown") for at in range(90)]
    [stroke] = bars.bars(silent)
    assert stroke.path == "M0 16h90"


def test_each_day_is_drawn_where_it_stands() -> None:
    found = [Day(at=NOON, state=one) for one in ("up", "down", "down", "up", "unknown", "down")]
    drawn = {one.pattern: one.path for one in bars.bars(found)}
    assert drawn == {"x": "M1 16h2m2 0h1", "n": "M4 16h1"}


@pytest.mark.parametrize(
    ("states", "text"),
    [
        (("up", "up"), "The last 2 days: no trouble"),
        (("unknown", "unknown"), "The last 2 days: no data"),
        (("unknown", "down"), "The last 2 days: trouble on 1, most on 16 Jan; no data on 1"),
        (("partial", "up"), "The last 2 days: trouble on 1, most on 15 Jan"),
    ],
)
def test_bars_are_told_in_words_too(states: tuple[Any, ...], text: str) -> None:
    found = tuple(Day(at=NOON + at * DAY, state=one) for at, one in enumerate(states))
    assert words.days(found, UTC) == text


@pytest.mark.parametrize(
    ("states", "text"),
    [
        (("up", "maintenance"), "No trouble"),
        (("unknown", "unknown"), "No data"),
        (("unknown", "down", "partial"), "Trouble on 2 days, no data on 1"),
    ],
)
def test_the_front_page_tells_the_bars_in_a_few_words(states: tuple[Any, ...], text: str) -> None:
    assert words.brief(tuple(Day(at=NOON, state=one) for one in states)) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "15 Jan 2027, 12:00 UTC"),
        ("Europe/Berlin", "15 Jan 2027, 13:00 CET"),
        ("Asia/Dubai", "15 Jan 2027, 16:00 UTC+04"),
    ],
)
def test_a_time_names_its_clocks(zone: str, text: str) -> None:
    assert words.minute(NOON, ZoneInfo(zone)) == text


def test_only_the_beginning_of_a_long_text_is_on_the_front_page() -> None:
    short, long = "It is late.", "one two " * 100
    assert words.opening(short) == short
    *whole, rest = words.opening(long).split()
    assert (set(whole), rest) == ({"one", "two"}, "…")
    assert len(words.opening(long)) <= 402
