"""Checksums tell that something changed, and not what it is."""

import os
from pathlib import Path

from msgspec.structs import replace

from sentinel.config.schema_snapshots import Checksums
from sentinel.snapshots.checksums import Checksummer
from sentinel.store import meta
from sentinel.store.database import Database

from .pictures import TERMS
from .world import world

WANTED = Checksums(
    env=["DATABASE_URL", "NOT_SET"], env_files=[".env", "gone.env"], files=["shop.conf"]
)
SECRET = "postgres://shop:hunter2@db"


def read(folder: Path, key: bytes = b"a key", wanted: Checksums = WANTED) -> dict[str, str]:
    (folder / ".env").write_text(f"# comment\nexport TOKEN={SECRET}\nOTHER = 1\n\nnot a line\n")
    (folder / "shop.conf").write_text(SECRET)
    return Checksummer(key, {"DATABASE_URL": SECRET}).read(wanted, folder)


def test_each_variable_and_file_has_its_own(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert {name: len(one) == 24 for name, one in found.items()} == {
        "env DATABASE_URL": True,
        "env NOT_SET": False,
        "file .env": False,
        "env TOKEN (.env)": True,
        "env OTHER (.env)": True,
        "file gone.env": False,
        "file shop.conf": True,
    }
    assert (found["env NOT_SET"], found["file gone.env"]) == ("unset", "missing")


def test_the_same_value_has_another_checksum_in_another_installation(tmp_path: Path) -> None:
    one, other = read(tmp_path, b"a key"), read(tmp_path, b"another key")
    differ = {name for name in one if one[name] != other[name]}
    assert differ == {name for name, checksum in one.items() if len(checksum) == 24}
    assert read(tmp_path, b"a key") == one


def test_nobody_sees_that_two_variables_have_the_same_value(tmp_path: Path) -> None:
    found = read(tmp_path)
    values = [found["env DATABASE_URL"], found["env TOKEN (.env)"], found["file shop.conf"]]
    assert len(set(values)) == 3


def test_each_database_makes_a_key_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "one", "two"):
        database = Database(tmp_path / name)
        keys.append(database.write_now(meta.checksum_key))
        database.close()
    assert keys[0] == keys[1] != keys[2]
    assert len(keys[0]) == 32


def test_what_can_not_be_read_is_said_in_a_word(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    found = Checksummer(b"a", {}).read(Checksums(files=["folder"]), tmp_path)
    assert found == {"file folder": "unreadable"}


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    wanted = Checksums(files=["pipe", "/dev/zero", ".", "a\0b"])
    found = Checksummer(b"a key", {}).read(wanted, tmp_path)
    assert set(found.values()) == {"unreadable"}


def test_a_variable_that_is_no_utf_8_has_a_checksum_too(tmp_path: Path) -> None:
    value = os.fsdecode(b"caf\xe9")
    found = Checksummer(b"a key", {"NAME": value}).read(Checksums(env=["NAME"]), tmp_path)
    assert len(found["env NAME"]) == 24


async def test_no_value_is_stored_anywhere(tmp_path: Path) -> None:
    env = {"DATABASE_URL": SECRET}
    async with world(tmp_path, terms=replace(TERMS, checksums=WANTED), env=env) as one:
        read(tmp_path)
        await one.pass_rounds(2)
        env["DATABASE_URL"] = f"{SECRET}/other"
        (tmp_path / ".env").write_text(f"TOKEN={SECRET}-new\n")
        taken = await one.pass_rounds(2)
        assert "env TOKEN (.env)" in taken.checksums
        told = [s for w in one.running.written for s in w.signals if hasattr(s, "summary")]
        assert sorted(s.summary for s in told) == [
            "variable DATABASE_URL was changed",
            "variable OTHER (.env) is unset",
            "variable TOKEN (.env) was changed",
        ]
    for file in (tmp_path / "state").iterdir():
        assert b"hunter2" not in file.read_bytes(), file
