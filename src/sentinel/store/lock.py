"""One daemon for one state folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sentinel.errors import StoreError


@contextmanager
def locked(state_dir: Path) -> Iterator[None]:
    """Raises StoreError if another process holds it. The system frees it when we die."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        file = (state_dir / "lock").open("w")
    except OSError as error:
        raise StoreError(f"can't use the state folder {state_dir}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"another Sentinel is running on {state_dir}: stop it first, or give this "
                "one a --state-dir of its own"
            ) from error
        except OSError as error:
            raise StoreError(f"can't lock {file.name}: {error.strerror}") from error
        yield


def is_held(state_dir: Path) -> bool:
    """Whether a daemon runs on this folder now."""
    try:
        file = (state_dir / "lock").open("r+")
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"can't use the state folder {state_dir}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
