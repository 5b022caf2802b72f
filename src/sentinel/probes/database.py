"""What the probes of databases share: where the database is, how a look goes, what it gives.

All of them call the same thing by the same name: db.connect.latency, db.connections,
db.connections.percent, db.replication.lag, db.cache_hit_ratio. What only counts up on the server,
such as deadlocks, is given as the number since the last look, so that the sum over a window is what
happened in that window.
"""

import asyncio
import socket
import ssl
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Annotated, ClassVar, TypeVar

from msgspec import Meta, Struct
from yarl import URL

from sentinel.api import (
    Duration,
    Metric,
    Params,
    Probe,
    Secret,
    Signal,
    Status,
    duration,
    redacted,
)

LONGEST_REASON = 300
DRIVERS = {
    "mysql": "aiomysql",
    "postgres": "asyncpg",
    "postgresql": "asyncpg",
    "redis": "redis",
    "rediss": "redis",
    "unix": "redis",
}
"""The package that speaks with a database of this scheme."""
EXTRAS = {"aiomysql": "mysql", "asyncpg": "postgresql", "redis": "redis"}


class DatabaseAddress(Params, frozen=True):
    """Refused, when the configuration is loaded, where the package is missing that speaks with
    this database."""

    schemes: ClassVar[tuple[str, ...]]

    url: Annotated[
        str,
        Meta(
            description="`SCHEME://USER@HOST:PORT/DATABASE`, or `SCHEME:///PATH` of a file or a "
            "socket; the password stands by itself."
        ),
    ]
    password: Annotated[
        Secret | None, Meta(description="The user's password, if there is one.")
    ] = None

    def __post_init__(self) -> None:
        address = self._parsed()
        if address.scheme not in self.schemes:
            schemes = " or ".join(f"{scheme}://" for scheme in self.schemes)
            raise ValueError(f"expected a url that begins with {schemes}")
        if address.password is not None or "password" in address.query:
            raise ValueError("expected no password in url; give it as `password: ${credential:…}`")
        require(DRIVERS.get(address.scheme))

    @property
    def address(self) -> URL:
        return URL(self.url)

    @property
    def where(self) -> str:
        """Host and port, or the socket's path, for a person."""
        address = self.address
        return f"{address.host}:{address.port}" if address.port else address.host or address.path

    def _parsed(self) -> URL:
        # The parser's own complaint may quote a part of a password.
        try:
            return URL(self.url)
        except ValueError:
            raise ValueError("expected a url as SCHEME://USER@HOST:PORT/DATABASE") from None


class DatabaseParams(DatabaseAddress, frozen=True):
    degraded_above: Annotated[
        Duration, Meta(description="Degraded when connecting takes longer.")
    ] = duration("1s")
    down_above: Annotated[
        Duration, Meta(description="Down when the whole look takes longer; below `timeout`.")
    ] = duration("5s")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.degraded_above > self.down_above:
            raise ValueError("expected degraded_above to be at most down_above")


D = TypeVar("D", bound=DatabaseParams)


class Unreachable(Exception):
    """The database does not serve; the text says why, for a person."""


class Reading(Struct, frozen=True, kw_only=True):
    """`latency` is in seconds; `complaints` are what is out of bounds; `fine` is said if none."""

    latency: float
    metrics: Sequence[Metric]
    complaints: Sequence[str]
    fine: str


class DatabaseProbe(Probe[D]):
    """Each look opens a connection of its own, so that name, TLS and password are looked at too."""

    interval = 60.0
    timeout = 15.0

    @abstractmethod
    async def read(self) -> Reading:
        """Connect, ask, disconnect. Raises Unreachable."""

    async def probe(self) -> Sequence[Signal]:
        try:
            async with asyncio.timeout(self.params.down_above):
                reading = await self.read()
        except TimeoutError:
            text = f"{self.params.where} gave no answer within {self.params.down_above}"
            return [Status(status="down", message=text)]
        except Unreachable as error:
            return [Status(status="down", message=plain(error, self.params))]
        latency = Metric(name="db.connect.latency", value=reading.latency, unit="s")
        return [self._judge(reading), latency, *reading.metrics]

    def _judge(self, reading: Reading) -> Status:
        complaints = list(reading.complaints)
        if reading.latency > self.params.degraded_above:
            slow = f"connecting took {took(reading.latency)}"
            complaints.insert(0, f"{slow}, more than {self.params.degraded_above}")
        return Status(
            status="degraded" if complaints else "up",
            message=", ".join(complaints) or reading.fine,
            latency=reading.latency,
        )


class Totals:
    """What a server has counted up to the last look."""

    def __init__(self) -> None:
        self._last: Mapping[str, float] | None = None

    def since(self, totals: Mapping[str, float]) -> dict[str, float]:
        """By how much each has grown; empty at the first look. A total that fell was begun anew."""
        last, self._last = self._last, totals
        if last is None:
            return {}
        return {
            name: total - last[name] if total >= last[name] else total
            for name, total in totals.items()
        }


def require(package: str | None) -> None:
    """Raises ValueError, with what to do, where an optional package is not installed."""
    if package is not None and find_spec(package) is None:
        raise ValueError(
            f"expected the package {package}, which is not installed; "
            f"add it with: pip install 'sentinel[{EXTRAS[package]}]'"
        )


def hit_ratio(hits: float, misses: float) -> Metric | None:
    """None where nothing was read."""
    reads = hits + misses
    return Metric(name="db.cache_hit_ratio", value=round(hits / reads, 4)) if reads else None


def network_reason(error: OSError, where: str) -> str:
    """Why there is no connection, in plain words."""
    match error:
        case socket.gaierror():
            return f"the name in {where} does not resolve"
        case ssl.SSLError():
            return f"no TLS connection to {where}: {getattr(error, 'reason', None) or error}"
        case ConnectionRefusedError() | FileNotFoundError():
            return f"nothing listens at {where}"
        case ConnectionError():
            return f"{where} broke the connection off"
    return f"no connection to {where}: {error.strerror or error}"


def plain(text: object, params: Params) -> str:
    """What a server wrote, as one line without secrets."""
    line = redacted(" ".join(str(text).split()), params)
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
