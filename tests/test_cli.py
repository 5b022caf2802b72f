"""What the command line says when it can't do what was asked."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from sentinel import cli, installation
from sentinel.cli.app import show_table
from sentinel.cli.lists import lasting_overrides
from sentinel.store.connection import FILE, connect
from sentinel.store.lock import locked
from sentinel.store.migrations import migrate


def test_a_database_without_its_tables_is_told_of_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).touch()
    monkeypatch.setattr(sys, "argv", ["sentinel", "errors", "--state-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("sentinel: the store could not be read: ")


@pytest.mark.parametrize("command", ["explain", "acknowledge"])
def test_a_number_that_nothing_can_have_is_told_of_in_one_line(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with contextlib.closing(connect(tmp_path)) as conn:
        migrate(conn)
    monkeypatch.setattr(sys, "argv", ["sentinel", command, "9" * 20, "--state-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "sentinel: there is nothing with so large a number\n"


def test_what_else_is_too_large_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OverflowError("timestamp out of range for platform time_t")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(OverflowError):
        cli.main()


def test_a_check_needs_no_access_to_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    assert lasting_overrides(tmp_path) == []


def test_a_port_in_use_is_not_blamed_on_the_state_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"), locked(tmp_path):
        raise OSError(98, "address in use")


def test_a_table_for_a_program_has_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    code = "_".join(["PAYMENT"] * 40)
    show_table(("CODE",), [(code,)], wide=("CODE",), empty="")
    assert code in capsys.readouterr().out


def test_a_rule_for_a_misspelt_code_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text("rules_dir: rules\n")
    rule = "{alert: %s, on: error, where: {code: %s}}"
    names = ("TWILIO_API_FALURE", "TWILIO_API_FAILURE", "ACME_OWN_CODE")
    rules = "rules:\n" + "".join(f"- {rule % (name, name)}\n" for name in names)
    (tmp_path / "rules" / "a.yaml").write_text(rules)
    found, problems = installation.read(tmp_path / "sentinel.yaml", {})
    told = [(p.line, p.hint) for p in problems if p.id == "rule/unknown-code"]
    assert found
    assert told == [(2, "did you mean TWILIO_API_FAILURE?")]


def test_a_command_that_lists_waits_for_nothing_that_serves() -> None:
    """What `sentinel.cli` loads, every command loads; most of them need a database alone."""
    heavy = ("aiohttp", "asyncio", "jinja2", "jsonschema", "sqlite_utils", "starlette", "yaml")
    code = f"import sys, sentinel.cli; print(*sys.modules.keys() & set({heavy}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert loaded.stdout.split() == []
