"""What is told about a web request: its method, path and the names of its query parameters."""

from collections.abc import Callable
from typing import TypeVar

from sentinel.client.values import cut, text_of

_Raw = TypeVar("_Raw")
_URL = 2000


def address(scheme: str, host: str, path: str, query: str) -> str:
    """The URL with the query's names and none of its values, which may be personal or secret."""
    names = [part.partition("=")[0] for part in query.split("&") if part]
    shown = "?" + "&".join(f"{cut(name, 64)}=" for name in names[:50]) if names else ""
    return cut(f"{scheme}://{host}{path}{shown}", _URL)


def tenant_of(tenant_from: Callable[[_Raw], str | None] | None, raw: _Raw) -> str | None:
    if tenant_from is None:
        return None
    try:
        tenant = tenant_from(raw)
    except Exception:  # noqa: BLE001 - finding the tenant must not break the request
        return None
    return None if tenant is None else text_of(tenant, 200)
