"""A Sentinel of its own for a benchmark: a real process on a free port of the loopback, its state
in a temporary directory on the disk, ended at the end."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")
_LONGEST_START = 60.0
_LONGEST_STOP = 60.0


class Daemon:
    """`started` is the time from the start of the process to the first 200 of /readyz."""

    def __init__(self, folder: Path, *, config: dict[str, Any], rules: dict[str, Any]) -> None:
        self._folder = folder
        self._config = folder / "sentinel.yaml"
        # JSON is YAML.
        self._config.write_bytes(msgspec.json.encode(config))
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "bench.yaml").write_bytes(msgspec.json.encode(rules))
        self.state_dir = folder / "state"
        self.port = free_port()
        self.started = 0.0

    def __enter__(self) -> Self:
        begun = time.monotonic()
        with open(self._folder / "log", "a") as log:
            self._process = subprocess.Popen(
                [*_SENTINEL, "run", "--config", str(self._config), *self._state, *self._listen],
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_ready(begun + _LONGEST_START)
        except BaseException:
            self.__exit__()
            raise
        self.started = time.monotonic() - begun
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_LONGEST_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def key(self, project: str = "bench") -> str:
        """The project's key, as `sentinel dsn` gives it."""
        command = [*_SENTINEL, "dsn", project, *self._state, "--url", "http://127.0.0.1"]
        dsn = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = re.search(r"//(\w+)@", dsn)
        assert found is not None, dsn
        return found[1]

    def cpu(self) -> float:
        """Seconds of CPU of all its threads, in user and in kernel mode, so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> tuple[float, float]:
        """Resident now and at the most, in MB of 10**6 bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        most, now = re.findall(r"(?:VmHWM|VmRSS):\s+(\d+) kB", status)
        return int(now) * 1024 / 1e6, int(most) * 1024 / 1e6

    def number_of(self, query: str) -> int:
        """The number that a query of its database gives."""
        path = self.state_dir / "sentinel.db"
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
            return int(conn.execute(query).fetchone()[0])

    @property
    def _state(self) -> list[str]:
        return ["--state-dir", str(self.state_dir)]

    @property
    def _listen(self) -> list[str]:
        return ["--listen", f"127.0.0.1:{self.port}"]

    def _wait_until_ready(self, deadline: float) -> None:
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5).close()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.005)
            else:
                return
        raise RuntimeError(f"the daemon did not start:\n{(self._folder / 'log').read_text()}")


_SENTINEL = [str(Path(sys.executable).with_name("sentinel"))]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """For the state: on a disk, since what a commit costs depends on it; /tmp may be memory."""
    with tempfile.TemporaryDirectory(prefix="sentinel-bench-", dir="/var/tmp") as path:
        yield Path(path)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
