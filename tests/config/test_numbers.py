"""Telephone numbers of people."""

from pathlib import Path

import pytest

from sentinel.installation import read

MAIN = "people: {{alice: {{sms: '{sms}', voice: '{voice}'}}}}\nchannels: {{c: {{type: console}}}}\n"
GOOD = "+44 (7700) 900-123"


def problems_of(folder: Path, sms: str = GOOD, voice: str = GOOD) -> list[str]:
    (folder / "rules").mkdir()
    (folder / "sentinel.yaml").write_text(MAIN.format(sms=sms, voice=voice))
    _, problems = read(folder / "sentinel.yaml", {})
    return [f"{one.id} {one.found}" for one in problems if not one.warning]


def test_a_number_may_be_written_for_people(tmp_path: Path) -> None:
    assert problems_of(tmp_path) == []


@pytest.mark.parametrize("number", ["07700 900123", "+0 7700 900123", "alice@example.com", "+44"])
@pytest.mark.parametrize("key", ["sms", "voice"])
def test_what_is_no_number_is_a_problem(tmp_path: Path, key: str, number: str) -> None:
    assert problems_of(tmp_path, **{key: number}) == [f"person/number '{number}'"]
