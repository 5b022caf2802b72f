"""`sentinel template`, beside a daemon and without one."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentinel import cli
from sentinel.model.broadcast import Broadcast, Update
from sentinel.store import audit, broadcasts, deliveries
from sentinel.store.connection import connect, transaction
from sentinel.store.lock import locked
from sentinel.store.migrations import migrate

CONFIG = """
channels:
  mail: {type: email, host: localhost, sender: a@example.com}
people:
  alice: {email: alice@example.com}
templates:
  - name: brief
    subject: "{{ name }} \\u001b[31m"
    text: "{{ lead }}"
  - name: fails
    subject: "{% if labels.team == 'none' %}{{ 1 // 0 }}{% endif %}{{ subject }}"
    reasons: [resolved]
  - name: words
    audience: client
    text: "{{ message }}"
"""


class Terminal:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.folder = folder
        self._patch = patch
        self._capsys = capsys
        self.conn = connect(folder / "state")
        migrate(self.conn)

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit status, and all that was said."""
        self._patch.setattr(sys, "argv", ["sentinel", "template", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(CONFIG)
    monkeypatch.setenv("SENTINEL_CONFIG", str(tmp_path / "sentinel.yaml"))
    monkeypatch.setenv("SENTINEL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(tmp_path, monkeypatch, capsys)
    yield terminal
    terminal.conn.close()


def test_templates_are_listed(terminal: Terminal) -> None:
    status, said = terminal("list")
    assert (status, "brief" in said, "update" in said) == (0, True, True)
    _, listed = terminal("list", "--json")
    assert [one["name"] for one in json.loads(listed)] == ["brief", "fails", "words"]


def test_a_preview_shows_what_would_be_sent(terminal: Terminal) -> None:
    status, said = terminal("preview", "--sample", "reminder", "--html", "page.html")
    assert status == 0
    assert "reminder over mail, in the template brief" in said
    assert "Still broken after 5 min." in said
    assert "\x1b" not in said
    assert (terminal.folder / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_the_default_words_can_be_seen_beside_a_template(terminal: Terminal) -> None:
    _, said = terminal("preview", "--default", "--sample", "firing", "--json")
    assert json.loads(said)["subject"] == "[critical] SMS_DELIVERY_FAILURE · acme · production"


def test_what_clients_read_can_be_seen(terminal: Terminal) -> None:
    _, said = terminal("preview", "words", "--sample", "resolved")
    assert "Text messages arrive on time again." in said
    assert "Unsubscribe: http" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["preview", "breif"], "did you mean brief?"),
        (["preview", "--sample", "fireing"], "did you mean firing?"),
        (["preview", "--channel", "mial"], "did you mean mail?"),
        (["preview", "--incident", "7"], "there is no incident 7"),
        (["preview", "brief", "--default"], "expected one of them"),
        (["send", "alice"], "no daemon runs"),
    ],
)
def test_what_there_is_not_is_told(terminal: Terminal, words: list[str], told: str) -> None:
    status, said = terminal(*words)
    assert status == 1
    assert told in said


def test_a_test_is_written_down_for_the_daemon_and_noted(terminal: Terminal) -> None:
    with locked(terminal.folder / "state"):
        status, said = terminal("send", "alice", "brief", "--author", "bob")
    assert (status, said) == (0, "delivery 1 to alice over mail\n")
    message = deliveries.message(terminal.conn, 1)
    assert message is not None
    assert message.subject.startswith("[Test] SMS_DELIVERY_FAILURE")
    assert (message.to, message.reason, message.choices) == ("alice@example.com", "test", ())
    (noted,) = audit.entries(terminal.conn, limit=5)
    assert (noted.actor, noted.action, noted.object) == (
        "bob",
        "template sent as a test",
        "template brief",
    )


def test_a_broadcast_is_shown_as_clients_read_it(terminal: Terminal) -> None:
    with transaction(terminal.conn):
        broadcasts.save(
            terminal.conn, [Broadcast(id=3, kind="incident", title="SMS are late", opened=1.0)]
        )
        said = Update(
            id=1, broadcast=3, phase="resolved", text="Over.", state="published", created=1.0
        )
        broadcasts.save_updates(terminal.conn, [said])
    status, shown = terminal("preview", "--broadcast", "3")
    assert status == 0
    assert "resolved over mail, in the template words" in shown
    assert "Subject: Resolved: SMS are late" in shown
    assert terminal("preview", "--broadcast", "4")[0] == 1
