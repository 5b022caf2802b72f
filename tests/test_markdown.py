"""Markdown of post-mortems, as clients get it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.markdown import plain, rendered


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("A disk\nwas full.", "<p>A disk<br>\nwas full.</p>\n"),
        ("# Why\n\n## How", "<h3>Why</h3>\n<h4>How</h4>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("**No** data was *lost*.", "<p><strong>No</strong> data was <em>lost</em>.</p>\n"),
        (
            "[Credits](https://example.com/?a=1&b=2)",
            '<p><a href="https://example.com/?a=1&amp;b=2">Credits</a></p>\n',
        ),
        (
            "<https://example.com/>",
            '<p><a href="https://example.com/">https://example.com/</a></p>\n',
        ),
    ],
)
def test_what_is_written_is_shown(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHM+)",
        "[x](//evil.example/)",
        "[x](/status)",
        "<javascript:alert(1)>",
        "![x](https://evil.example/pixel.png)",
        '[x](https://example.com/ "\\" onmouseover=alert(1)")',
        "```html onload=alert(1)\n<script>\n```",
        "[x]\n\n[x]: javascript:alert(1)",
    ],
)
def test_nothing_in_it_runs_or_loads_anything(text: str) -> None:
    assert_harmless(rendered(text))


@given(st.text(st.sampled_from("<>[]()!*_`#-\"'&:/ \n\tajsx=1.")))
def test_whatever_is_written_is_harmless(text: str) -> None:
    assert_harmless(rendered(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# Why\n\nA **disk**\nwas `full`.", "Why\nA disk\nwas full."),
        ("- one\n- two\n\n> Sorry.", "one\ntwo\nSorry."),
        ("See [our page](https://example.com/).", "See our page (https://example.com/)."),
        (
            "<https://example.com/> and [x](javascript:a)",
            "https://example.com/ and [x](javascript:a)",
        ),
        ("```\ncode\n```", "code"),
    ],
)
def test_where_there_is_no_markup_the_words_stand_alone(text: str, words: str) -> None:
    assert plain(text) == words


def test_elements_are_styled_for_mails() -> None:
    html = rendered("# A\n\n[b](https://example.com/)", {"h3": "margin:0", "a": "color:#111111"})
    assert '<h3 style="margin:0">A</h3>' in html
    assert 'href="https://example.com/" style="color:#111111"' in html


class _Reader(HTMLParser):
    """Finds what is not among that which a post-mortem may be made of."""

    _TAGS = frozenset((
        "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
        "strong", "ul",
    ))  # fmt: skip
    _ATTRIBUTES = frozenset(("href", "title", "class", "start"))

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._TAGS:
            self.odd.append(tag)
        for name, value in attrs:
            if name not in self._ATTRIBUTES:
                self.odd.append(f"{tag} {name}")
            if name == "href" and not (value or "").lower().startswith(
                ("https://", "http://", "mailto:")
            ):
                self.odd.append(f"{tag} {name}={value}")


def assert_harmless(html: str) -> None:
    reader = _Reader()
    reader.feed(html)
    assert reader.odd == []
