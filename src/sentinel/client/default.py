"""The one client that most applications need, behind module-level functions."""

import os
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from sentinel.client.client import EXIT_TIMEOUT, Client
from sentinel.client.tally import logger

ENVIRONMENT_VARIABLE = "SENTINEL_DSN"
_client: Client | None = None


class About(TypedDict, total=False):
    """What `report` may be told beside the error; see `Client.report`."""

    code: str | None
    tenant: str | None
    level: str
    tags: Mapping[str, str] | None
    user: str | None
    url: str | None
    transaction: str | None
    extra: Mapping[str, Any] | None


class AboutChange(TypedDict, total=False):
    """What `change` may be told beside its kind and summary; see `Client.change`."""

    service: str | None
    component: str | None
    release: str | None
    environment: str | None
    tenant: str | None
    author: str | None
    url: str | None
    tags: Mapping[str, str] | None


def init(url: str | None = None, key: str | None = None, **options: Any) -> Client | None:
    """Makes the client that `report`, the handler and the middleware use.

    `url` defaults to the environment variable SENTINEL_DSN. With neither, nothing is reported
    and everything else here still works, so that an application runs unchanged on a developer's
    machine. Options are those of `Client`. Raises ValueError for a URL that can't be understood.
    """
    global _client
    close()
    url = url or os.environ.get(ENVIRONMENT_VARIABLE)
    if not url:
        logger.info("no URL given and %s not set: errors are not reported", ENVIRONMENT_VARIABLE)
        return None
    _client = Client(url, key, **options)
    return _client


def current() -> Client | None:
    """The client that `init` made."""
    return _client


def report(error: BaseException | str, **about: Unpack[About]) -> str | None:
    """`Client.report` of the client that `init` made; None without one."""
    return _client.report(error, **about) if _client is not None else None


def change(kind: str, summary: str | None = None, **about: Unpack[AboutChange]) -> str | None:
    """`Client.change` of the client that `init` made; None without one."""
    return _client.change(kind, summary, **about) if _client is not None else None


def flush(timeout: float = EXIT_TIMEOUT) -> bool:
    """`Client.flush` of the client that `init` made; True without one."""
    return _client.flush(timeout) if _client is not None else True


def close(timeout: float = EXIT_TIMEOUT) -> None:
    """Ends the client that `init` made; `init` may be called again."""
    global _client
    if _client is not None:
        _client.close(timeout)
        _client = None
