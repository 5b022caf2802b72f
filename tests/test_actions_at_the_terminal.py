"""`sentinel action`, without a daemon and beside one."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from sentinel import cli
from sentinel.model.action import ActionRun
from sentinel.store import action_runs
from sentinel.store.connection import connect, transaction
from sentinel.store.lock import is_held, locked
from sentinel.store.migrations import migrate

MAIN = """
channels:
  console: {type: console}
actions:
  good: {type: command, command: [/bin/echo, all is well]}
  bad: {type: command, command: [/bin/false]}
"""


class Terminal:
    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.state = folder / "state"
        self.config = folder / "sentinel.yaml"
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit status, and all that was said."""
        where = ["--config", str(self.config), "--state-dir", str(self.state)]
        self._monkeypatch.setattr(sys, "argv", ["sentinel", "action", *words, *where])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    def runs(self) -> list[ActionRun]:
        with contextlib.closing(connect(self.state)) as conn:
            return action_runs.listing(conn)


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    (tmp_path / "sentinel.yaml").write_text(MAIN)
    yield Terminal(tmp_path, monkeypatch, capsys)
    structlog.reset_defaults()


def test_an_action_runs_here_while_no_daemon_does(terminal: Terminal) -> None:
    status, said = terminal("run", "good", "--author", "alice")
    assert (status, said) == (0, "good: succeeded\n/bin/echo ended with 0.\noutput: all is well\n")
    (run,) = terminal.runs()
    assert (run.actor, run.state) == ("alice", "succeeded")
    assert not is_held(terminal.state)


def test_its_exit_status_tells_of_a_failure(terminal: Terminal) -> None:
    status, said = terminal("run", "bad")
    assert (status, said.splitlines()[0]) == (1, "bad: failed")


def test_a_dry_run_only_tells(terminal: Terminal) -> None:
    status, said = terminal("run", "bad", "--dry-run", "--json")
    found = json.loads(said)
    assert (status, found["state"], found["text"]) == (
        0,
        "succeeded",
        "Dry run: Run /bin/false in /.",
    )


def test_a_channel_is_tested_before_anything_runs(terminal: Terminal) -> None:
    status, said = terminal("run", "test:channel:console")
    assert status == 0, said
    assert "Test message from Sentinel" in said


def test_a_misspelt_name_is_told(terminal: Terminal) -> None:
    status, said = terminal("run", "goood")
    assert status == 1
    assert "there is no action goood: `sentinel action list` lists them" in said


def test_the_list_has_each_action_and_its_last_run(terminal: Terminal) -> None:
    terminal("run", "bad")
    status, said = terminal("list", "--json")
    assert status == 0
    listed = {one["name"]: one["last"] and one["last"]["state"] for one in json.loads(said)}
    assert listed == {"good": None, "bad": "failed", "test:channel:console": None}
    assert "test:channel:console" in terminal("list")[1]


@pytest.fixture
def daemon(terminal: Terminal) -> Iterator[list[str]]:
    """One that holds the state folder, and ends each run as the list says."""
    outcomes: list[Any] = []
    stopping = threading.Event()

    def work() -> None:
        with contextlib.closing(connect(terminal.state)) as conn:
            while not stopping.wait(0.01):
                with transaction(conn):
                    for run in action_runs.waiting(conn):
                        action_runs.claim(conn, run, time.time())
                        action_runs.finish(conn, run, outcomes.pop(0), "by the daemon", time.time())

    with locked(terminal.state):
        with contextlib.closing(connect(terminal.state)) as conn:
            migrate(conn)
        thread = threading.Thread(target=work)
        thread.start()
        yield outcomes
        stopping.set()
        thread.join()


@pytest.mark.parametrize(
    ("outcome", "status"), [("succeeded", 0), ("failed", 1), ("refused", 1), ("unknown", 3)]
)
def test_beside_a_daemon_it_is_the_daemon_that_runs_it(
    terminal: Terminal, daemon: list[str], outcome: str, status: int
) -> None:
    daemon.append(outcome)
    assert terminal("run", "good") == (status, f"good: {outcome}\nby the daemon\n")


def test_a_daemon_that_ends_before_the_run_does_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(terminal.state), contextlib.closing(connect(terminal.state)) as conn:
        migrate(conn)
    held = iter([True, False])
    monkeypatch.setattr("sentinel.cli.actions.is_held", lambda state: next(held))
    status, said = terminal("run", "good")
    assert (status, said.splitlines()[0]) == (3, "good: pending")
    assert "The daemon ended before it began" in said
