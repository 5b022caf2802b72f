"""Tells Sentinel of a Python application's errors and changes, by the standard library alone.

Nothing here blocks the application or raises into it, save `init` and `Client` for a URL that
can't be understood. See docs/client.md.
"""

from sentinel.client.asgi import SentinelASGIMiddleware
from sentinel.client.client import Client
from sentinel.client.default import change, close, current, flush, init, report
from sentinel.client.handler import SentinelHandler
from sentinel.client.scope import tenant_scope
from sentinel.client.tally import Stats
from sentinel.client.wsgi import SentinelWSGIMiddleware

__all__ = [
    "Client",
    "SentinelASGIMiddleware",
    "SentinelHandler",
    "SentinelWSGIMiddleware",
    "Stats",
    "change",
    "close",
    "current",
    "flush",
    "init",
    "report",
    "tenant_scope",
]
