"""Signed links: what is taken, and what is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.errors import Unauthorized
from sentinel.signing import Grant, Signer

SIGNER = Signer(b"k" * 32)
GRANT = Grant("acknowledge", "incident:7", "alice", 1_000)
TOKEN = SIGNER.sign(GRANT)


def test_a_token_says_what_was_signed_until_it_expires() -> None:
    assert SIGNER.open(TOKEN, 999.9) == GRANT
    assert GRANT.number == 7
    with pytest.raises(Unauthorized, match="expired"):
        SIGNER.open(TOKEN, 1_000.0)


def test_a_token_without_an_end_never_expires() -> None:
    token = SIGNER.sign(Grant("manage", "contact:3", "", 0))
    assert SIGNER.open(token, 4e9).object == "contact:3"


def test_a_token_is_fit_for_a_link_in_a_short_message() -> None:
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(TOKEN) < 80


def test_a_token_of_another_installation_is_refused() -> None:
    with pytest.raises(Unauthorized, match="not one of ours"):
        Signer(b"l" * 32).open(TOKEN, 0)


@given(st.integers(0, len(TOKEN) - 1), st.characters(max_codepoint=0x7F))
def test_no_changed_token_is_taken(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(Unauthorized):
            SIGNER.open(changed, 0)


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda b: b.hex()))
def test_whatever_is_sent_instead_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized):
        SIGNER.open(text, 0)


@pytest.mark.parametrize("text", ["", "=", TOKEN + "=", TOKEN * 20, TOKEN[:-1], TOKEN + "A"])
def test_another_spelling_of_a_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized):
        SIGNER.open(text, 0)


def test_something_signed_that_is_no_grant_is_refused() -> None:
    body = b"\x93\x01\x02\x03"
    token = base64.urlsafe_b64encode(body + SIGNER._mac(body)).rstrip(b"=").decode()
    with pytest.raises(Unauthorized):
        SIGNER.open(token, 0)
