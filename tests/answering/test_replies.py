"""What people write back, and what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.answering.replies import HELP, Asked, read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1a", Asked("acknowledge", (1,))),
        ("1c", Asked("resolve", (1,))),
        ("1e", Asked("escalate", (1,))),
        ("ack", Asked("acknowledge")),
        ("ACK", Asked("acknowledge")),
        ("  Ack.  ", Asked("acknowledge")),
        ("“ack”", Asked("acknowledge")),
        ("'ack'", Asked("acknowledge")),
        ('"1A"', Asked("acknowledge", (1,))),
        ("(1a)", Asked("acknowledge", (1,))),
        ("1 a", Asked("acknowledge", (1,))),
        ("a 1", Asked("acknowledge", (1,))),
        ("a1", Asked("acknowledge", (1,))),
        ("Ack 12!", Asked("acknowledge", (12,))),
        ("ack #12", Asked("acknowledge", (12,))),
        ("12 ack", Asked("acknowledge", (12,))),
        ("ack incident 12 please", Asked("acknowledge", (12,))),
        ("close 4", Asked("resolve", (4,))),
        ("CLOSE 4.", Asked("resolve", (4,))),
        ("resolve 4", Asked("resolve", (4,))),
        ("4close", Asked("resolve", (4,))),
        ("escalate 4", Asked("escalate", (4,))),
        ("ack all", Asked("acknowledge", (), everything=True)),
        ("All ACK", Asked("acknowledge", (), everything=True)),
        ("ack 4, 7 and 9", Asked("acknowledge", (4, 7, 9))),
        ("4a 7a", Asked("acknowledge", (4, 7))),
        ("ack\n\nSent from my telephone", Asked("acknowledge")),
        ("\n\n  1a\n> [critical] SMS", Asked("acknowledge", (1,))),
        ("list", Asked("list")),
        ("who", Asked("list")),
        ("help", Asked("help")),
        ("?", Asked("help")),
        ("１ａ", Asked("acknowledge", (1,))),  # noqa: RUF001 - as wide keyboards write it
        ("ａｃｋ　１", Asked("acknowledge", (1,))),  # noqa: RUF001
        ("\ufeff1a\u200b", Asked("acknowledge", (1,))),
        ("\u202a1a\u202c", Asked("acknowledge", (1,))),
    ],
)
def test_what_is_clear_is_understood(text: str, meant: Asked) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ok",
        "on my way",
        "1",
        "all",
        "1x",
        "ack?",
        "ack or close 4",
        "1a 2c",
        "close all",
        "escalate all",
        "ack all 4",
        "don't ack 4",
        "no ack",
        "ack 4 tomorrow",
        "> 1a",
        "ack " + "1 " * 30,
        "a" * 5_000,
        "1a" * 50,
        "ack 12345678901234567890",
        "\u0661a",
    ],
)
def test_what_is_not_clear_is_nothing(text: str) -> None:
    assert read(text) is None


@given(st.text(max_size=300))
def test_nothing_that_can_be_written_breaks_it(text: str) -> None:
    asked = read(text)
    if asked is not None:
        assert asked.verb in ("acknowledge", "resolve", "escalate", "list", "help")
        assert all(0 <= number < 10**9 for number in asked.incidents)


@given(st.text(alphabet="ackls1234 ,.\"'\n", max_size=30))
def test_spelling_it_in_capitals_or_quotes_changes_nothing(text: str) -> None:
    line = text.partition("\n")[0]
    assert read(line.upper()) == read(line) == read(f"  “{line}”  ")


def test_the_help_fits_into_one_sms() -> None:
    assert len(HELP) <= 160
    assert HELP.isascii()
