"""What the command line says when it can't do what was asked."""

import sys
from pathlib import Path

import pytest

from sentinel import cli
from sentinel.store.connection import FILE


def test_a_database_without_its_tables_is_told_of_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).touch()
    monkeypatch.setattr(sys, "argv", ["sentinel", "errors", "--state-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("sentinel: the store could not be read: ")
