import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Invalid, TooLarge
from sentinel.ingest.decompress import decompress

LIMIT = 1_000_000


def raw_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return encoder.compress(data) + encoder.flush()


def streamed_zstd(data: bytes) -> bytes:
    encoder = zstandard.ZstdCompressor().compressobj()
    return encoder.compress(data) + encoder.flush()


CODERS = {
    "gzip": ("gzip", gzip.compress),
    "deflate wrapped in zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", lambda data: brotli.compress(data, quality=4)),
    "zstd": ("zstd", zstandard.ZstdCompressor().compress),
    "zstd without a size": ("zstd", streamed_zstd),
}
every_coder = pytest.mark.parametrize(("name", "encode"), CODERS.values(), ids=CODERS.keys())
Encode = Callable[[bytes], bytes]


@every_coder
@given(data=st.binary(max_size=3000))
def test_what_was_compressed_comes_back(name: str, encode: Encode, data: bytes) -> None:
    assert decompress(encode(data), name, LIMIT) == data


@every_coder
def test_a_body_of_exactly_the_limit_is_taken(name: str, encode: Encode) -> None:
    assert len(decompress(encode(bytes(LIMIT)), name, LIMIT)) == LIMIT


@every_coder
def test_one_byte_more_than_the_limit_is_too_large(name: str, encode: Encode) -> None:
    with pytest.raises(TooLarge, match="1000000 bytes"):
        decompress(encode(bytes(LIMIT + 1)), name, LIMIT)


@every_coder
def test_a_bomb_is_refused_in_little_memory(name: str, encode: Encode) -> None:
    bomb = encode(bytes(100_000_000))
    assert len(bomb) < 110_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decompress(bomb, name, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 3 * LIMIT
    finally:
        tracemalloc.stop()


@every_coder
@pytest.mark.parametrize("kept", [0, 1, 5, 0.5, -1])
def test_a_stream_cut_short_is_invalid(name: str, encode: Encode, kept: float) -> None:
    whole = encode(b"the quick brown fox jumps over the lazy dog" * 20 + bytes(range(256)))
    end = int(len(whole) * kept) if isinstance(kept, float) else kept
    with pytest.raises(Invalid):
        decompress(whole[:end], name, LIMIT)


@every_coder
def test_bytes_after_the_end_are_invalid(name: str, encode: Encode) -> None:
    with pytest.raises(Invalid):
        decompress(encode(b"hello") + b"more", name, LIMIT)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
@given(data=st.binary(max_size=300))
def test_any_bytes_give_bytes_or_a_refusal(name: str, data: bytes) -> None:
    with contextlib.suppress(Invalid, TooLarge):
        assert isinstance(decompress(data, name, LIMIT), bytes)


@pytest.mark.parametrize("name", ["", "identity", "UTF-8", " identity , ", "utf-8,"])
def test_no_encoding_and_the_mistaken_utf_8_leave_the_body_as_it_is(name: str) -> None:
    assert decompress(b"hello", name, LIMIT) == b"hello"


def test_a_plain_body_is_held_to_the_limit_too() -> None:
    with pytest.raises(TooLarge):
        decompress(b"hello", "", 4)


def test_stacked_encodings_are_undone_in_reverse_order() -> None:
    assert decompress(brotli.compress(gzip.compress(b"hello")), "GZIP, br", LIMIT) == b"hello"


def test_three_stacked_encodings_are_refused() -> None:
    with pytest.raises(Invalid, match="3 stacked"):
        decompress(b"", "gzip, gzip, gzip", LIMIT)


def test_an_unknown_encoding_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(Invalid, match="'compress', expected one of gzip, deflate, br, zstd"):
        decompress(b"x", "compress", LIMIT)


def test_a_zstd_frame_that_asks_for_a_huge_window_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    encoder = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    with pytest.raises(Invalid):
        decompress(encoder.compress(b"hello") + encoder.flush(), "zstd", LIMIT)
