"""A file system that a test can fill."""

import contextlib
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_CHUNK = bytes(65_536)


class SmallDisk:
    """In the memory, where the system lets us mount one, and skips the test where it does not."""

    def __init__(self, path: Path, size: str) -> None:
        self.path = path
        path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting a file system is not permitted here: {done.stderr.strip()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Lazily, since a test that failed may have left a file open there.
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def fill(self) -> None:
        """To the last byte, while others write there too."""
        with (
            (self.path / "ballast").open("wb", buffering=0) as file,
            contextlib.suppress(OSError),
        ):
            while file.write(_CHUNK):
                pass

    def free(self) -> None:
        (self.path / "ballast").unlink()
