"""One keep-alive connection of an application to the daemon."""

import http.client
import json
import socket
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The stable word of a refusal."""
        return str(json.loads(self.body)["error"]["id"])


class Connection:
    """Opens itself when it is used, and again after it was broken."""

    def __init__(self, dsn: str, seconds: float = 20.0) -> None:
        parts = urlsplit(dsn)
        assert parts.hostname is not None
        assert parts.username is not None
        self.key = parts.username
        self.project = parts.path.lstrip("/")
        self._http = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """Raises OSError or HTTPException where no whole answer came; the connection is closed
        then."""
        try:
            self._http.request("POST", path, body, dict(headers or {}))
            response = self._http.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def send_events(self, *events: Mapping[str, Any]) -> Reply:
        """As a Sentry SDK does."""
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": f"Sentry sentry_key={self.key}, sentry_version=7",
        }
        return self.post(f"/api/{self.project}/envelope/", envelope(*events), headers)

    def send_reports(self, *reports: Mapping[str, Any]) -> Reply:
        """As a script does."""
        body = json.dumps({"errors": reports}).encode()
        return self.post("/api/v1/errors", body, {"X-Sentinel-Key": self.key})

    def close(self) -> None:
        self._http.close()

    def interrupt(self) -> None:
        """To be called by another thread: whoever waits for an answer gets an OSError."""
        if self._http.sock is not None:
            with suppress(OSError):
                self._http.sock.shutdown(socket.SHUT_RDWR)


def send_once(dsn: str, *events: Mapping[str, Any]) -> Reply:
    with closing(Connection(dsn)) as connection:
        return connection.send_events(*events)


def envelope(*events: Mapping[str, Any]) -> bytes:
    lines = [json.dumps({"event_id": events[0]["event_id"]}).encode()]
    for one in events:
        body = json.dumps(one).encode()
        lines += [json.dumps({"type": "event", "length": len(body)}).encode(), body]
    return b"\n".join(lines) + b"\n"


def event(code: str, message: str = "it failed", **more: Any) -> dict[str, Any]:
    """An event of a Sentry SDK with an exception that has a cause."""
    return {
        "event_id": uuid4().hex,
        "platform": "python",
        "level": "error",
        "tags": {"code": code},
        "exception": {
            "values": [
                _raised("ConnectionError", "refused", "shop/net.py", "connect", 12),
                _raised("OrderFailed", message, "shop/orders.py", "place", 40),
            ]
        },
        **more,
    }


def report(code: str, message: str = "it failed", **more: Any) -> dict[str, Any]:
    """An error as plain JSON."""
    return {"id": uuid4().hex, "code": code, "message": message, **more}


def _raised(kind: str, text: str, file: str, function: str, line: int) -> dict[str, Any]:
    frame = {"filename": file, "function": function, "lineno": line, "in_app": True}
    return {"type": kind, "value": text, "stacktrace": {"frames": [frame]}}
