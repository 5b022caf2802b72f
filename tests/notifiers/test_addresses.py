"""One type of channel for a place and for people: the configuration tells which it is."""

from pathlib import Path

import pytest

from sentinel.config.loader import load_config
from sentinel.config.model import Config
from sentinel.config.problem import Problem
from sentinel.plugins import load

MAIN = """\
public_url: https://sentinel.example.com
people:
  alice: {{email: alice@example.com, slack: U0123456789, telegram: "4711"}}
channels:
  slack-ops: {{type: slack, token: xoxb-1, channel: C0123456789}}
  slack: {{type: slack, token: xoxb-1, app_token: xapp-1}}
  group: {{type: telegram, token: "123456789:abcdefghijklmnopqrstuvwxyz", chat: "-1001"}}
  discord: {{type: discord, url: "https://discord.com/api/webhooks/1/t0ken"}}
  teams: {{type: teams, url: "https://example.com/workflows/1?sig=s"}}
  other: {{type: apprise, url: "json://example.com"}}
{more}"""
RULES = """\
escalations:
  - name: ops
    steps: [{{notify: [{target}]}}]
routes: [{{name: default, escalation: ops}}]
"""


def loaded(
    tmp_path: Path, target: str = "channel:slack-ops", more: str = ""
) -> tuple[Config | None, list[Problem]]:
    registry, problems = load(None)
    assert problems == []
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(MAIN.format(more=more))
    (tmp_path / "rules/ops.yaml").write_text(RULES.format(target=target))
    return load_config(tmp_path / "sentinel.yaml", registry, {})


def test_a_channel_that_knows_its_place_needs_no_address_and_is_heard_all_the_same(
    tmp_path: Path,
) -> None:
    config, problems = loaded(tmp_path)
    assert [str(problem) for problem in problems] == []
    assert config is not None
    found = {name: (one.address, one.heard_from) for name, one in config.channels.items()}
    assert found == {
        "slack-ops": (None, "slack"),
        "slack": ("slack", "slack"),
        "group": (None, "telegram"),
        "discord": (None, None),
        "teams": (None, None),
        "other": (None, None),
    }


def test_a_step_can_not_name_the_channel_that_needs_a_person(tmp_path: Path) -> None:
    _, problems = loaded(tmp_path, target="channel:slack")
    assert any("a person with slack" in str(problem) for problem in problems)


def test_a_person_is_reached_over_the_one_that_sends_to_people(tmp_path: Path) -> None:
    config, _ = loaded(tmp_path, target="person:alice")
    assert config is not None
    (escalation,) = config.escalations.values()
    assert [one.channel for one in escalation.steps[0].recipients] == ["slack"]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("{type: slack, token: xoxp-1}", "begins with xoxb-"),
        ("{type: slack, token: xoxb-1, chanel: C1}", "did you mean channel?"),
        ("{type: telegram, token: t0ken}", "BotFather"),
        ("{type: discord, url: https://discord.com/}", "webhooks/ID/TOKEN"),
    ],
)
def test_what_can_not_work_is_told_with_its_place(tmp_path: Path, channel: str, said: str) -> None:
    _, problems = loaded(tmp_path, more=f"  wrong: {channel}\n")
    (problem,) = [one for one in problems if "wrong" in str(one) or said in str(one)]
    assert said in str(problem)
    assert "sentinel.yaml:" in str(problem)
