"""`sentinel broadcast`, beside no daemon: what is asked is written down, or refused."""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentinel import cli
from sentinel.cli import asking
from sentinel.engine.commands import (
    Command,
    EndBroadcast,
    PublishUpdate,
    VetoUpdate,
    WriteUpdate,
)
from sentinel.model.broadcast import Broadcast, Update
from sentinel.store import audit, broadcasts, commands
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate

NOW = 1_800_000_000.0
Terminal = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Broadcast 1 was told and goes on, and update 2 of it is held; broadcast 2 is over."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text("components: {sms: {title: Text messages}}\n")
    with contextlib.closing(connect(tmp_path)) as conn:
        migrate(conn)
        one = Broadcast(id=1, title="Texts late", opened=NOW, phase="investigating")
        over = Broadcast(id=2, title="Calls", opened=NOW, phase="resolved", ended=NOW + 60)
        said = Update(
            id=1, broadcast=1, phase="investigating", text="Late.", state="published", created=NOW
        )
        held = Update(
            id=2,
            broadcast=1,
            phase="identified",
            text="We know why.",
            state="held",
            created=NOW,
            publish_at=NOW + 600,
        )
        with transaction(conn):
            broadcasts.save(conn, [one, over])
            broadcasts.save_updates(conn, [said, held])
    return tmp_path


@pytest.fixture
def terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    monkeypatch.setattr(asking, "_PATIENCE", 0.0)
    monkeypatch.setenv("SENTINEL_CONFIG", str(folder / "sentinel.yaml"))

    def run(*words: str) -> tuple[int, str]:
        argv = ["sentinel", "broadcast", *words, "--state-dir", str(folder)]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return run


def asked(folder: Path) -> list[Command]:
    with contextlib.closing(connect(folder)) as conn:
        return commands.take(conn, NOW)


def test_the_list_begins_with_what_waits(terminal: Terminal) -> None:
    status, text = terminal("list")
    assert status == 0
    assert text.index("We know why.") < text.index("Texts late") < len(text)
    assert text.index("Calls") < text.index("Texts late")


def test_one_broadcast_is_shown_with_all_that_was_said(terminal: Terminal) -> None:
    status, text = terminal("show", "1", "--json")
    assert status == 0
    assert [one["id"] for one in json.loads(text)["updates"]] == [1, 2]
    assert "held until 2027-01-15 08:10:00Z" in terminal("show", "1")[1]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("publish", "2"), PublishUpdate(2, "bob", NOW, "")),
        (("publish", "2", "--text", "Soon."), PublishUpdate(2, "bob", NOW, "Soon.")),
        (("veto", "2"), VetoUpdate(2, "bob", NOW)),
        (("end", "1"), EndBroadcast(1, "bob", NOW)),
    ],
)
def test_a_decision_is_written_down_for_the_daemon(
    terminal: Terminal, folder: Path, words: tuple[str, ...], wanted: Command
) -> None:
    status, text = terminal(*words, "--author", "bob")
    assert status == 0, text
    assert asked(folder) == [wanted]
    with contextlib.closing(connect(folder)) as conn:
        assert [one.actor for one in audit.entries(conn)] == ["bob"]


@pytest.mark.parametrize(
    ("words", "phase", "publish"),
    [
        (("write", "resolved", "Done.", "--in", "1"), "resolved", True),
        (("correct", "1", "Done."), "correction", True),
        (("retract", "2", "Done."), "retraction", True),
        (("postmortem", "2", "Done.", "--draft"), "postmortem", False),
    ],
)
def test_what_is_written_names_its_broadcast(
    terminal: Terminal, folder: Path, words: tuple[str, ...], phase: str, publish: bool
) -> None:
    status, text = terminal(*words)
    assert status == 0, text
    [command] = asked(folder)
    assert isinstance(command, WriteUpdate)
    assert (command.phase, command.publish, command.text) == (phase, publish, "Done.")


def test_a_new_broadcast_says_what_it_concerns(terminal: Terminal, folder: Path) -> None:
    words = ("--title", "Texts late", "--component", "sms", "--audience", "all")
    status, text = terminal("write", "investigating", "We look.", *words)
    assert status == 0, text
    [command] = asked(folder)
    assert isinstance(command, WriteUpdate)
    assert (command.of.id, command.of.components, command.of.audience) == (0, ("sms",), "all")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "9"), "there is no broadcast 9"),
        (("veto", "9"), "there is no update 9"),
        (("veto", "1"), "it is published"),
        (("end", "2"), "is over already"),
        (("write", "over", "x"), "PHASE: expected one of"),
        (("write", "investigating", "x"), "title: expected one line"),
        (("write", "investigating", "x", "--title", "a", "--component", "b"), "components: found"),
        (("write", "monitoring", "x", "--in", "2"), "is over: only correction"),
        (("correct", "1", "see 10.0.0.7"), "an IP address: 10.0.0.7"),
        (("correct", "1", "see 10.0.0.7"), "--as-is"),
        (("write", "scheduled", "x", "--title", "a", "--starts", "2027-01-01T00:00"), "its zone"),
    ],
)
def test_what_can_t_be_is_refused_with_what_was_expected(
    terminal: Terminal, folder: Path, words: tuple[str, ...], told: str
) -> None:
    status, text = terminal(*words)
    assert status == 1
    assert told in text
    assert asked(folder) == []


def test_whoever_has_seen_it_sends_it_as_it_is(terminal: Terminal, folder: Path) -> None:
    status, _ = terminal("correct", "1", "see 10.0.0.7", "--as-is")
    assert status == 0
    assert len(asked(folder)) == 1


def test_the_text_may_come_from_standard_input(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("A disk\n\nwas full.\n"))
    assert terminal("postmortem", "1")[0] == 0
    command: Any = asked(folder)[0]
    assert command.text == "A disk\n\nwas full."
