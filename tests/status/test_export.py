"""The page as files, and the commands that make them and links."""

import contextlib
import os
import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

import msgspec
import pytest
from typer.testing import CliRunner

from sentinel.cli import app
from sentinel.store.connection import connect
from sentinel.store.migrations import migrate

from .conftest import PARTS
from .tales import NOON, tell

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'


class Home:
    """A folder with a configuration and a store, and the command line on it."""

    def __init__(self, folder: Path, config: str = PARTS) -> None:
        self.out = folder / "public" / "site"
        self.main = folder / "sentinel.yaml"
        self.main.write_text("public_url: https://sentinel.acme.example\n" + config)
        (folder / "logo.svg").write_text(LOGO)
        self.state = folder / "state"
        with self.store() as conn:
            migrate(conn)
            conn.execute("INSERT INTO tenants VALUES ('acme', 'Acme', 'managed', 1)")

    def store(self) -> contextlib.closing[sqlite3.Connection]:
        return contextlib.closing(connect(self.state))

    def run(self, *arguments: str) -> tuple[int, str]:
        options = ["--config", str(self.main), "--state-dir", str(self.state)]
        found = CliRunner().invoke(app, ["status", *arguments, *options])
        error = "" if found.exception is None else str(found.exception)
        return found.exit_code, found.output + error

    def export(self, *more: str) -> tuple[int, str]:
        return self.run("export", str(self.out), *more)

    def tell(self, number: int = 1, text: str = "Late.", **more: object) -> None:
        with self.store() as conn:
            tell(conn, number, ("investigating", text, NOON), **more)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, PARTS.replace("  intro:", "  logo: logo.svg\n  intro:"))


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name in ("href", "src")]


def test_every_link_leads_to_a_file_that_is_there(home: Home) -> None:
    home.tell(1, components=("sms-gw-7",))
    home.tell(2, opened=NOON - 90 * 86_400)
    assert home.export()[0] == 0
    pages = list(home.out.rglob("*.html"))
    assert {"index.html", "1.html", "website.html"} <= {page.name for page in pages}
    for page in pages:
        reader = _Addresses()
        reader.feed(page.read_text())
        for address in reader.found:
            if urlsplit(address).scheme or address.startswith("#"):
                continue
            assert not address.startswith("/"), (page, address)
            target = page.parent / address
            assert target.is_file(), (page, address)
            assert home.out in target.resolve().parents


def test_it_is_complete(home: Home) -> None:
    home.tell()
    home.export()
    for name in ("feed.rss", "feed.atom", "badge.svg", "badges/website.svg", "logo.svg"):
        Xml.parse(home.out / name)
    for name in ("status.json", "api/v2/summary.json", "api/v2/incidents/unresolved.json"):
        msgspec.json.decode((home.out / name).read_bytes())
    assert (home.out / "public.css").stat().st_size
    assert (home.out / "theme.css").read_text().startswith(":root")


def test_feeds_name_the_address_where_it_will_be_found(home: Home) -> None:
    home.tell()
    home.export("--url", "https://status.acme.example/")
    text = (home.out / "feed.rss").read_text()
    assert "https://status.acme.example/incidents/1" in text
    assert "sentinel.acme.example" not in text


def test_a_second_export_takes_the_place_of_the_first(home: Home) -> None:
    home.tell(1)
    home.export()
    with home.store() as conn:
        conn.execute("DELETE FROM broadcasts")
    home.tell(2)
    assert home.export()[0] == 0
    assert {one.name for one in (home.out / "incidents").iterdir()} == {"2.html"}
    assert not [one for one in home.out.rglob("*") if "new" in one.name]


def test_what_others_put_there_stays(home: Home) -> None:
    home.export()
    (home.out / "CNAME").write_text("status.acme.example")
    assert home.export()[0] == 0
    assert (home.out / "CNAME").read_text() == "status.acme.example"


def test_nothing_of_others_is_overwritten(home: Home) -> None:
    home.out.mkdir(parents=True)
    (home.out / "index.html").write_text("my own page")
    code, output = home.export()
    assert (code, "index.html" in output) == (1, True)
    assert (home.out / "index.html").read_text() == "my own page"
    assert list(home.out.iterdir()) == [home.out / "index.html"]


def test_a_list_of_files_that_leads_out_of_the_folder_is_not_followed(home: Home) -> None:
    home.export()
    victim = home.out.parent / "victim"
    victim.write_text("precious")
    with (home.out / ".sentinel-status").open("a") as stream:
        stream.write(f"../victim\n{victim}\n")
    home.export()
    assert victim.read_text() == "precious"


def test_a_file_in_place_of_the_folder_is_told(home: Home) -> None:
    home.out.parent.mkdir()
    home.out.write_text("")
    code, output = home.export()
    assert (code, "no folder" in output) == (1, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_can_not_be_written_is_told(home: Home) -> None:
    home.out.parent.mkdir(mode=0o500)
    assert home.export()[0] == 1


def test_a_page_for_links_alone_is_not_exported(tmp_path: Path) -> None:
    home = Home(tmp_path, PARTS.replace("status_page:", "status_page:\n  audience: token"))
    code, output = home.export()
    assert (code, "everybody" in output, home.out.exists()) == (1, True, False)


def test_without_a_page_there_is_nothing_to_export(tmp_path: Path) -> None:
    code, output = Home(tmp_path, "").export()
    assert (code, "status_page:" in output) == (1, True)


def test_a_link_is_made_for_a_tenant_and_noted(home: Home) -> None:
    code, output = home.run("link", "acme", "--author", "alice")
    assert code == 0
    assert re.fullmatch(r"https://sentinel\.acme\.example/status/t/[\w-]+\n", output)
    with home.store() as conn:
        row = conn.execute("SELECT actor, action, object FROM audit").fetchone()
    assert tuple(row) == ("alice", "status link made", "tenant acme")


def test_a_link_is_another_one_after_those_before_were_taken_back(home: Home) -> None:
    before = home.run("link", "acme")
    assert home.run("link", "acme") == before
    assert home.run("link", "acme", "--take-back")[0] == 0
    assert home.run("link", "acme") != before


@pytest.mark.parametrize("lasts", ["soon", "0s", "-1d", ""])
def test_a_time_that_is_none_is_refused(home: Home, lasts: str) -> None:
    code, output = home.run("link", "acme", "--lasts", lasts)
    assert (code, "--lasts" in output) == (1, True)


def test_no_link_is_made_for_a_tenant_that_nobody_knows(home: Home) -> None:
    code, output = home.run("link", "acne")
    assert (code, "did you mean acme?" in output) == (1, True)


def test_where_no_name_is_near_the_tenants_are_named(home: Home) -> None:
    code, output = home.run("link", "nobody-at-all")
    assert (code, "expected" in output and "acme" in output) == (1, True)


@pytest.mark.parametrize("url", ["status.example.com", "ftp://status.example.com", "https:///x"])
def test_an_address_that_no_feed_could_name_is_refused(home: Home, url: str) -> None:
    code, output = home.export("--url", url)
    assert (code, "--url" in output) == (1, True)
