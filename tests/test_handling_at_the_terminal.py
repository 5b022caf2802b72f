"""`sentinel incident`, beside a daemon and without one."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from sentinel.cli import asking
from sentinel.engine.commands import Assign, Escalate, Handling, Note, Resolve
from sentinel.model.decision import Decision
from sentinel.store import alerts, audit, commands, decisions
from sentinel.store.connection import connect, transaction
from tests.test_silences_at_the_terminal import Terminal, terminal

__all__ = ["terminal"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("resolve", "1"), Resolve),
        (("escalate", "1"), Escalate),
        (("assign", "1", "bob"), Assign),
        (("note", "1", "it is the disk"), Note),
    ],
)
def test_what_is_asked_for_waits_for_a_daemon(
    terminal: Terminal, words: tuple[str, ...], kind: type[Handling]
) -> None:
    status, said = terminal("incident", *words, "--author", "alice")
    assert (status, said) == (0, asking.NOT_TAKEN + "\n")
    [command] = terminal.waiting()
    assert isinstance(command, kind)
    assert (command.incident, command.by) == (1, "alice")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("resolve", "2"), "incident 2: it is over"),
        (("resolve", "7"), "there is no incident 7"),
        (("release", "1"), "incident 1: nobody has it"),
        (("note", "1", " "), "found a note without any text"),
        (("note", "1", "x" * 1_001), "found 1,001 characters"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    status, text = terminal("incident", *words, "--author", "alice")
    assert status == 1
    assert said in text
    assert terminal.waiting() == []


def test_it_is_audited(terminal: Terminal) -> None:
    terminal("incident", "escalate", "1", "--author", "alice")
    with contextlib.closing(connect(terminal.state_dir)) as conn:
        [entry] = audit.entries(conn, limit=1)
    assert (entry.actor, entry.action, entry.object) == (
        "alice",
        "incident escalated",
        "incident 1",
    )


@pytest.fixture
def refusing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A daemon that knows nobody."""
    monkeypatch.setattr(asking, "_PATIENCE", 10.0)
    stop = threading.Event()

    def run() -> None:
        with contextlib.closing(connect(terminal.state_dir)) as conn:
            while not stop.wait(0.01):
                with transaction(conn):
                    for one in commands.take(conn, 4e9):
                        assert isinstance(one, Assign)
                        text = "alice wanted to hand it over: found no person 'bob'"
                        made = Decision(
                            at=4e9,
                            verb="command_refused",
                            reason="unknown_person",
                            text=text,
                            incident=one.incident,
                        )
                        decisions.record(conn, [made])

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.usefixtures("refusing")
def test_what_the_daemon_refuses_is_said(terminal: Terminal) -> None:
    status, said = terminal("incident", "assign", "1", "bob", "--author", "alice")
    assert status == 1
    assert "found no person 'bob'" in said
    with contextlib.closing(connect(terminal.state_dir)) as conn:
        incident = alerts.get_incident(conn, 1)
    assert incident is not None
    assert incident.state == "open"
