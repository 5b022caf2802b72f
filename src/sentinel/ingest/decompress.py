"""Content-Encoding, undone within a size limit.

The output is counted while it is made, so a small body that unpacks to gigabytes is refused
before it takes more memory than the limit.
"""

import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import zstandard

from sentinel.api import Invalid, TooLarge

# Relay takes an empty Content-Encoding and the mistaken `UTF-8` that some SDKs send as none.
_IDENTITY = frozenset({"", "identity", "utf-8"})
_MAX_STACKED = 2
_STEP = 65_536
# RFC 9659 holds senders of Content-Encoding zstd to windows of at most 8 MB.
_ZSTD_WINDOW = 8 * 1024 * 1024


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo a Content-Encoding header's value, the last-applied coding first.

    Raises TooLarge when any stage gives more than `limit` bytes, and Invalid (answered with 400)
    for a coding that is unknown, a stream that is broken or cut short, bytes after its end, and
    more than two stacked codings.
    """
    names = [
        name for part in encoding.split(",") if (name := part.strip().lower()) not in _IDENTITY
    ]
    if len(names) > _MAX_STACKED:
        raise Invalid(
            f"found {len(names)} stacked content encodings, expected at most {_MAX_STACKED}"
        )
    for name in reversed(names):
        if name not in _DECODERS:
            raise Invalid(
                f"found Content-Encoding {name[:40]!r}, expected one of {', '.join(_DECODERS)}"
            )
        body = _DECODERS[name](body, limit)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def inflate(body: bytes, limit: int) -> bytes:
    """Undo deflate in either form: wrapped in zlib (RFC 1950) or raw (RFC 1951)."""
    wrapped = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _zlib(body, limit, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, "deflate")


def _gunzip(body: bytes, limit: int) -> bytes:
    return _zlib(body, limit, 16 + zlib.MAX_WBITS, "gzip")


def _zlib(body: bytes, limit: int, wbits: int, name: str) -> bytes:
    decoder = zlib.decompressobj(wbits)
    try:
        plain = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise _broken(name) from error
    if len(plain) > limit:
        raise _too_large(limit)
    _require_end(name, decoder.eof, decoder.unused_data)
    return plain


def _unbrotli(body: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    pieces: list[bytes] = []
    size, data = 0, body
    while not decoder.is_finished():
        try:
            piece = decoder.process(data, output_buffer_limit=_STEP)
        except brotli.error as error:
            raise _broken("br") from error
        if not piece and not decoder.is_finished():
            raise _cut_short("br")
        size, data = size + len(piece), b""
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _unzstd(body: bytes, limit: int) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    size = 0
    try:
        # This pass only measures: the reader bounds its output but can't tell a whole frame from
        # one that is cut short, while the object of the second pass knows but has no bound.
        with decoder.stream_reader(body) as reader:
            while piece := reader.read(_STEP):
                size += len(piece)
                if size > limit:
                    raise _too_large(limit)
        frame = decoder.decompressobj()
        plain = frame.decompress(body)
    except zstandard.ZstdError as error:
        raise _broken("zstd") from error
    _require_end("zstd", frame.eof, frame.unused_data)
    return plain


def _require_end(name: str, ended: bool, rest: bytes) -> None:
    if not ended:
        raise _cut_short(name)
    if rest:
        raise Invalid(f"found {len(rest)} bytes after the end of the {name} stream, expected none")


def _broken(name: str) -> Invalid:
    return Invalid(f"the body is not a valid {name} stream, as its Content-Encoding says")


def _cut_short(name: str) -> Invalid:
    return Invalid(f"the {name} stream ends too early: the body was cut short")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body unpacks to more than {limit} bytes: send fewer items at a time")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "deflate": inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
