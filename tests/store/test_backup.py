"""A restore must come true whatever state the database is in that it takes the place of."""

import contextlib
import os
from pathlib import Path

import pytest

from sentinel.store import projects
from sentinel.store.backup import backup, restore
from sentinel.store.connection import FILE, connect_readonly
from sentinel.store.database import Database


def add(state_dir: Path, *names: str) -> None:
    with contextlib.closing(Database(state_dir)) as database:
        for name in names:
            database.write_now(lambda conn, name=name: projects.ensure(conn, name, 1.0))


def names_in(state_dir: Path) -> list[str]:
    with contextlib.closing(connect_readonly(state_dir)) as conn:
        return [project.name for project in projects.all_of(conn)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A backup that holds one project."""
    add(tmp_path / "state", "before")
    backup(tmp_path / "state", tmp_path / "copy.db")
    return tmp_path / "copy.db"


def test_a_backup_is_one_file(copy: Path) -> None:
    assert [path.name for path in copy.parent.glob("copy*")] == ["copy.db"]


def test_what_a_reader_keeps_open_is_not_played_into_the_restored_database(copy: Path) -> None:
    state_dir = copy.parent / "state"
    with contextlib.closing(connect_readonly(state_dir)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM projects").fetchone()
        add(state_dir, *(f"after-{number}" for number in range(100)))
        aside = restore(state_dir, copy)
    assert names_in(state_dir) == ["before"]
    assert aside is not None
    (copy.parent / "aside").mkdir()
    for path in state_dir.glob(f"{aside.name}*"):
        path.rename(copy.parent / "aside" / path.name.replace(aside.name, FILE))
    assert len(names_in(copy.parent / "aside")) == 101


def test_a_damaged_database_can_be_restored_over(copy: Path) -> None:
    state_dir = copy.parent / "state"
    (state_dir / FILE).write_bytes(b"no database at all" * 1000)
    aside = restore(state_dir, copy)
    assert names_in(state_dir) == ["before"]
    assert aside is not None
    assert aside.read_bytes().startswith(b"no database")


def test_a_restore_that_is_cut_off_leaves_a_database(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_dir = copy.parent / "state"
    add(state_dir, "after")
    rename = os.replace

    def crash(source: str, target: str) -> None:
        if Path(target).name == FILE:
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", crash)
        patched.setattr(os, "rename", crash)
        with pytest.raises(KeyboardInterrupt):
            restore(state_dir, copy)
    assert names_in(state_dir) == ["before", "after"]
    restore(state_dir, copy)
    assert names_in(state_dir) == ["before"]
