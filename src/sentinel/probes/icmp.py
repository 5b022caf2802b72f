"""A host's answer to ping: loss and round-trip time."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Duration, Metric, Probe, Signal, Status, duration, hook
from sentinel.probes._connection import Host, failures
from sentinel.probes._latency import Failed, LatencyParams, answered, down, seconds
from sentinel.probes.icmp_echo import Echo, check_allowed

Percent = Annotated[float, Meta(ge=0, le=100)]


class IcmpParams(LatencyParams, frozen=True, kw_only=True):
    host: Annotated[Host, Meta(description="Name or address.")]
    count: Annotated[
        int, Meta(ge=1, le=20, description="Packets sent in one look, one after the other.")
    ] = 3
    wait: Annotated[Duration, Meta(description="How long a reply is waited for.")] = duration("1s")
    degraded_above: Annotated[
        Duration, Meta(description="Degraded when the mean round trip takes longer.")
    ] = duration("200ms")
    down_above: Annotated[
        Duration, Meta(description="Down when the mean round trip takes longer.")
    ] = duration("1s")
    degraded_loss: Annotated[
        Percent, Meta(description="Degraded when more percent of the packets are lost.")
    ] = 0.0
    down_loss: Annotated[
        Percent, Meta(description="Down when more percent of the packets are lost, and if all are.")
    ] = 50.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.degraded_loss > self.down_loss:
            raise ValueError("expected degraded_loss to be at most down_loss")


class IcmpProbe(Probe[IcmpParams]):
    type = "icmp"
    summary = "A host's answer to ping: loss, round-trip time"
    Params = IcmpParams
    timeout = 30.0

    async def start(self) -> None:
        """Raises Forbidden, with what to do."""
        check_allowed()

    async def probe(self) -> Sequence[Signal]:
        try:
            with failures(self.params.host):
                trips = await self._trips()
        except Failed as failed:
            return (down(failed),)
        loss = 100.0 * (1 - len(trips) / self.params.count)
        metrics = [Metric(name="icmp.loss", value=round(loss, 1), unit="%")]
        if trips:
            metrics.append(Metric(name="icmp.rtt", value=_mean(trips), unit="s"))
            metrics.append(Metric(name="icmp.rtt.max", value=max(trips), unit="s"))
        return (self._judge(trips, loss), *metrics)

    async def _trips(self) -> list[float]:
        """The round-trip times, in seconds, of the packets that were answered."""
        loop = asyncio.get_running_loop()
        host = self.params.host
        family, _, _, _, address = (await loop.getaddrinfo(host, None, type=socket.SOCK_RAW))[0]
        clock, trips = self.context.clock, []
        with Echo(family, str(address[0])) as echo:
            for number in range(self.params.count):
                begun = clock.monotonic()
                try:
                    async with asyncio.timeout(self.params.wait):
                        await echo.reply(number)
                except TimeoutError:
                    continue
                trips.append(clock.monotonic() - begun)
        return trips

    def _judge(self, trips: Sequence[float], loss: float) -> Status:
        params = self.params
        if not trips:
            return Status(status="down", message=f"none of {params.count} packets was answered")
        mean = _mean(trips)
        lost = f"{loss:.0f} % of the packets were lost"
        if loss > params.down_loss:
            return Status(status="down", message=lost, latency=mean)
        if mean > params.down_above:
            text = f"the round trip took {seconds(mean)}, more than {params.down_above}"
            return Status(status="down", message=text, latency=mean)
        warnings = [lost] if loss > params.degraded_loss else []
        return answered(f"{len(trips)} of {params.count} packets answered", mean, params, warnings)


def _mean(trips: Sequence[float]) -> float:
    return sum(trips) / len(trips)


@hook
def register_probes(register: Any) -> None:
    register(IcmpProbe)
