"""How `sentinel check` tells what a plugin says of its parameters."""

from pathlib import Path

import pytest

from sentinel.installation import read
from sentinel.model.values import hidden

SID = "AC0123456789abcdef0123456789abcdef"


def told(tmp_path: Path, channel: str) -> str:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(f"channels:\n  one: {channel}\n")
    (problem,) = (one for one in read(tmp_path / "sentinel.yaml", {})[1] if not one.warning)
    return f"{problem.path}: found {problem.found}, expected {problem.expected}"


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        (
            "{type: sms, account_sid: AC1, auth_token: secret, sender: '+441632960000'}",
            "channels.one.account_sid: found 'AC1', expected AC and 32 hexadecimal digits",
        ),
        (
            f"{{type: voice, account_sid: {SID}, auth_token: secret}}",
            "channels.one.sender: found none, expected the number that calls",
        ),
        (
            "{type: discord, url: 'http://discord.example.com'}",
            "channels.one.url: found a value that discord refuses, "
            "expected https://discord.com/api/webhooks/ID/TOKEN",
        ),
        (
            f"{{type: sms, account_sid: {SID}, sender: '+441632960000'}}",
            "channels.one: found neither auth_token nor api_key, expected one to sign in with",
        ),
        (
            f"{{type: sms, account_sid: {SID}, auth_token: x}}",
            "channels.one: found values that sms refuses, "
            "expected either sender or messaging_service",
        ),
    ],
)
def test_the_place_what_was_found_and_what_is_expected_are_told_apart(
    tmp_path: Path, channel: str, said: str
) -> None:
    assert told(tmp_path, channel) == said


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("expected x", ("x",), "expected ***"),
        ("expected 7 of 17", ("7",), "expected *** of 17"),
        ("Bearer abcdef.ghi", ("abcdef",), "Bearer ***.ghi"),
        ("user:abcdefg@host/xabcdefgx", ("abcdefg",), "user:***@host/x***x"),
        ("a (b", ("(b",), "a ***"),
    ],
)
def test_a_short_secret_is_hidden_where_it_stands_by_itself(
    text: str, secrets: tuple[str, ...], shown: str
) -> None:
    assert hidden(text, secrets) == shown
