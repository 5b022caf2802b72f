"""What a person hears later, and how much at most."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from sentinel.config.model import Config
from sentinel.engine.quiet import Digest
from sentinel.model.delivery import Limit
from tests.config.conftest import Load

CHANNELS = """
timezone: Europe/London
channels:
  mail: {type: mail, host: smtp.example.com, per_person: {most: 20, within: 1h}}
"""


def test_a_digest_is_read_with_its_times_in_order_and_its_zone(
    config: Callable[..., Config],
) -> None:
    found = config(
        CHANNELS
        + """
people:
  alice: {email: alice@example.com, digest: {at: ["17:30", "09:00"]}}
  bob:
    email: bob@example.com
    timezone: Asia/Tokyo
    digest: {at: "08:15", severities: [info, warning]}
"""
    )
    assert found.people["alice"].digest == Digest(
        times=(540, 1050), zone=ZoneInfo("Europe/London"), severities=frozenset({"info"})
    )
    assert found.people["bob"].digest == Digest(
        times=(495,), zone=ZoneInfo("Asia/Tokyo"), severities=frozenset({"info", "warning"})
    )


def test_limits_are_the_channels_and_a_persons_own(config: Callable[..., Config]) -> None:
    found = config(
        CHANNELS
        + """
people:
  alice: {email: alice@example.com, limits: {email: {most: 5, within: 10m}}}
"""
    )
    assert found.channels["mail"].per_person == Limit(20, 3600.0)
    assert found.people["alice"].limits == {"email": Limit(5, 600.0)}


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("digest: {at: noon}", "noon"),
        ('digest: {at: ["09:00", "25:00"]}', "25:00"),
        ('digest: {at: "09:00", severities: []}', "severities"),
        ("digest: {severities: [info]}", "at"),
        ('digest: {at: "09:00", timezone: Mars/Olympus}', "Mars/Olympus"),
        ("limits: {emial: {most: 5, within: 10m}}", "did you mean email?"),
        ("limits: {email: {most: 0, within: 10m}}", "most"),
        ("limits: {email: {most: 5, within: 0s}}", "no time at all"),
        ("limits: {email: {most: 5}}", "within"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(load: Load, person: str, said: str) -> None:
    _, problems = load(
        CHANNELS + f"people:\n  alice:\n    email: alice@example.com\n    {person}\n"
    )
    assert problems
    assert any(said in str(problem) for problem in problems), problems
    assert all(problem.line for problem in problems)
