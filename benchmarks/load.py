"""The sender: a process of its own, so that its work is not counted as the daemon's.

Requests are made before the clock starts, then sent over a few connections that are kept open:
each sends its next one when the last was answered, or at a steady rate in all.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random

import msgspec

from benchmarks import events

_ENVELOPE = (
    "POST /api/bench/envelope/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "X-Sentry-Auth: Sentry sentry_key={key}, sentry_version=7, sentry_client=bench/1.0\r\n"
    "Content-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n"
    "Content-Length: {length}\r\n\r\n"
)
# A long order is made and sent in portions, so that it does not need much memory.
_PORTION = 20_000


class Order(msgspec.Struct, kw_only=True):
    """What to send.

    `events` in one request; `rate` in requests a second, 0 for as fast as the answers come;
    `start` on the monotonic clock, 0 for at once. With `code`, each event has a code of its own
    that begins so. `seed` makes the ids differ from those of other orders.
    """

    port: int
    key: str
    requests: int
    groups: int
    events: int = 1
    small: bool = False
    connections: int = 4
    rate: float = 0.0
    start: float = 0.0
    code: str = ""
    seed: int = 0


class Answer(msgspec.Struct):
    """Times on the monotonic clock, which all processes of a machine share."""

    number: int
    status: int
    sent: float
    answered: float


class Sent(msgspec.Struct):
    """`seconds` of sending, without the making of the requests."""

    answers: list[Answer]
    seconds: float

    @property
    def accepted(self) -> int:
        return sum(200 <= answer.status < 300 for answer in self.answers)

    @property
    def refused(self) -> int:
        return len(self.answers) - self.accepted

    @property
    def latencies(self) -> list[float]:
        return [answer.answered - answer.sent for answer in self.answers]


def send(order: Order) -> Sent:
    """Run the order in another process and wait for it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (order,))


def _run(order: Order) -> Sent:
    sent = Sent([], 0.0)
    random = Random(order.seed)
    numbers = count()
    while len(sent.answers) < order.requests:
        size = min(_PORTION, order.requests - len(sent.answers))
        requests = [_request(order, random, numbers) for _ in range(size)]
        asyncio.run(_send(order, requests, sent))
    return sent


def _request(order: Order, random: Random, numbers: Iterator[int]) -> bytes:
    body = events.packed(*(_event(order, next(numbers), random) for _ in range(order.events)))
    return _ENVELOPE.format(key=order.key, length=len(body)).encode() + body


def _event(order: Order, number: int, random: Random) -> events.Event:
    group = number % order.groups
    made = events.small_event(group, random) if order.small else events.event(group, random)
    if order.code:
        made["tags"]["code"] = f"{order.code}{number}"
    return made


async def _send(order: Order, requests: Sequence[bytes], sent: Sent) -> None:
    waiting = iter(enumerate(requests, len(sent.answers)))
    await asyncio.sleep(order.start - time.monotonic())
    begun = time.monotonic()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", order.port)
        for number, request in waiting:
            if order.rate:
                await asyncio.sleep(begun + number / order.rate - time.monotonic())
            sent_at = time.monotonic()
            writer.write(request)
            status = await _status(reader)
            sent.answers.append(Answer(number, status, sent_at, time.monotonic()))
        writer.close()

    await asyncio.gather(*(connection() for _ in range(order.connections)))
    sent.seconds += time.monotonic() - begun


async def _status(reader: asyncio.StreamReader) -> int:
    """Reads one answer to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
    await reader.readexactly(int(length))
    return int(head[9:12])
