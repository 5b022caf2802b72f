"""What an SMS says, and what it costs."""

# ruff: noqa: RUF001

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentinel.notifiers._segments import encoding_of, segments
from sentinel.notifiers._sms_text import fitted, plain

LINK = "https://sentinel.example.com/a/AbC-_123"
ANY = st.text(max_size=700)
WORDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=60).map(" ".join)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é@£_Δ\n" * 26, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # The pair of an escape and its character is never torn: one septet of 153 stays empty.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("ł" * 134, 2),
        ("ł" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments_are_counted_as_they_are_paid_for(text: str, parts: int) -> None:
    assert segments(text) == parts


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hello {world} [1] ~ | ^ \\ €", "GSM-7"),
        ("ÄÖÜäöüßÑñàèéùìòÇØøÅåÆæÉ¿¡§", "GSM-7"),
        ("ç", "UCS-2"),
        ("tab\t", "UCS-2"),
        ("`", "UCS-2"),
        ("“quoted”", "UCS-2"),
    ],
)
def test_one_character_decides_on_the_encoding(text: str, encoding: str) -> None:
    assert encoding_of(text) == encoding


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("“It’s down” – again…", '"It\'s down" - again...'),
        ("Acme\u00a0Ltd · production", "Acme Ltd - production"),
        ("p95 ≥ 2\u202fs → 3×", "p95 >= 2 s -> 3x"),
        ("a\u200bb\u202ec\ufeffd\u00ad", "abcd"),
        ("bell\x07 null\x00 escape\x1b[2J", "bell null escape[2J"),
        ("one\r\n\r\n\r\ntwo\t three ", "one\ntwo three"),
        ("it refuses to se….", "it refuses to se..."),
        ("Zoë Łukasz 東京", "Zoë Łukasz 東京"),
        ("\ud800", ""),
    ],
)
def test_what_typography_adds_gives_way_and_names_stay(text: str, said: str) -> None:
    assert plain(text) == said


def test_a_text_that_fits_is_left_whole() -> None:
    text = f"[critical] SMS failing - acme {LINK} reply 1a"
    assert fitted(text, 2) == text


def test_a_long_text_is_cut_between_words_before_its_link() -> None:
    text = fitted(f"[critical] {'delivery failure ' * 40}{LINK}", 2)
    head, _, link = text.rpartition(" ")
    assert link == LINK
    assert re.fullmatch(r"\[critical\] (delivery failure ?)+(delivery)?\.\.\.", head)
    assert segments(text) == 2
    assert len(text) > 290


def test_what_stands_behind_the_link_is_kept_where_there_is_room() -> None:
    text = fitted(f"{'words ' * 80}{LINK} Reply 1a to acknowledge", 2)
    assert text.endswith(f"... {LINK} Reply 1a to acknowledge")


def test_of_a_long_text_behind_the_link_the_link_remains() -> None:
    text = fitted(f"It is down. {LINK} {'words ' * 80}", 2)
    assert text == f"It is down. {LINK}"


def test_a_text_is_not_cut_within_an_earlier_link_either() -> None:
    text = fitted(f"{'word ' * 30}https://e.com/{'y' * 200} {LINK}", 2)
    assert text == f"{('word ' * 30).strip()}... {LINK}"


def test_a_link_that_never_fits_is_left_out_whole() -> None:
    assert fitted(f"It is down. https://e.com/{'x' * 400}", 2) == "It is down."


def test_a_word_without_end_is_cut_so_that_something_is_said() -> None:
    text = fitted(f"{'x' * 900} {LINK}", 2)
    assert text.startswith("xxx")
    assert text.endswith(f"... {LINK}")
    assert segments(text) == 2


@given(st.one_of(ANY, WORDS), st.integers(1, 4))
@example("€" * 200 + " http://a", 1)
def test_no_text_costs_more_than_it_may(text: str, most: int) -> None:
    assert segments(fitted(text, most)) <= most


@given(WORDS, WORDS, st.integers(1, 3))
def test_a_link_is_there_whole_or_not_at_all(before: str, after: str, most: int) -> None:
    text = fitted(f"{before} {LINK} {after}", most)
    for found in re.findall(r"https?://\S*", text):
        assert found in plain(f"{before} {LINK} {after}").split() or found.startswith(LINK)


@given(ANY)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(ANY)
def test_no_control_character_is_sent(text: str) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", plain(text))
