"""The HTTP server: uvicorn on sockets that are handed to it, ending when it is told to."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from sentinel.web.protocol import Protocol

_DRAIN = 5


class Server(uvicorn.Server):
    """Leaves the process' signals to the daemon."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_DRAIN,
            backlog=1024,
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Finish what is under way, then return from `serve`."""
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Raises OSError with the address where it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"can't listen on {host}:{port}: {error.strerror}") from error
    return listener
