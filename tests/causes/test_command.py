"""`sentinel report` and `sentinel fixed`."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sentinel.cli.app import app
from sentinel.errors import Invalid
from sentinel.store import audit, resolutions
from sentinel.store.connection import connect
from sentinel.store.migrations import migrate
from tests.causes.stored import NOW, put


@pytest.fixture
def conn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTINEL_STATE_DIR", str(tmp_path))
    with contextlib.closing(connect(tmp_path)) as conn:
        migrate(conn)
        put(conn, 1)
        put(conn, 2, opened=NOW + 900, lasted=None)
        yield conn


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("conn")
def test_what_fixed_it_is_kept_without_its_secrets_and_shown_with_the_next_one() -> None:
    told = run("fixed", "1", "Rotated it, password=hunter2hunter2", "--author", "alice")
    assert told.startswith("incident 1 was fixed by: Rotated it")
    assert "hunter2" not in told
    report = run("report", "--incident", "2")
    assert "# Debug report: incident 2" in report
    assert "fixed by: `Rotated it" in report


def test_who_said_it_is_in_the_audit_trail(conn: sqlite3.Connection) -> None:
    said = json.loads(run("fixed", "1", "A restart", "--author", "alice", "--json"))
    assert (said["text"], said["author"], said["kind"]) == ("A restart", "alice", "person")
    (entry,) = audit.entries(conn)
    assert (entry.actor, entry.action, entry.object) == (
        "alice",
        "incident explained",
        "incident 1",
    )


def test_an_empty_text_takes_it_back(conn: sqlite3.Connection) -> None:
    run("fixed", "1", "A restart", "--author", "alice")
    assert run("fixed", "1", "", "--author", "alice").strip() == "taken back"
    assert resolutions.get(conn, 1) is None


@pytest.mark.usefixtures("conn")
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("fixed", "9", "x"), "found no incident 9"),
        (("fixed", "2", "x"), "found incident 2 open, expected one that is over"),
        (("fixed", "1", "x" * 601), "found 601 characters, expected at most 600"),
        (("report",), "found neither, expected the number of an error group, or --incident"),
        (("report", "1", "--incident", "1"), "found both, expected"),
        (("report", "--incident", "9"), "there is no incident 9"),
        (("report", "9"), "there is no error group 9"),
    ],
)
def test_what_can_not_be_done_is_said(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        run(*words)


@pytest.mark.usefixtures("conn")
def test_the_report_on_an_incident_comes_in_all_formats() -> None:
    assert run("report", "--incident", "1", "--format", "text").startswith("DEBUG REPORT: INC")
    assert json.loads(run("report", "--incident", "1", "--json"))["incident"]["id"] == 1
