"""`sentinel silence` and `sentinel acknowledge`, beside a daemon and without one."""

import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentinel import cli
from sentinel.cli import asking
from sentinel.engine.commands import Acknowledge, Command, EndSilence, SetSilence
from sentinel.model.alert import Alert, Incident
from sentinel.model.silence import Silence
from sentinel.store import alerts, audit, commands, silences
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate

NOW = 1_760_000_000.0


class Terminal:
    def __init__(
        self,
        state_dir: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.state_dir = state_dir
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit status, and all that was said."""
        argv = ["sentinel", *words, "--state-dir", str(self.state_dir)]
        self._monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    def json(self, *words: str) -> Any:
        status, text = self(*words, "--json")
        assert status == 0, text
        return json.loads(text)

    def waiting(self) -> list[Command]:
        with contextlib.closing(connect(self.state_dir)) as conn:
            return commands.take(conn, NOW)


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    """No daemon: nothing is worth waiting for."""
    monkeypatch.setattr(asking, "_PATIENCE", 0.0)
    alert = Alert(
        id=1,
        rule="SmsFailing",
        key={"tenant": "acme"},
        state="firing",
        severity="critical",
        labels={"alertname": "SmsFailing", "tenant": "acme"},
        started=NOW,
        last=NOW,
        incident=1,
    )
    incident = Incident(
        id=1, severity="critical", title="SMS", root=1, rule="SmsFailing", opened=NOW
    )
    over = Incident(
        id=2, state="resolved", severity="info", title="S", root=2, rule="R", opened=1, resolved=2
    )
    with contextlib.closing(connect(tmp_path)) as conn:
        migrate(conn)
        alerts.save(conn, [alert])
        alerts.save_incidents(conn, [incident, over])
        silences.save(
            conn,
            [
                Silence(id=1, matchers=("a=b",), starts=NOW, ends=4e9, author="alice", comment="c"),
                Silence(id=2, matchers=("a=b",), starts=NOW, ends=NOW + 1, author="bob"),
            ],
        )
    return Terminal(tmp_path, monkeypatch, capsys)


@pytest.fixture
def daemon(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes what it is asked, and sets the silences that were asked for."""
    monkeypatch.setattr(asking, "_PATIENCE", 10.0)
    monkeypatch.setattr(asking, "_LOOK_EVERY", 0.01)
    stop = threading.Event()

    def run() -> None:
        with contextlib.closing(connect(terminal.state_dir)) as conn:
            while not stop.wait(0.005):
                with transaction(conn):
                    for command in commands.take(conn, NOW):
                        if isinstance(command, SetSilence):
                            asked = command.silence
                            silences.save(conn, [_numbered(asked)])

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


def _numbered(asked: Silence) -> Silence:
    return Silence(
        id=7,
        matchers=asked.matchers,
        starts=asked.starts,
        ends=asked.ends,
        author=asked.author,
        comment=asked.comment,
        created=NOW,
    )


@pytest.mark.usefixtures("daemon")
def test_a_silence_is_set_by_the_daemon_and_has_a_number(terminal: Terminal) -> None:
    words = ("silence", "add", "team=payments", 'a=~"b|c"', "--for", "2h", "--author", "alice")
    status, said = terminal(*words, "--comment", "a drill")
    assert (status, said.partition(" until")[0]) == (0, "silence 7 is set")
    found = terminal.json("silence", "list")[0]
    assert found["matchers"] == ["team=payments", 'a=~"b|c"']
    assert found["ends"] - found["starts"] == 7_200
    assert (found["author"], found["comment"], found["state"]) == ("alice", "a drill", "active")


def test_without_a_daemon_a_silence_waits_for_one(terminal: Terminal) -> None:
    status, said = terminal("silence", "add", "team=payments", "--for", "2h", "--author", "alice")
    assert (status, "it holds as soon as one runs" in said) == (0, True)
    [command] = terminal.waiting()
    assert isinstance(command, SetSilence)
    assert command.silence.author == "alice"


def test_what_is_asked_for_is_audited_with_its_author(terminal: Terminal) -> None:
    terminal("silence", "add", "team=payments", "--for", "2h", "--author", "alice")
    terminal("silence", "end", "1", "--author", "bob")
    terminal("ack", "1", "--author", "bob")
    with contextlib.closing(connect(terminal.state_dir)) as conn:
        trail = [(one.actor, one.action, one.object) for one in audit.entries(conn)]
    assert trail == [
        ("bob", "incident acknowledged", "incident 1"),
        ("bob", "silence ended", "silence 1"),
        ("alice", "silence set", "team=payments"),
    ]


@pytest.mark.parametrize("word", ["acknowledge", "ack"])
def test_an_incident_is_taken(terminal: Terminal, word: str) -> None:
    found = terminal.json(word, "1", "--author", "alice")
    assert (found["taken"], found["incident"]["id"]) == (False, 1)
    [command] = terminal.waiting()
    assert isinstance(command, Acknowledge)
    assert (command.incident, command.by) == (1, "alice")


@pytest.mark.usefixtures("daemon")
def test_whoever_has_the_incident_is_told(terminal: Terminal) -> None:
    # This daemon takes the command, and somebody else has been quicker.
    status, said = terminal("ack", "1", "--author", "alice")
    assert (status, said) == (0, "nobody has incident 1, which is open\n")


def test_a_silence_is_ended(terminal: Terminal) -> None:
    assert terminal("silence", "end", "1", "--author", "bob")[0] == 0
    [command] = terminal.waiting()
    assert isinstance(command, EndSilence)
    assert (command.silence, command.by) == (1, "bob")


def test_a_preview_says_what_would_be_quiet(terminal: Terminal) -> None:
    status, said = terminal("silence", "preview", "tenant=acme")
    assert status == 0
    assert "SmsFailing" in said
    assert "alerts: 1; open incidents of which nobody would be told any more: 1" in said
    assert terminal.json("silence", "preview", "tenant=acme")["incidents"][0]["id"] == 1
    assert "No alert that fires now" in terminal("silence", "preview", "tenant=globex")[1]


def test_the_list_leaves_out_what_is_over_unless_asked(terminal: Terminal) -> None:
    assert [one["id"] for one in terminal.json("silence", "list")] == [1]
    found = terminal.json("silence", "list", "--all")
    assert [(one["id"], one["state"]) for one in found] == [(2, "expired"), (1, "active")]
    assert "alice" in terminal("silence", "list")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("silence", "add", "team", "--for", "2h"), "matcher 1: expected name="),
        (("silence", "add", "team!=x", "--for", "2h"), "matchers: found only team!=x"),
        (("silence", "add", "team=x", "--for", "soon"), "for: expected a duration"),
        (("silence", "preview", "team"), "matcher 1: expected name="),
        (("silence", "end", "9"), "there is no silence 9"),
        (("silence", "end", "2"), "silence 2 is over already"),
        (("ack", "9"), "there is no incident 9"),
        (("ack", "2"), "incident 2 can't be taken: it is over"),
        (("ack", "1", "--author", " "), "--author: expected a name"),
    ],
)
def test_what_can_not_be_done_is_refused_before_it_is_asked(
    terminal: Terminal, words: tuple[str, ...], told: str
) -> None:
    status, said = terminal(*words)
    assert status == 1
    assert said.startswith(f"sentinel: {told}")
    assert terminal.waiting() == []


def test_a_folder_without_a_database_is_left_alone(terminal: Terminal, tmp_path: Path) -> None:
    terminal.state_dir = tmp_path / "elsewhere"
    status, said = terminal("silence", "add", "team=x", "--for", "2h")
    assert (status, "no database at" in said) == (1, True)
    assert not terminal.state_dir.exists()


def test_the_author_is_whoever_became_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    assert asking.author_of(None) == "alice"
    assert asking.author_of("bob") == "bob"
