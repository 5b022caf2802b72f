"""The certificate of a TLS server: who vouches for it, for which name, and for how many days."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Context, Metric, Probe, Signal, Status, hook
from sentinel.probes._certificates import client_context
from sentinel.probes._connection import Host, Port, connection
from sentinel.probes._latency import Failed, LatencyParams, answered, down, timed
from sentinel.probes._starttls import StartTls, agree

DAY = 86_400.0
Days = Annotated[float, Meta(ge=0)]


class TlsParams(LatencyParams, frozen=True):
    host: Annotated[Host, Meta(description="Name or address.")]
    port: Annotated[Port, Meta(description="The port.")] = 443
    server_name: Annotated[
        Host | None, Meta(description="Name to ask for and to find in the certificate; else host.")
    ] = None
    starttls: Annotated[
        StartTls | None,
        Meta(description="Protocol in which TLS is asked for; none: TLS from the first byte."),
    ] = None
    degraded_days: Annotated[
        Days, Meta(description="Degraded when the certificate ends in fewer days.")
    ] = 21
    down_days: Annotated[
        Days, Meta(description="Down when the certificate ends in fewer days.")
    ] = 3
    ca_file: Annotated[
        str | None, Meta(description="Certificate authorities (PEM) in place of the system's.")
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.down_days > self.degraded_days:
            raise ValueError("expected down_days to be at most degraded_days")


class TlsProbe(Probe[TlsParams]):
    type = "tls"
    summary = "The certificate of a TLS server: days left, chain, name"
    Params = TlsParams
    bound = "down_above"
    interval = 300.0

    def __init__(self, params: TlsParams, context: Context) -> None:
        super().__init__(params, context)
        self._tls: ssl.SSLContext | None = None

    async def start(self) -> None:
        self._tls = await asyncio.to_thread(client_context, self.params.ca_file)

    async def probe(self) -> Sequence[Signal]:
        try:
            (ends, version), latency = await timed(self.context.clock, self.params, self._shake)
        except Failed as failed:
            return (down(failed),)
        days = (ends - self.context.clock.now()) / DAY
        return (
            self._judge(days, version, latency),
            Metric(name="tls.certificate.days", value=round(days, 2), unit="d"),
            Metric(name="tls.latency", value=latency, unit="s"),
        )

    async def _shake(self) -> tuple[float, str]:
        """When the certificate ends, in seconds since 1970, and the protocol's version."""
        params = self.params
        if self._tls is None:
            raise RuntimeError("the probe is not started")
        async with connection(params.host, params.port) as (reader, writer):
            if params.starttls is not None:
                await agree(params.starttls, reader, writer)
            await writer.start_tls(self._tls, server_hostname=params.server_name or params.host)
            secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
            certificate = secured.getpeercert() or {}
            return ssl.cert_time_to_seconds(str(certificate["notAfter"])), secured.version() or ""

    def _judge(self, days: float, version: str, latency: float) -> Status:
        said = f"the certificate ends in {days:.1f} days"
        if days < self.params.down_days:
            text = f"{said}, expected {self.params.down_days:g}"
            return Status(status="down", message=text, latency=latency)
        short = days < self.params.degraded_days
        warnings = [f"{said}, expected {self.params.degraded_days:g}"] if short else []
        return answered(f"{said}; {version}", latency, self.params, warnings)


@hook
def register_probes(register: Any) -> None:
    register(TlsProbe)
