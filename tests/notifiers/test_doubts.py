"""What `sentinel check` warns of where a channel is set up rightly and to no purpose."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel.config.problem import Problem
from sentinel.installation import read
from sentinel.notifiers._public import is_local

TWILIO = "account_sid: AC00000000000000000000000000000001, auth_token: t, sender: '+15005550006'"
CHANNELS = {
    "sms": f"{{type: sms, {TWILIO}}}",
    "voice": f"{{type: voice, {TWILIO}}}",
    "slack": "{type: slack, token: xoxb-1, signing_secret: s}",
    "telegram": "{type: telegram, token: '123456789:t0ken-of-the-bot-t0ken-of-the-bot'}",
    "hooked": (
        "{type: telegram, token: '123456789:t0ken-of-the-bot-t0ken-of-the-bot', replies: webhook}"
    ),
    "pagerduty": "{type: pagerduty, routing_key: 0123456789abcdef0123456789abcdef, "
    "webhook_secret: s}",
    "push": "{type: webpush, contact: 'mailto:ops@example.com'}",
}
QUIET = {
    "sms": f"{{type: sms, {TWILIO}, callbacks: false}}",
    "slack": "{type: slack, token: xoxb-1, app_token: xapp-1}",
    "telegram": CHANNELS["telegram"].replace("}", ", replies: none}"),
    "pagerduty": "{type: pagerduty, routing_key: 0123456789abcdef0123456789abcdef}",
    "inbox": "{type: inapp}",
}
Check = Callable[[str, str], list[Problem]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def check(channel: str, public_url: str) -> list[Problem]:
        main = tmp_path / "sentinel.yaml"
        (tmp_path / "rules").mkdir(exist_ok=True)
        main.write_text(f"public_url: {public_url}\nchannels:\n  one: {channel}\n")
        problems = read(main, {})[1]
        assert not [one for one in problems if not one.warning], problems
        return [one for one in problems if one.id == "channel/doubtful"]

    return check


@pytest.mark.parametrize("name", CHANNELS)
def test_what_needs_the_internet_is_doubted_on_a_private_address(check: Check, name: str) -> None:
    (problem,) = check(CHANNELS[name], "http://localhost:8420")
    assert (problem.line, problem.warning) == (3, True)
    assert "http://localhost:8420" in problem.found
    assert problem.expected


@pytest.mark.parametrize("name", CHANNELS)
def test_on_a_public_address_nothing_is_doubted(check: Check, name: str) -> None:
    assert check(CHANNELS[name], "https://sentinel.example.com") == []


@pytest.mark.parametrize("name", QUIET)
def test_what_is_never_called_back_is_not_doubted(check: Check, name: str) -> None:
    assert check(QUIET[name], "http://localhost:8420") == []


def test_push_messages_need_https(check: Check) -> None:
    (problem,) = check(CHANNELS["push"], "http://sentinel.example.com")
    assert "https://" in problem.expected


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8420", True),
        ("https://sentinel.localhost", True),
        ("https://sentinel", True),
        ("https://sentinel.internal", True),
        ("https://10.1.2.3", True),
        ("http://[::1]:8420", True),
        ("https://8.8.8.8", False),
        ("https://sentinel.example.com.", False),
        ("https://internal.example.com", False),
    ],
)
def test_an_address_is_local_by_its_host(url: str, local: bool) -> None:
    assert is_local(url) is local


FOOLISH = """
from sentinel.api import Notifier, Params, hook


class Foolish(Notifier[Params]):
    type = "foolish"
    summary = "Knows no doubts"
    Params = Params

    @classmethod
    def doubts(cls, params, public_url):
        raise KeyError("oh")

    async def send(self, message): ...


@hook
def register_notifiers(register):
    register(Foolish)
"""


def test_a_plugin_that_fails_at_its_doubts_is_warned_of_and_works(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "foolish.py").write_text(FOOLISH)
    (tmp_path / "sentinel.yaml").write_text(
        "plugins_dir: plugins\nchannels: {chat: {type: foolish}}\n"
    )
    found, problems = read(tmp_path / "sentinel.yaml", {})
    assert found is not None
    told = [one.found for one in problems if one.id == "channel/doubtful"]
    assert told == ["Foolish.doubts raised KeyError"]
