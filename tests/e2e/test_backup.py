"""Backups are made while the daemon runs, and each of them is a state that it can go on from."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.connection import event, send_once
from tests.e2e.daemon import sentinel
from tests.e2e.senders import Senders
from tests.e2e.world import World

RULES = """
rules:
  - alert: Page
    on: error
    where: {code: PAGE_ME}
    labels: {severity: critical}
    timeframe: 1h
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("running")) as world:
        world.configure(RULES)
        world.daemon.start()
        assert send_once(world.daemon.dsn(), event("PAGE_ME")).status == 200
        world.wait_sent()
        yield world


@pytest.fixture(scope="module")
def copy(running: World) -> tuple[Path, set[str], set[str]]:
    """A backup made under load; the ids that had been answered before it began and after."""
    target = running.folder / "copy.db"
    with Senders(running.daemon.dsn()) as senders:
        senders.wait_answered(100)
        before = set(senders.answered)
        done = sentinel("backup", target, "--state-dir", running.daemon.state_dir)
        assert (done.returncode, done.stderr) == (0, "")
        senders.finish()
    return target, before, set(senders.answered)


def ids_in(path: Path) -> set[str]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {
            id
            for (id,) in conn.execute("SELECT lower(hex(id)) FROM signals WHERE code <> 'PAGE_ME'")
        }


def test_a_backup_under_load_is_of_one_moment(copy: tuple[Path, set[str], set[str]]) -> None:
    path, before, after = copy
    assert before <= ids_in(path) <= after
    assert path.stat().st_mode & 0o077 == 0


def test_a_daemon_goes_on_from_a_restored_backup(
    copy: tuple[Path, set[str], set[str]], world: World
) -> None:
    world.configure(RULES)
    world.daemon.state_dir.mkdir()
    done = sentinel("restore", copy[0], "--state-dir", world.daemon.state_dir)
    assert (done.returncode, done.stderr) == (0, "")
    world.daemon.start()
    kept = ids_in(copy[0])
    stored = world.daemon.ask("SELECT lower(hex(id)) FROM signals WHERE code <> 'PAGE_ME'")
    assert {id for (id,) in stored} == kept
    # The alert still fires there, so that one more error pages nobody again.
    assert send_once(world.daemon.dsn(), event("PAGE_ME")).status == 200
    assert world.daemon.ask("SELECT count(*), sum(count) FROM groups WHERE code = 'PAGE_ME'") == [
        (1, 2)
    ]
    assert world.daemon.ask("SELECT count(*) FROM alerts") == [(1,)]
    assert world.mailbox.mails == []
    # The key that applications have goes on to open the project.
    assert world.daemon.dsn().split("@")[0] in world.daemon.listed("dsn", "shop")["dsn"]


def test_the_database_that_was_there_is_kept(
    copy: tuple[Path, set[str], set[str]], tmp_path: Path
) -> None:
    for _ in range(2):
        done = sentinel("restore", copy[0], "--state-dir", tmp_path)
        assert done.returncode == 0, done.stderr
    aside = tmp_path / "sentinel.db.before-restore.1"
    assert str(aside) in done.stdout
    assert ids_in(aside) == ids_in(tmp_path / "sentinel.db")


def test_a_restore_is_refused_while_the_daemon_runs(
    running: World, copy: tuple[Path, set[str], set[str]]
) -> None:
    done = sentinel("restore", copy[0], "--state-dir", running.daemon.state_dir)
    assert done.returncode == 1
    assert "another Sentinel is running" in done.stderr
    assert running.daemon.get("/readyz")[0] == 200


def test_a_backup_never_overwrites_a_file(
    running: World, copy: tuple[Path, set[str], set[str]]
) -> None:
    done = sentinel("backup", copy[0], "--state-dir", running.daemon.state_dir)
    assert done.returncode == 1
    assert "exists already" in done.stderr


def damaged(source: Path, target: Path) -> Path:
    whole = source.read_bytes()
    middle = len(whole) // 2
    target.write_bytes(whole[:middle] + b"\xff" * 8192 + whole[middle + 8192 :])
    return target


def cut_off(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    return target


def something_else(source: Path, target: Path) -> Path:
    target.write_text("no database at all, but long enough to have a header" * 20)
    return target


def foreign(source: Path, target: Path) -> Path:
    with closing(sqlite3.connect(target)) as conn:
        conn.execute("CREATE TABLE books (id INTEGER PRIMARY KEY)")
    return target


@pytest.mark.parametrize("spoil", [damaged, cut_off, something_else, foreign])
def test_a_corrupt_backup_is_refused(
    copy: tuple[Path, set[str], set[str]], tmp_path: Path, spoil: object
) -> None:
    assert callable(spoil)
    state = tmp_path / "state"
    state.mkdir()
    done = sentinel("restore", spoil(copy[0], tmp_path / "spoilt.db"), "--state-dir", state)
    assert done.returncode == 1
    assert "spoilt.db is no" in done.stderr
    assert list(state.glob("sentinel.db*")) == []


def newer(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes())
    with closing(sqlite3.connect(target)) as conn, conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('sentinel', 'of_the_future', '2030-01-01')"
        )
    return target


def test_a_backup_of_a_newer_version_is_refused(
    copy: tuple[Path, set[str], set[str]], tmp_path: Path
) -> None:
    done = sentinel("restore", newer(copy[0], tmp_path / "newer.db"), "--state-dir", tmp_path)
    assert done.returncode == 1
    assert "written by a newer Sentinel" in done.stderr
    assert list(tmp_path.glob("sentinel.db*")) == []


def test_a_daemon_refuses_a_database_of_a_newer_version_and_leaves_it(
    copy: tuple[Path, set[str], set[str]], world: World
) -> None:
    world.configure(RULES)
    world.daemon.state_dir.mkdir()
    database = newer(copy[0], world.daemon.state_dir / "sentinel.db")
    before = ids_in(database)
    world.daemon.start(wait=False)
    assert world.daemon.ended() == 1
    assert "written by a newer Sentinel" in world.daemon.tail()
    assert "of_the_future" in world.daemon.tail()
    assert "install that version again" in world.daemon.tail()
    assert "Traceback" not in world.daemon.tail()
    assert ids_in(database) == before
