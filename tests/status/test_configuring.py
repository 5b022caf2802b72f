"""`status_page:` in the main file, and what `sentinel check` says of it."""

from functools import cache
from pathlib import Path

import pytest

from sentinel.config.colours import LEAST, contrast, readable
from sentinel.config.loader import load_config
from sentinel.config.model_status import StatusPageConfig
from sentinel.config.problem import Problem
from sentinel.config.tagged import Registry
from sentinel.config.write_schemas import built_in_registry

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'


def check(folder: Path, section: str) -> tuple[StatusPageConfig | None, list[Problem]]:
    file = folder / "sentinel.yaml"
    text = "channels: {inbox: {type: inapp}}\ncomponents: {gw: {title: SMS}, db-7: {}}\n"
    file.write_text(text + section)
    found, problems = load_config(file, _plugins(), {})
    return (found.status_page if found else None), problems


@cache
def _plugins() -> Registry:
    return built_in_registry()


def ids(problems: list[Problem]) -> list[str]:
    return [one.id for one in problems if one.id.startswith(("status/", "config/unknown"))]


def test_without_the_section_there_is_no_page(tmp_path: Path) -> None:
    assert check(tmp_path, "")[0] is None


def test_an_empty_section_is_a_page_of_nothing(tmp_path: Path) -> None:
    page, problems = check(tmp_path, "status_page: {}\n")
    assert page is not None
    assert (page.title, page.parts, ids(problems)) == ("Status", (), [])


def test_a_page_can_be_switched_off(tmp_path: Path) -> None:
    assert check(tmp_path, "status_page: {enabled: false}\n")[0] is None


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("status_page: {}\n", "UTC"),
        ("timezone: Europe/London\nstatus_page: {}\n", "Europe/London"),
        ("timezone: Europe/London\nstatus_page: {timezone: Asia/Tokyo}\n", "Asia/Tokyo"),
    ],
)
def test_the_clocks_of_the_page_are_its_own_or_those_of_the_file(
    tmp_path: Path, text: str, zone: str
) -> None:
    page, problems = check(tmp_path, text)
    assert page is not None
    assert (page.zone.key, problems) == (zone, [])


def test_a_zone_that_there_is_not_is_told(tmp_path: Path) -> None:
    _, problems = check(tmp_path, "status_page: {timezone: Europe/Londn}\n")
    assert [one.id for one in problems] == ["config/unknown-zone"]
    assert "Europe/London" in str(problems[0])


def test_a_component_shows_its_own_title(tmp_path: Path) -> None:
    page, _ = check(tmp_path, "status_page: {components: [{component: gw}]}\n")
    assert page is not None
    assert [(one.id, one.title) for one in page.parts] == [("sms", "SMS")]


def test_an_internal_name_is_not_shown_for_want_of_a_title(tmp_path: Path) -> None:
    page, problems = check(tmp_path, "status_page: {components: [{component: db-7}]}\n")
    assert (page, ids(problems)) == (None, ["status/no-title"])


def test_an_unknown_component_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    _, problems = check(tmp_path, "status_page: {components: [{component: gv, title: SMS}]}\n")
    assert ids(problems) == ["config/unknown-name"]
    assert "gw" in problems[0].expected


@pytest.mark.parametrize("title", ["SMS", "sms!", "Störung", "文", "../x", "a" * 100])
def test_addresses_are_made_of_plain_letters_whatever_the_title(tmp_path: Path, title: str) -> None:
    section = f"status_page: {{components: [{{component: gw, title: '{title}'}}]}}\n"
    page, problems = check(tmp_path, section)
    assert page is not None, problems
    assert page.parts[0].id.replace("-", "").isalnum()
    assert page.parts[0].id.isascii()


def test_two_lines_of_one_title_have_addresses_of_their_own(tmp_path: Path) -> None:
    two = "[{component: gw, title: Mail}, {component: db-7, title: Mail}]"
    page, _ = check(tmp_path, f"status_page: {{components: {two}}}\n")
    assert page is not None
    assert [one.id for one in page.parts] == ["mail", "mail-2"]


