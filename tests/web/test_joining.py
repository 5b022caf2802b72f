"""An answer's head and body in one packet."""

import asyncio
from typing import cast

import pytest

from sentinel.web.joining import Joining


class _Wire:
    """What reaches the kernel, write by write."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


@pytest.fixture
async def joined() -> tuple[_Wire, Joining]:
    wire = _Wire()
    return wire, Joining(cast(asyncio.Transport, wire), asyncio.get_running_loop())


Joined = tuple[_Wire, Joining]


async def test_a_head_and_its_body_are_one_write(joined: Joined) -> None:
    wire, transport = joined
    transport.write(b"head")
    transport.write(b"body")
    assert wire.written == [b"headbody"]
    await asyncio.sleep(0)
    assert wire.written == [b"headbody"]


async def test_a_head_whose_body_is_not_there_yet_goes_out_in_the_same_turn_of_the_loop(
    joined: Joined,
) -> None:
    wire, transport = joined
    transport.write(b"head")
    await asyncio.sleep(0)
    assert wire.written == [b"head"]


async def test_an_empty_body_sends_the_head(joined: Joined) -> None:
    wire, transport = joined
    transport.write(b"head")
    transport.write(b"")
    assert wire.written == [b"head"]


async def test_a_large_piece_is_never_held_back(joined: Joined) -> None:
    wire, transport = joined
    large = b"x" * 100_000
    transport.write(large)
    transport.write(large)
    assert wire.written == [large, large]


async def test_what_is_held_goes_out_before_the_end(joined: Joined) -> None:
    wire, transport = joined
    transport.write(b"bye")
    transport.close()
    assert wire.written == [b"bye"]
    assert wire.closed
    await asyncio.sleep(0)
    assert wire.written == [b"bye"]


async def test_nothing_is_written_to_a_reader_that_has_gone_away(joined: Joined) -> None:
    wire, transport = joined
    transport.write(b"head")
    wire.closed = True
    await asyncio.sleep(0)
    assert wire.written == []
    assert transport.is_closing()


async def test_many_small_pieces_keep_their_order(joined: Joined) -> None:
    wire, transport = joined
    pieces = [b"%d," % number for number in range(9)]
    for piece in pieces:
        transport.write(piece)
    await asyncio.sleep(0)
    assert b"".join(wire.written) == b"".join(pieces)
