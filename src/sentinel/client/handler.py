"""Log records as errors, and the records before them as breadcrumbs."""

import logging
from collections.abc import Mapping
from typing import Any

from sentinel.client.client import Client
from sentinel.client.default import current
from sentinel.client.scope import Crumb
from sentinel.client.source import short_path
from sentinel.client.tally import LOGGER_NAME
from sentinel.client.values import MESSAGE, cut, plain, text_of

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_FLAT = ("code", "tenant", "user", "url", "transaction")
_CRUMB = 512


class SentinelHandler(logging.Handler):
    """Reports records of `report_level` and above; lower ones it sees become breadcrumbs.

    `extra={"code": …, "tenant": …, "user": …, "url": …, "transaction": …, "tags": {…}}` of a
    log call sets these fields; everything else in `extra` travels along as data. Without
    `client` it uses the one that `sentinel.client.init` made.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        level: int | str = logging.INFO,
        report_level: int | str = logging.ERROR,
    ) -> None:
        super().__init__(level)
        self._client = client
        # The base class knows how to read a level given by name, as in a logging.config file.
        self._report_level = logging.Handler(report_level).level

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the handler's lock: threads that log errors need not wait for each other."""
        passes = bool(self.filter(record))
        if passes:
            self.emit(record)
        return passes

    def emit(self, record: logging.LogRecord) -> None:
        client = self._client or current()
        if client is None or record.name.startswith(LOGGER_NAME):
            return  # Records about the reporting itself would go in circles.
        if record.levelno < self._report_level:
            client.note(lambda: _crumb(record))
        else:
            exc = _exception(record)
            client.take(lambda: _fields(record, exc), exc, mechanism="logging")


def _crumb(record: logging.LogRecord) -> Crumb:
    return Crumb(record.created, record.name, _level(record.levelno), _text(record, _CRUMB))


def _fields(record: logging.LogRecord, exc: BaseException | None) -> dict[str, Any]:
    given = {key: value for key, value in record.__dict__.items() if key not in _OWN}
    fields = {key: given.pop(key, None) for key in _FLAT}
    tags = given.pop("tags", None)
    fields |= {
        "at": record.created,
        "level": _level(record.levelno),
        "message": _text(record, MESSAGE),
        "logentry": _template(record),
        "tags": {"logger": record.name, **(tags if isinstance(tags, Mapping) else {})},
        "extra": given,
    }
    if exc is None or exc.__traceback__ is None:
        fields |= _location(record)
    return fields


def _exception(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if isinstance(record.exc_info, tuple) else None


def _text(record: logging.LogRecord, most: int) -> str:
    try:
        return cut(record.getMessage(), most)
    except Exception:  # noqa: BLE001 - arguments that do not fit the template, or their __str__
        return text_of(record.msg, most)


def _template(record: logging.LogRecord) -> dict[str, Any] | None:
    """What groups the record whatever its arguments are, in the shape of Sentry's logentry."""
    if not record.args:
        return None
    args = record.args
    params = plain(dict(args) if isinstance(args, Mapping) else list(args))
    return {"message": text_of(record.msg, MESSAGE), "params": params}


def _location(record: logging.LogRecord) -> dict[str, Any]:
    return {
        "file": short_path(record.pathname, record.module),
        "line": record.lineno,
        "function": record.funcName,
    }


def _level(number: int) -> str:
    for bound, name in ((50, "fatal"), (40, "error"), (30, "warning"), (20, "info")):
        if number >= bound:
            return name
    return "debug"
