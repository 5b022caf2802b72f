import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel import systemd


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listener


def test_readiness_carries_the_status(manager: socket.socket) -> None:
    assert systemd.ready("Serving on port 8420")
    assert manager.recv(4096) == b"READY=1\nSTATUS=Serving on port 8420"


def test_a_status_with_line_breaks_cannot_smuggle_in_another_assignment(
    manager: socket.socket,
) -> None:
    systemd.stopping("draining\nMAINPID=1")
    assert manager.recv(4096) == b"STOPPING=1\nSTATUS=draining MAINPID=1"


def test_a_reload_is_stamped_with_the_monotonic_clock_in_microseconds(
    manager: socket.socket,
) -> None:
    before = time.monotonic_ns() // 1000
    systemd.reloading()
    first, second = manager.recv(4096).decode().split("\n")
    name, stamp = second.split("=")
    assert (first, name) == ("RELOADING=1", "MONOTONIC_USEC")
    assert before <= int(stamp) <= time.monotonic_ns() // 1000


def test_the_watchdog_is_fed(manager: socket.socket) -> None:
    systemd.alive()
    assert manager.recv(4096) == b"WATCHDOG=1"


def test_an_abstract_socket_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"sentinel-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        systemd.alive()
        assert listener.recv(4096) == b"WATCHDOG=1"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert systemd.ready("Serving") is False


def test_a_manager_that_went_away_does_not_stop_the_daemon(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert systemd.ready("Serving") is False


@pytest.mark.parametrize(
    ("microseconds", "pid", "expected"),
    [
        ("30000000", "own", 15.0),
        ("30000000", None, 15.0),
        ("30000000", "1", None),
        ("0", None, None),
        ("soon", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_must(
    monkeypatch: pytest.MonkeyPatch,
    microseconds: str | None,
    pid: str | None,
    expected: float | None,
) -> None:
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", pid)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value.replace("own", str(os.getpid())))
    assert systemd.watchdog_interval() == expected


CHILD = """
import os
os.environ.update(LISTEN_PID={pid}, LISTEN_FDS="2", LISTEN_FDNAMES="http:")
os.dup2({fd}, 3)
os.dup2({fd}, 4)
from sentinel import systemd
for name, listener in systemd.listen_fds().items():
    print(name, listener.getsockname()[1], listener.get_inheritable())
print([name for name in os.environ if name.startswith("LISTEN_")])
"""


def _child(pid: str, listener: socket.socket) -> list[str]:
    listener.set_inheritable(True)
    code = CHILD.format(pid=pid, fd=listener.fileno())
    run = [sys.executable, "-c", code]
    return subprocess.run(
        run, pass_fds=[listener.fileno()], check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_sockets_that_systemd_opened_are_taken_over_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert _child("str(os.getpid())", listener) == [
            f"http {port} False",
            f"unknown {port} False",
            "[]",
        ]


def test_sockets_meant_for_another_process_are_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert _child("'1'", listener) == ["[]"]
