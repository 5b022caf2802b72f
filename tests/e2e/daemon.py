"""A real daemon in a process of its own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.e2e.polling import until

SENTINEL = str(Path(sys.executable).with_name("sentinel"))
# What systemd does: the listening socket becomes descriptor 3 of the very process that serves.
_AS_SYSTEMD = """
import os, sys
fd = int(sys.argv[1])
os.dup2(fd, 3)
if fd != 3:
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""
_FOREIGN = ("SENTINEL_", "LISTEN_", "NOTIFY_SOCKET", "WATCHDOG_", "STATE_DIRECTORY")


def clean_environment() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}


def sentinel(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [SENTINEL, *map(str, args)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Daemon:
    """`sentinel run` on one state folder, started as often as a test wants.

    The test holds the listening socket and hands it over as systemd does: so the port stays the
    same over restarts, and nobody else can have it meanwhile.
    """

    def __init__(self, config: Path, state_dir: Path, log: Path) -> None:
        self.config = config
        self.state_dir = state_dir
        self.log = log
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._dsns: dict[str, str] = {}

    def start(self, *, wait: bool = True) -> None:
        """Returns once it is ready, or at once without `wait`."""
        run = [SENTINEL, "run", "--config", str(self.config), "--state-dir", str(self.state_dir)]
        fd = self.listener.fileno()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-ISc", _AS_SYSTEMD, str(fd), *run],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[fd],
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        until(self._is_ready, f"the daemon is ready; its log:\n{self.tail()}", 45)

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def ended(self) -> int:
        """The exit status of one that must end by itself."""
        return self.running.wait(30)

    def stop(self, seconds: float = 30.0) -> int:
        """As systemd stops it. Returns the exit status."""
        self.running.terminate()
        return self.running.wait(seconds)

    def kill(self) -> None:
        self.running.kill()
        self.running.wait(10)

    def close(self) -> None:
        """Leaves nothing behind, whatever the test did."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.listener.close()

    def reload(self) -> None:
        self.running.send_signal(signal.SIGHUP)

    def dsn(self, project: str = "shop") -> str:
        if project not in self._dsns:
            done = sentinel("dsn", project, "--state-dir", self.state_dir, "--url", self.url)
            assert done.returncode == 0, done.stderr
            self._dsns[project] = done.stdout.strip()
        return self._dsns[project]

    def listed(self, *command: str) -> Any:
        """What a command prints with `--json`."""
        where: list[str | Path] = ["--state-dir", self.state_dir, "--json"]
        if command[0] == "report":
            where += ["--config", self.config]
        done = sentinel(*command, *where)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of the database, read beside the daemon."""
        address = f"{(self.state_dir / 'sentinel.db').as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as conn:
            return conn.execute(query, values).fetchall()

    def get(self, path: str, seconds: float = 10.0) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=seconds) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def log_lines(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.log_lines() if line["event"] == event]

    def _is_ready(self) -> bool:
        if self.running.poll() is not None:
            raise AssertionError(f"it ended with {self.running.returncode}:\n{self.tail()}")
        try:
            return self.get("/readyz", 0.5)[0] == 200
        except OSError:
            return False
