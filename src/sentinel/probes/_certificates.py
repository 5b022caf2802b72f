"""Whom a probe trusts, and when the certificates end that servers show it.

A context with the system's authorities takes tens of milliseconds to make, and a megabyte: all
probes that trust the same authorities share one.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from weakref import WeakValueDictionary

_seen: ContextVar[dict[str, float]] = ContextVar("certificates_seen")
_shared: "WeakValueDictionary[tuple[str | None, int], ssl.SSLContext]" = WeakValueDictionary()
_making = Lock()


def client_context(ca_file: str | None) -> ssl.SSLContext:
    """All checks on; `ca_file` is trusted in place of the system's authorities.

    Blocks: to be called in a thread. Raises OSError for a file that can't be read as authorities.
    """
    key = (ca_file, _changed(ca_file))
    with _making:
        context = _shared.get(key)
        if context is None:
            _shared[key] = context = _made(ca_file)
        return context


@contextmanager
def certificates_seen() -> Iterator[dict[str, float]]:
    """When the certificates end that are accepted within the block, by the name of the server, in
    seconds since 1970.

    aiohttp gives a connection back as soon as a short answer is complete, before its user can
    look at the certificate: so it is looked at in the handshake.
    """
    ends: dict[str, float] = {}
    token = _seen.set(ends)
    try:
        yield ends
    finally:
        _seen.reset(token)


def _made(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslobject_class = _Handshake
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca_file)
    return context


def _changed(ca_file: str | None) -> int:
    """So that probes started after an update of the authorities trust the new ones."""
    paths = ssl.get_default_verify_paths()
    file = ca_file or paths.cafile or paths.capath
    return os.stat(file).st_mtime_ns if file else 0


class _Handshake(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        ends, certificate, name = _seen.get(None), self.getpeercert(), self.server_hostname
        if ends is not None and certificate and name:
            ends[name] = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
