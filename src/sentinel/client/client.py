"""The object that an application holds: takes errors at once, never blocks, never raises."""

import atexit
import hashlib
import os
import socket
import ssl
import sys
import threading
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from sentinel.client.address import Address, parse_address
from sentinel.client.backlog import Backlog
from sentinel.client.exceptions import chain_of
from sentinel.client.pause import Pause
from sentinel.client.reports import Report
from sentinel.client.scope import Crumb, Scope, current_scope
from sentinel.client.source import short_path
from sentinel.client.spool import Spool
from sentinel.client.tally import Stats, Tally
from sentinel.client.transport import Transport
from sentinel.client.values import MESSAGE, plain, tags_of, text_of
from sentinel.client.worker import Worker
from sentinel.clock import Clock, SystemClock

EXIT_TIMEOUT = 2.0
SAME_EVENT = 2.0
LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "critical": "fatal",
    "fatal": "fatal",
}
T = TypeVar("T")
_MARK = "__sentinel_reported__"
_clients: "weakref.WeakSet[Client]" = weakref.WeakSet()


class Client:
    """Reports the errors of one process to one Sentinel project.

    `url` is a DSN as printed by `sentinel dsn`, or the server's base URL together with `key`.
    With `spool_dir`, errors that can't be sent wait on disk (at most `spool_bytes`) and are
    sent by the next process too; without it they wait in memory. `linger` and `timeout` are
    in seconds. Raises ValueError for a URL that can't be understood, and never again after.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        tenant: str | None = None,
        environment: str | None = None,
        release: str | None = None,
        service: str | None = None,
        host: str | None = None,
        tags: Mapping[str, str] | None = None,
        spool_dir: str | os.PathLike[str] | None = None,
        spool_bytes: int = 20_000_000,
        queue_size: int = 1000,
        batch_size: int = 100,
        linger: float = 1.0,
        timeout: float = 5.0,
        breadcrumbs: int = 50,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        pause: Pause | None = None,
    ) -> None:
        address = parse_address(url, key)
        self._clock = clock or SystemClock()
        self._defaults = {
            "environment": environment,
            "release": release,
            "service": service,
            "host": host or socket.gethostname(),
            "platform": "python",
        }
        self._tenant = tenant
        self._tags = tags_of(tags)
        self._most_crumbs = breadcrumbs
        self._crumbs: deque[Crumb] = deque(maxlen=breadcrumbs)
        self._busy = threading.local()
        self._tally = Tally(self._clock)
        spool = _spool(address, spool_dir, spool_bytes, self._clock) if spool_dir else None
        self._backlog = Backlog(spool, self._tally.lost)
        self._worker = Worker(
            Transport(address, self._clock, timeout, tls),
            self._backlog,
            self._tally,
            pause or Pause(self._clock),
            queue_size=queue_size,
            batch_size=batch_size,
            linger=linger,
        )
        _clients.add(self)
        atexit.register(self.close)
        if self._backlog:
            self._worker.start()

    def report(
        self,
        error: BaseException | str,
        *,
        code: str | None = None,
        tenant: str | None = None,
        level: str = "error",
        tags: Mapping[str, str] | None = None,
        user: str | None = None,
        url: str | None = None,
        transaction: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str | None:
        """Gives the error's id, to show to a user; None if it was not taken.

        Not taken are errors past a full queue, and an exception that was reported already on
        its way up.
        """
        exc = error if isinstance(error, BaseException) else None

        def describe() -> dict[str, Any]:
            return {
                "code": None if code is None else text_of(code, 200),
                "level": LEVELS.get(level, "error"),
                "tenant": tenant,
                "user": user,
                "url": url,
                "transaction": transaction,
                "tags": tags,
                "extra": extra,
                **({"message": text_of(error, MESSAGE)} if exc is None else {}),
                **(_caller() if exc is None or exc.__traceback__ is None else {}),
            }

        return self.take(describe, exc, mechanism="report")

    def change(
        self,
        kind: str,
        summary: str | None = None,
        *,
        service: str | None = None,
        component: str | None = None,
        release: str | None = None,
        environment: str | None = None,
        tenant: str | None = None,
        author: str | None = None,
        url: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str | None:
        """Tells of a deploy, a flag, a migration or another change; `kind` is a word for it.

        Service and environment, and of a deploy the release, are the client's own where they are
        not given. Gives the change's id; None if it was not taken.
        """
        if release is None and kind == "deploy":
            release = self._defaults["release"]
        fields = {
            "kind": kind,
            "summary": summary,
            "service": service or self._defaults["service"],
            "component": component,
            "release": release,
            "environment": environment or self._defaults["environment"],
            "tenant": tenant,
            "author": author,
            "url": url,
        }
        return self._safely(lambda: self._take_change(fields, tags))

    def take(
        self,
        describe: Callable[[], dict[str, Any]],
        exc: BaseException | None,
        *,
        mechanism: str,
        handled: bool = True,
    ) -> str | None:
        """For integrations; gives what `report` gives.

        `describe` gives fields of `sentinel.model.signal.Error`, beside `extra` and `logentry`.
        It is called only when the error is taken, and may raise.
        """
        return self._safely(lambda: self._take(describe, exc, mechanism, handled))

    def note(self, describe: Callable[[], Crumb]) -> None:
        """Keeps a breadcrumb for the errors that follow in this request or this process."""
        self._safely(lambda: self._note(describe()))

    def new_crumbs(self) -> "deque[Crumb]":
        """Breadcrumbs of one request."""
        return deque(maxlen=self._most_crumbs)

    def flush(self, timeout: float = EXIT_TIMEOUT) -> bool:
        """Waits until all that was reported before is delivered, on disk, or given up.

        False if that took longer than `timeout` seconds.
        """
        return self._worker.flush(timeout)

    def close(self, timeout: float = EXIT_TIMEOUT) -> None:
        """Sends what it can in `timeout` seconds and ends. Called at exit by itself."""
        atexit.unregister(self.close)
        self._worker.close(timeout)

    def stats(self) -> Stats:
        return Stats(self._tally.sent, self._tally.dropped, self._worker.queued)

    def _safely(self, step: Callable[[], T]) -> T | None:
        """Whatever goes wrong in here must not become an error of the application.

        An error about our own work is passed over: reporting it would go in circles.
        """
        if getattr(self._busy, "now", False) or self._worker.is_current_thread():
            return None
        self._busy.now = True
        try:
            return step()
        except Exception as problem:  # noqa: BLE001 - the application's code may be behind it
            self._tally.lost(1, f"a report can't be made: {type(problem).__name__}")
            return None
        finally:
            self._busy.now = False

    def _take(
        self,
        describe: Callable[[], dict[str, Any]],
        exc: BaseException | None,
        mechanism: str,
        handled: bool,
    ) -> str | None:
        if self._has_room() and not (exc is not None and self._seen(exc)):
            return self._put(self._compose(describe(), exc, mechanism, handled))
        return None

    def _take_change(self, given: Mapping[str, Any], tags: Mapping[str, str] | None) -> str | None:
        if not self._has_room():
            return None
        fields: dict[str, Any] = {k: text_of(v) for k, v in given.items() if v is not None}
        fields |= {"id": uuid.uuid4().hex, "at": self._clock.now(), "tags": tags_of(tags)}
        return self._put(Report(fields, kind="changes"))

    def _has_room(self) -> bool:
        if self._worker.closed:
            return False
        if self._worker.full:
            self._tally.lost(1, "the queue was full")
            return False
        return True

    def _put(self, report: Report) -> str:
        self._worker.put(report)
        return str(report.fields["id"])

    def _note(self, crumb: Crumb) -> None:
        crumbs = current_scope().crumbs
        (self._crumbs if crumbs is None else crumbs).append(crumb)

    def _compose(
        self, fields: dict[str, Any], exc: BaseException | None, mechanism: str, handled: bool
    ) -> Report:
        scope = current_scope()
        _inherit(fields, scope, self._tenant)
        fields |= self._defaults
        fields["id"] = uuid.uuid4().hex
        fields.setdefault("at", self._clock.now())
        fields.setdefault("level", "error")
        fields["handled"] = handled
        fields["tags"] = tags_of(self._tags, scope.tags, fields.get("tags")) or None
        extra = fields.get("extra")
        fields["extra"] = plain(dict(extra)) if extra else None
        crumbs = list(self._crumbs if scope.crumbs is None else scope.crumbs)
        if exc is None:
            return Report(fields, [], crumbs)
        chain = chain_of(exc, mechanism, handled)
        fields["type"] = chain[-1].type
        fields.setdefault("message", chain[-1].value)
        return Report(fields, chain, crumbs)

    def _seen(self, exc: BaseException) -> bool:
        """Whether this exception was reported a moment ago, further down on its way up.

        Bounded in time, because some libraries raise one instance again and again.
        """
        now = self._clock.monotonic()
        marks: dict[int, float] = exc.__dict__.setdefault(_MARK, {})
        if now - marks.get(id(self), float("-inf")) < SAME_EVENT:
            return True
        marks[id(self)] = now
        return False

    def _after_fork(self) -> None:
        self._busy = threading.local()
        self._tally.renew()
        self._backlog.renew()
        self._worker.renew()


def _inherit(fields: dict[str, Any], scope: Scope, tenant: str | None) -> None:
    """What the call did not say, its scope, its request or the client does."""
    request = scope.request
    if not fields.get("tenant"):
        fields["tenant"] = scope.tenant or (request.tenant() if request else None) or tenant
    if not fields.get("user"):
        fields["user"] = scope.user
    if request is not None:
        fields["url"] = fields.get("url") or request.url()
        fields["transaction"] = fields.get("transaction") or request.transaction()
    for name in ("tenant", "user", "url", "transaction"):
        value = fields.get(name)
        if value is not None:
            fields[name] = text_of(value)


def _spool(
    address: Address, folder: str | os.PathLike[str], most_bytes: int, clock: Clock
) -> Spool:
    """Clients of other projects or servers may share the folder: each gets a part of its own."""
    own = hashlib.sha256(f"{address.url} {address.key}".encode()).hexdigest()[:16]
    return Spool(Path(folder) / own, most_bytes, clock)


def _caller() -> dict[str, Any]:
    """File, line and function outside this package that reported a message."""
    frame: FrameType | None = sys._getframe(1)
    while frame and str(frame.f_globals.get("__name__")).startswith("sentinel.client"):
        frame = frame.f_back
    if frame is None:
        return {}
    code = frame.f_code
    module = frame.f_globals.get("__name__") or ""
    return {
        "file": short_path(code.co_filename, module),
        "line": frame.f_lineno,
        "function": code.co_qualname,
    }


def _after_fork_in_child() -> None:
    for client in list(_clients):
        client._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
