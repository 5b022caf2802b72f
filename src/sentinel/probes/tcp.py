"""A TCP port: whether it takes connections, how fast, and what it answers."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Metric, Probe, Secret, Signal, hook
from sentinel.probes._connection import Host, Port, connection
from sentinel.probes._latency import Failed, LatencyParams, answered, down, timed

LONGEST_ANSWER = 65_536
Text = Annotated[str, Meta(min_length=1)]
_CHUNK = 4096
_QUOTED = 60
_SHORTEST_SECRET = 4


class TcpParams(LatencyParams, frozen=True):
    host: Annotated[Host, Meta(description="Name or address.")]
    port: Annotated[Port, Meta(description="The port.")]
    send: Annotated[
        Secret | None,
        Meta(description='Text to send, such as "PING\\r\\n"; it may hold a password.'),
    ] = None
    expect: Annotated[
        Text | None, Meta(description="Text that must come in, among other text.")
    ] = None


class TcpProbe(Probe[TcpParams]):
    type = "tcp"
    summary = "A TCP port: connection, latency, and an answer if one is expected"
    Params = TcpParams
    bound = "down_above"

    async def probe(self) -> Sequence[Signal]:
        try:
            said, latency = await timed(self.context.clock, self.params, self._talk)
        except Failed as failed:
            return (down(failed),)
        return (
            answered(said, latency, self.params),
            Metric(name="tcp.latency", value=latency, unit="s"),
        )

    async def _talk(self) -> str:
        params = self.params
        async with connection(params.host, params.port) as (reader, writer):
            if params.send:
                writer.write(params.send.reveal().encode())
                await writer.drain()
            if params.expect is None:
                return "connected"
            sent = params.send.reveal().split() if params.send else ()
            await _await_text(reader, params.expect, sent)
            return "connected and answered"


async def _await_text(reader: asyncio.StreamReader, expected: str, sent: Sequence[str]) -> None:
    """Raises Failed without quoting much of an answer, which may be anything, nor what was sent:
    servers repeat a command that they refuse, and a password with it."""
    wanted, answer = expected.encode(), bytearray()
    while wanted not in answer:
        chunk = await reader.read(_CHUNK)
        answer += chunk
        if not chunk or len(answer) > LONGEST_ANSWER:
            text = answer.decode(errors="replace")
            for word in sorted(sent, key=len, reverse=True):
                if len(word) >= _SHORTEST_SECRET:
                    text = text.replace(word, "…")
            text = text[:_QUOTED]
            found = f"the answer begins {text!r}" if answer else "there was no answer"
            raise Failed(f"{found}, expected {expected!r} in it")


@hook
def register_probes(register: Any) -> None:
    register(TcpProbe)