def test_a_colour_that_can_not_be_read_is_told_and_mended(tmp_path: Path) -> None:
    page, problems = check(tmp_path, 'status_page: {accent: "#ffcc00"}\n')
    assert ids(problems) == ["status/contrast"]
    assert problems[0].warning
    assert page is not None
    assert page.accent is not None
    assert contrast(page.accent[0], "#f4f5f3") >= LEAST
    assert contrast(page.accent[1], "#1a1f23") >= LEAST


@pytest.mark.parametrize("given", ["#000000", "#ffffff", "#808080", "#ff0000", "#00ff00"])
@pytest.mark.parametrize("paper", ["#f4f5f3", "#1a1f23"])
def test_any_colour_can_be_made_readable(given: str, paper: str) -> None:
    assert contrast(readable(given, paper), paper) >= LEAST


def test_a_readable_colour_is_left_as_it_is() -> None:
    assert readable("#17507f", "#f4f5f3") == "#17507f"
    assert contrast("#000000", "#ffffff") == 21


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", "url(x)", "#123456;} body{"])
def test_only_colours_are_colours(tmp_path: Path, colour: str) -> None:
    page, problems = check(tmp_path, f"status_page: {{accent: '{colour}'}}\n")
    assert page is None
    assert problems


@pytest.mark.parametrize(
    ("support", "link"),
    [
        ("help@acme.example", "mailto:help@acme.example"),
        ("https://acme.example/help", "https://acme.example/help"),
    ],
)
def test_help_is_an_address_or_a_mailbox(tmp_path: Path, support: str, link: str) -> None:
    page, _ = check(tmp_path, f"status_page: {{support: '{support}'}}\n")
    assert page is not None
    assert page.support == link


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "call us", "//evil.example"])
def test_other_addresses_are_refused(tmp_path: Path, bad: str) -> None:
    for section in (f"support: '{bad}'", f"links: [{{title: A, url: '{bad}'}}]"):
        _, problems = check(tmp_path, f"status_page: {{{section}}}\n")
        assert ids(problems) == ["status/bad-address"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (SVG.encode(), "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff...", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
    ],
)
def test_a_logo_is_known_by_its_contents(tmp_path: Path, data: bytes, kind: str) -> None:
    (tmp_path / "logo").write_bytes(data)
    page, problems = check(tmp_path, "status_page: {logo: logo}\n")
    assert page is not None, problems
    assert page.logo is not None
    assert (page.logo.content_type, page.logo.data) == (kind, data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html></html>",
        b"GIF89a",
        b"x" * 100_001,
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        SVG.replace("<path", "<script>alert(1)</script><path").encode(),
        SVG.replace("<path", '<path onload="alert(1)"').encode(),
        SVG.replace("<path", '<a href="javascript:alert(1)"/><path').encode(),
        SVG.replace("<path", '<image href="https://evil.example/x.png"/><path').encode(),
        SVG.replace("<path", "<foreignObject/><path").encode(),
        SVG.replace("<path", "<style>@import 'https://evil.example';</style><path").encode(),
        SVG.replace("<path", '<path fill="url(https://evil.example#a)"').encode(),
    ],
)
def test_a_logo_that_is_more_than_a_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "logo.svg").write_bytes(data)
    _, problems = check(tmp_path, "status_page: {logo: logo.svg}\n")
    assert ids(problems) == ["status/bad-logo"]


def test_a_missing_logo_is_told(tmp_path: Path) -> None:
    _, problems = check(tmp_path, "status_page: {logo: nowhere.png}\n")
    assert ids(problems) == ["status/bad-logo"]


@pytest.mark.parametrize("logo", [".", "/dev/zero"])
def test_a_logo_that_is_no_file_is_told(tmp_path: Path, logo: str) -> None:
    _, problems = check(tmp_path, f"status_page: {{logo: {logo}}}\n")
    assert ids(problems) == ["status/bad-logo"]
