"""Addresses of people."""

import json
from pathlib import Path

import pytest

from sentinel.installation import read

GOOD = "+44 (7700) 900-123"


def problems_of(folder: Path, **addresses: str) -> list[str]:
    (folder / "rules").mkdir()
    main = {"people": {"alice": addresses}, "channels": {"c": {"type": "console"}}}
    (folder / "sentinel.yaml").write_text(json.dumps(main))
    _, problems = read(folder / "sentinel.yaml", {})
    return [f"{one.id} {one.found}" for one in problems if not one.warning]


def test_a_number_may_be_written_for_people(tmp_path: Path) -> None:
    assert problems_of(tmp_path, sms=GOOD, voice=GOOD) == []


@pytest.mark.parametrize("number", ["07700 900123", "+0 7700 900123", "alice@example.com", "+44"])
@pytest.mark.parametrize("key", ["sms", "voice"])
def test_what_is_no_number_is_a_problem(tmp_path: Path, key: str, number: str) -> None:
    assert problems_of(tmp_path, **{key: number}) == [f"person/number '{number}'"]


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("email", "alice"),
        ("email", "alice@example.com, bob@example.com"),
        ("email", "alice@example.com\nBcc: bob@example.com"),
        ("email", "Alice <alice@example.com>, bob@example.com"),
        ("slack", "general"),
        ("slack", "@alice"),
        ("slack", "C0123456789"),
        ("telegram", "@alice"),
    ],
)
def test_an_address_that_would_reach_nobody_is_a_problem(
    tmp_path: Path, key: str, address: str
) -> None:
    assert problems_of(tmp_path, **{key: address}) == [f"person/{key} {address!r}"]


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("email", "alice@example.com"),
        ("email", "Alice <alice@example.com>"),
        ("email", "root@localhost"),
        ("email", "zoë@exämple.com"),
        ("slack", "U0123456789"),
        ("slack", "W0123456789"),
        ("telegram", "4711"),
        ("telegram", "-1001"),
    ],
)
def test_an_address_that_its_channel_takes_is_none(tmp_path: Path, key: str, address: str) -> None:
    assert problems_of(tmp_path, **{key: address}) == []
