"""`sentinel client`, beside a daemon and without one."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.clients.conftest import CONFIG
from tests.clients.test_bounces import complaint

from sentinel import cli
from sentinel.store import audit, clients
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate


class Terminal:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.folder = folder
        self._patch = patch
        self._capsys = capsys
        self.conn = connect(folder / "state")
        migrate(self.conn)

    def __call__(self, *words: str, stdin: bytes = b"") -> tuple[int, str]:
        """Exit status, and all that was said."""
        self._patch.setattr(sys, "argv", ["sentinel", "client", *words])
        self._patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    def file(self, text: str) -> str:
        path = self.folder / "clients.csv"
        path.write_text(text)
        return str(path)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(CONFIG.format(port=2525, sign_up="open"))
    monkeypatch.setenv("SENTINEL_CONFIG", str(tmp_path / "sentinel.yaml"))
    monkeypatch.setenv("SENTINEL_STATE_DIR", str(tmp_path / "state"))
    terminal = Terminal(tmp_path, monkeypatch, capsys)
    yield terminal
    terminal.conn.close()


def test_a_file_is_imported_listed_and_exported(terminal: Terminal) -> None:
    file = terminal.file("tenant,name,email\nacme,Alice,alice@example.com\n")
    status, said = terminal("import", file, "--dry-run")
    assert (status, "would be: 1 new" in said) == (0, True)
    assert not clients.contacts(terminal.conn)
    status, said = terminal("import", file)
    assert (status, "done: 1 new" in said) == (0, True)
    status, said = terminal("import", file)
    assert "done: 1 same" in said
    assert "alice@example.com (active)" in terminal("list", "alice")[1]
    assert "acme,Alice,alice@example.com" in terminal("export")[1]


def test_a_mistake_is_told_with_file_and_line(terminal: Terminal) -> None:
    file = terminal.file("email\nnope\n")
    status, said = terminal("import", file)
    assert status == 1
    assert f"{file}:2: expected one e-mail address" in said


def test_one_who_asks_is_given_everything_and_forgotten(terminal: Terminal) -> None:
    terminal("import", terminal.file("name,email\nAlice,alice@example.com\n"))
    status, said = terminal("export", "ALICE@example.com")
    assert status == 0
    assert json.loads(said)[0]["contact"]["name"] == "Alice"
    status, said = terminal("erase", "alice@example.com", "--yes")
    assert (status, "erased: contact 1" in said) == (0, True)
    status, said = terminal("export", "alice@example.com")
    assert (status, "found no contact" in said) == (1, True)
    actions = [one.action for one in audit.entries(terminal.conn)]
    assert actions == ["contact erased", "clients read", "clients imported"]


def test_a_mail_server_hands_a_complaint_in(terminal: Terminal) -> None:
    terminal("import", terminal.file("name,email\nAlice,alice@example.com\n"))
    status, said = terminal("bounce", stdin=complaint())
    assert (status, "subscriptions that ended: 1" in said) == (0, True)
    with transaction(terminal.conn):
        assert clients.counts(terminal.conn) == {"complained": 1}


def test_a_complaint_is_lifted_by_an_admin_and_noted(terminal: Terminal) -> None:
    terminal("import", terminal.file("name,email\nAlice,alice@example.com\n"))
    status, said = terminal("readmit", "alice@example.com")
    assert (status, "found no complaint from 'alice@example.com'" in said) == (1, True)
    terminal("bounce", stdin=complaint())
    status, said = terminal("readmit", "ALICE@example.com", "--author", "ann")
    assert (status, said.startswith("alice@example.com may be asked to confirm")) == (0, True)
    noted = audit.entries(terminal.conn)[0]
    assert (noted.action, noted.object) == ("complaint lifted", "a…@example.com")


def test_what_is_no_report_is_refused(terminal: Terminal) -> None:
    status, said = terminal("bounce", stdin=b"Subject: hello\r\n\r\nhello")
    assert (status, "expected a delivery status notification" in said) == (1, True)


def test_a_folder_without_a_database_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTINEL_STATE_DIR", str(terminal.folder / "elsewhere"))
    status, said = terminal("list")
    assert (status, "no database" in said) == (1, True)


def test_the_texts_are_listed_by_their_keys(terminal: Terminal) -> None:
    assert "confirm_subject" in terminal("texts")[1]


def test_a_tenant_that_is_not_there_has_no_link(terminal: Terminal) -> None:
    status, said = terminal("link", "nobody")
    assert (status, "there is no tenant" in said) == (1, True)
