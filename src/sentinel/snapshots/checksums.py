"""Checksums of the environment and of files: enough to see that something changed, and of no use
to whoever wants to know what it is."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

from sentinel.config.schema_snapshots import Checksums
from sentinel.snapshots.compare.context import ENVIRONMENT, FILE, READ, UNSET

_LARGEST = 16_000_000
_MOST_NAMES = 500
_MISSING, _UNREADABLE, _TOO_LARGE = "missing", "unreadable", "too large"


class Checksummer:
    """`key` is the installation's own: the same value gives another checksum elsewhere. Without
    it nobody can try values until one fits."""

    def __init__(self, key: bytes, env: Mapping[str, str]) -> None:
        self._key = key
        self._env = env

    def read(self, wanted: Checksums, folder: Path) -> dict[str, str]:
        """By what they are of; a word where there is nothing to be read. Reads files, so it is
        for a thread; relative paths begin at the folder."""
        found = {
            f"{ENVIRONMENT}{name}": (
                self._of(name, os.fsencode(self._env[name])) if name in self._env else UNSET
            )
            for name in wanted.env
        }
        for path in wanted.env_files:
            found.update(self._variables(path, _content(folder / path)))
        for path in wanted.files:
            content = _content(folder / path)
            found[f"{FILE}{path}"] = content if isinstance(content, str) else self._of("", content)
        return found

    def _variables(self, path: str, content: bytes | str) -> Iterator[tuple[str, str]]:
        if isinstance(content, str):
            yield f"{FILE}{path}", content
            return
        # Stands for the file, so that a variable that comes or goes is seen to do so.
        yield f"{FILE}{path}", READ
        for name, value in _assignments(content.decode("utf-8", "replace").splitlines()):
            yield f"{ENVIRONMENT}{name} ({path})", self._of(name, value.encode())

    def _of(self, name: str, value: bytes) -> str:
        # With its name, so that nobody sees that two variables have the same value.
        data = name.encode() + b"\0" + value
        return blake2b(data, key=self._key, digest_size=12, person=b"checksum").hexdigest()


def _content(path: Path) -> bytes | str:
    """A word where there is none to be read."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return _UNREADABLE  # A pipe would be waited for, and a device never ends.
        return path.read_bytes() if found.st_size <= _LARGEST else _TOO_LARGE
    except FileNotFoundError:
        return _MISSING
    except (OSError, ValueError):  # A path with a zero byte is a ValueError.
        return _UNREADABLE


def _assignments(lines: Iterable[str]) -> list[tuple[str, str]]:
    found = []
    for line in lines:
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        name = name.strip()
        if sign and name.isidentifier():
            found.append((name, value.strip()))
    return found[:_MOST_NAMES]
