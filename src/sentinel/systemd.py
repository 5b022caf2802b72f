"""The service manager's side of a daemon: readiness, watchdog and inherited sockets.

See sd_notify(3) and sd_listen_fds(3). Each function does nothing where systemd is not there.
"""

import os
import socket
import stat
import time
from typing import Final

FIRST_FD: Final = 3


def notify(**state: str | int) -> bool:
    """Send one datagram of assignments, such as `notify(READY=1, STATUS="Serving")`.

    Returns whether it was taken. A manager that went away is no reason to fail.
    """
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    text = "\n".join(f"{name}={_one_line(value)}" for name, value in state.items())
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
            manager.sendto(text.encode(), address)
    except OSError:
        return False
    return True


def ready(status: str) -> bool:
    """After a start and after a reload."""
    return notify(READY=1, STATUS=status)


def reloading() -> bool:
    """Must be followed by `ready`, whether or not the new configuration was taken."""
    microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notify(RELOADING=1, MONOTONIC_USEC=microseconds)


def stopping(status: str) -> bool:
    return notify(STOPPING=1, STATUS=status)


def alive() -> bool:
    """Feed the watchdog."""
    return notify(WATCHDOG=1)


def watchdog_interval() -> float | None:
    """Seconds between two calls of `alive`: half of what is allowed. None without a watchdog."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2e6 if microseconds.isdecimal() and int(microseconds) else None


def listen_fds() -> dict[str, socket.socket]:
    """The listening sockets that systemd opened for this process, by `FileDescriptorName`.

    The variables are removed, so that a child process does not take the sockets for its own.
    """
    for_us = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    count = os.environ.pop("LISTEN_FDS", "")
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    if not for_us or not count.isdecimal():
        return {}
    sockets: dict[str, socket.socket] = {}
    for index in range(int(count)):
        descriptor = FIRST_FD + index
        os.set_inheritable(descriptor, False)
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            continue
        name = names[index] if index < len(names) and names[index] else "unknown"
        sockets[name if name not in sockets else f"{name}.{index}"] = socket.socket(
            fileno=descriptor
        )
    return sockets


def _one_line(value: str | int) -> str:
    """A line break would start another assignment."""
    return " ".join(str(value).split())
