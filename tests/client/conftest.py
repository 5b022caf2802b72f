"""A small real server that speaks Sentinel's error endpoint, well and badly."""

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sentinel.client import Client
from sentinel.client.pause import Pause
from sentinel.clock import SystemClock

PATIENCE = 10.0
KEY = "0123456789abcdef0123456789abcdef"


class Collector:
    """`script` holds what the next requests are answered with; then, and by default, 200.

    A script entry is a status with headers, or "hang" or "drop". `poison` says which errors
    make the server refuse a whole request with 400.
    """

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str]] | str] = []
        self.poison: Callable[[dict[str, Any]], bool] = lambda error: False
        self.requests: list[tuple[str, dict[str, str], list[dict[str, Any]]]] = []
        self.accepted: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self.released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        return f"http://{KEY}@127.0.0.1:{self.port}/shop"

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def stop(self) -> None:
        """Goes away: connections are refused until `start`."""
        self.released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The accepted errors, once there are at least `count`."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.accepted) >= count, PATIENCE), (
                f"{len(self.accepted)} of {count} errors arrived"
            )
            return list(self.accepted)

    def wait_for_changes(self, count: int) -> list[dict[str, Any]]:
        """The accepted changes, once there are at least `count`."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.changes) >= count, PATIENCE)
            return list(self.changes)

    def wait_for_requests(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count, PATIENCE)

    def take(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Any:
        [(kind, errors)] = body.items()
        assert path.endswith(f"/api/v1/{kind}")
        with self.changed:
            self.requests.append((path, headers, errors))
            self.changed.notify_all()
            answer = self.script.pop(0) if self.script else (200, {})
            if answer == (200, {}) and any(self.poison(error) for error in errors):
                answer = (400, {})
            if answer == (200, {}):
                (self.changes if kind == "changes" else self.accepted).extend(errors)
            return answer


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                told = json.loads(gzip.decompress(body))
            except OSError:
                self.send_error(400)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = collector.take(self.path, headers, told)
            if answer == "hang":
                collector.released.wait(PATIENCE)
            if isinstance(answer, str):
                self.close_connection = True
                return
            status, extra = answer
            text = b"{}" if status == 200 else b'{"error": "no"}'
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.stop()


@pytest.fixture
def make_client(collector: Collector) -> Iterator[Callable[..., Client]]:
    """Clients that are quick to send and to retry."""
    clients: list[Client] = []

    def make(**options: Any) -> Client:
        quick: dict[str, Any] = {
            "linger": 0.02,
            "timeout": 5.0,
            "pause": Pause(SystemClock(), first=0.02, longest=0.1),
        }
        client = Client(collector.dsn, **(quick | options))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close(0.1)


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client()


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a script in a process of its own, as an application would be."""

    def run(script: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = [sys.executable, "-c", script, *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    return run


@pytest.fixture
def stopwatch() -> Callable[[], float]:
    """Seconds since the start of the test."""
    start = time.monotonic()
    return lambda: time.monotonic() - start
