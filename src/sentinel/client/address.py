"""Where the server is and which key opens it, from a URL and a key or from a DSN."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

_EXPECTED = (
    "http://KEY@host:8420/PROJECT as printed by `sentinel dsn`, or http://host:8420 with a key"
)
_ENDPOINT = "/api/v1/errors"


@dataclass(frozen=True, slots=True)
class Address:
    """`prefix` is that of a reverse proxy, if there is one, and stands before every path."""

    tls: bool
    host: str
    port: int
    prefix: str
    endpoint: str
    key: str = field(repr=False)

    @property
    def path(self) -> str:
        return self.prefix + self.endpoint

    @property
    def url(self) -> str:
        """The endpoint without the key: fit for a log."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"


def parse_address(url: str, key: str | None = None, endpoint: str = _ENDPOINT) -> Address:
    """`url` is the server's base URL when `key` is given, else a DSN that carries the key.

    Raises ValueError; its text never holds the key.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except (ValueError, AttributeError) as problem:
        raise ValueError(f"found a URL that can't be read, expected {_EXPECTED}") from problem
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"found a URL without http(s) scheme or host, expected {_EXPECTED}")
    path = parts.path.rstrip("/")
    if parts.username:
        path, _, project = path.rpartition("/")
        if not project:
            raise ValueError(f"found a DSN without a project at its end, expected {_EXPECTED}")
    return Address(
        tls=parts.scheme == "https",
        host=parts.hostname,
        port=port or (443 if parts.scheme == "https" else 80),
        prefix=_safe(path, "path"),
        endpoint=endpoint,
        key=_safe(key or parts.username or "", "key", empty=False),
    )


def _safe(text: str, what: str, empty: bool = True) -> str:
    """Both go into the head of a request: nothing in them may end a line."""
    if not text and not empty:
        raise ValueError(f"found a URL without a {what}, expected {_EXPECTED}")
    if not all("!" <= character <= "~" for character in text):
        raise ValueError(f"found a {what} with spaces or control characters, expected {_EXPECTED}")
    return text
