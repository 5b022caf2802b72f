"""`sentinel import`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel import cli
from sentinel.config.document import load

GOLDEN = Path(__file__).parent / "golden"
RULES = "groups: [{name: g, rules: [{alert: A, expr: '%s > 1'}]}]\n"
Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["sentinel", "import", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return run


def test_the_rules_are_printed_and_the_notes_beside_them(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yml").write_text(RULES % "cpu")
    assert run("a.yml") == 0
    told = capsys.readouterr()
    assert told.out.startswith("# Imported from a.yml.\n\nrules:\n")
    assert told.err.startswith("a.yml:1: approximated: alert A: ")


def test_something_that_is_not_understood_is_an_exit_status_of_its_own(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.yml").write_text(RULES % "cpu / mem")
    assert run("a.yml") == 3


def test_files_are_written_to_a_folder(run: Run, tmp_path: Path) -> None:
    sources = [str(GOLDEN / name) for name in ("alertmanager.yml", "node.rules.yml")]
    assert run(*sources, "--output", "out/new") == 3
    written = sorted(path.name for path in (tmp_path / "out" / "new").iterdir())
    assert written == ["imported-rules.yaml", "imported-sentinel.yaml"]
    for name in written:
        assert load(tmp_path / "out" / "new" / name)[1] == []


def test_a_file_that_is_there_is_overwritten_only_by_force(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yml").write_text(RULES % "cpu")
    there = tmp_path / "imported-rules.yaml"
    there.write_text("mine")
    assert run("a.yml", "--output", ".") == 1
    assert "--force overwrites" in capsys.readouterr().err
    assert there.read_text() == "mine"
    assert run("a.yml", "--output", ".", "--force") == 0
    assert "alert: A" in there.read_text()


def test_programs_get_json(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yml").write_text(RULES % "cpu / mem")
    assert run("a.yml", "--json") == 3
    told = json.loads(capsys.readouterr().out)
    (note,) = told["notes"]
    assert not told["understood"]
    assert (note["outcome"], note["line"], note["what"]) == ("not understood", 1, "alert A")


def test_a_file_that_is_not_there_is_told_in_one_line(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("missing.yml") == 1
    assert capsys.readouterr().err.startswith("sentinel: missing.yml:1: found an error on reading")
