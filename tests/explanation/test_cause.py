"""Why an alert began, as the command, the page and the API tell it."""

import contextlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel import cli, installation
from sentinel.engine.book import Book
from sentinel.engine.engine import Engine
from sentinel.explanation import why
from sentinel.model.alert import Alert
from sentinel.model.signal import Error
from sentinel.store import alerts, signals
from sentinel.store import engine as engine_store
from sentinel.store.connection import connect
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate
from sentinel.wiring import build_book

RULE = """
rules:
  - alert: Payment
    on: error
    where: {code: [PAYMENT_FAILED, PAYMENT_LOST], group_state: new}
    by: [code]
"""
ERROR = Error(id="a" * 32, project="shop", code="PAYMENT_LOST", fingerprint="f", received=1.0)


def book_of(folder: Path, rules: str) -> Book:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "sentinel.yaml").write_text("rules_dir: rules\n")
    (folder / "rules" / "a.yaml").write_text(rules)
    found, problems = installation.read(folder / "sentinel.yaml", {})
    assert found, problems
    return build_book(found.config, found.registry, found.catalog)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return book_of(tmp_path, RULE)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(tmp_path)) as connection:
        migrate(connection)
        yield connection


@pytest.fixture
def alert(conn: sqlite3.Connection, book: Book) -> Alert:
    kept = keep(conn, Draft(ERROR, signals.pack(ERROR)))
    assert kept is not None
    engine = Engine(book, engine_store.load(conn), 1.0)
    effects = engine.step([kept], 1.0)
    counters = engine_store.Counters(engine.last_alert, engine.last_incident, engine.now)
    engine_store.save(conn, effects, counters, 1.0)
    found = alerts.get(conn, 1)
    assert found is not None
    return found


def test_the_conditions_are_named_with_what_they_found(
    conn: sqlite3.Connection, alert: Alert, book: Book
) -> None:
    found = why(conn, alert, book)
    assert found.source is not None
    assert found.source.endswith("a.yaml:3")
    assert [(line.field, line.wanted, line.found, line.held) for line in found.lines] == [
        ("code", 'one of "PAYMENT_FAILED", "PAYMENT_LOST"', '"PAYMENT_LOST"', True),
        ("group_state", '"new"', '"new"', True),
    ]
    assert [(match.rule, match.outcome, match.alert) for match in found.matches] == [
        ("Payment", "opened", 1)
    ]
    assert found.notes == []


def test_a_rule_that_is_gone_is_said_to_be(
    conn: sqlite3.Connection, alert: Alert, tmp_path: Path
) -> None:
    found = why(conn, alert, book_of(tmp_path, "rules: []\n"))
    assert (found.source, found.lines) == (None, [])
    assert "not in the configuration any more" in found.notes[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("PAYMENT_LOST]", "PAYMENT_LATE]"),
        ("by: [code]", "by: [tenant]"),
        ("on: error\n    where: {code: [PAYMENT_FAILED, PAYMENT_LOST], group_state: new}\n    "
         "by: [code]", "on: metric\n    where: {name: cpu}"),
    ],
)  # fmt: skip
def test_a_rule_that_was_changed_is_said_to_be(
    conn: sqlite3.Connection, alert: Alert, tmp_path: Path, before: str, after: str
) -> None:
    assert before in RULE
    found = why(conn, alert, book_of(tmp_path, RULE.replace(before, after)))
    assert "has been changed since" in found.notes[0]


def test_a_signal_that_was_removed_is_said_to_be(
    conn: sqlite3.Connection, alert: Alert, book: Book
) -> None:
    conn.execute("DELETE FROM signals")
    assert "older than what is kept" in why(conn, alert, book).notes[0]


@pytest.mark.usefixtures("alert")
def test_the_command_shows_it_as_text_and_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sentinel", "explain", "1", "--state-dir", str(tmp_path)]
    command += ["--config", str(tmp_path / "sentinel.yaml")]
    text = run(command, monkeypatch, capsys)
    assert "a.yaml:3" in text
    assert 'one of "PAYMENT_FAILED", "PAYMENT_LOST"' in text
    told = json.loads(run([*command, "--json"], monkeypatch, capsys))
    assert told["why"]["lines"][0]["found"] == '"PAYMENT_LOST"'


@pytest.mark.usefixtures("alert")
def test_without_a_configuration_the_command_says_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.delenv("SENTINEL_CONFIG", raising=False)
    command = ["sentinel", "explain", "1", "--state-dir", str(tmp_path)]
    text = run(command, monkeypatch, capsys)
    assert "left out" in text
    assert "--config" in text
    assert "alert_fired" in text


def run(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    monkeypatch.setattr(sys, "argv", command)
    with contextlib.suppress(SystemExit):
        cli.main()
    return capsys.readouterr().out
