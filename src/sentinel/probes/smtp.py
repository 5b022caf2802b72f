"""A mail server: whether it would take a mail. None is sent."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import aiosmtplib
from msgspec import Meta

from sentinel.api import Context, Metric, Probe, Secret, Signal, hook, redacted
from sentinel.probes._certificates import client_context
from sentinel.probes._connection import Host, Port, failures
from sentinel.probes._latency import Failed, LatencyParams, answered, down, timed

_PORTS = {"none": 25, "starttls": 587, "implicit": 465}
LONGEST_REASON = 300
_LOCAL = ("localhost", "127.0.0.1", "::1")


class SmtpParams(LatencyParams, frozen=True):
    host: Annotated[Host, Meta(description="The SMTP server.")]
    port: Annotated[
        Port | None, Meta(description="587 for starttls, 465 for implicit, 25 for none.")
    ] = None
    tls: Annotated[
        Literal["none", "starttls", "implicit"],
        Meta(description="`starttls`, `implicit` (TLS from the first byte) or `none`."),
    ] = "starttls"
    ca_file: Annotated[
        str | None, Meta(description="Certificate authorities (PEM) in place of the system's.")
    ] = None
    username: Annotated[str | None, Meta(description="Sign in with this name.")] = None
    password: Annotated[Secret | None, Meta(description="Sign in with this password.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together: found only one of them")
        if self.username and self.tls == "none" and self.host not in _LOCAL:
            raise ValueError(
                "tls: none would send the password in the clear; use starttls or implicit"
            )


class SmtpProbe(Probe[SmtpParams]):
    type = "smtp"
    summary = "A mail server: greeting, TLS, sign-in; no mail is sent"
    Params = SmtpParams
    bound = "down_above"

    def __init__(self, params: SmtpParams, context: Context) -> None:
        super().__init__(params, context)
        self._port = params.port or _PORTS[params.tls]
        self._tls: ssl.SSLContext | None = None

    async def start(self) -> None:
        if self.params.tls != "none":
            self._tls = await asyncio.to_thread(client_context, self.params.ca_file)

    async def probe(self) -> Sequence[Signal]:
        try:
            said, latency = await timed(self.context.clock, self.params, self._talk)
        except Failed as failed:
            return (down(failed),)
        return (
            answered(said, latency, self.params),
            Metric(name="smtp.latency", value=latency, unit="s"),
        )

    async def _talk(self) -> str:
        params = self.params
        client = aiosmtplib.SMTP(
            hostname=params.host,
            port=self._port,
            local_hostname=socket.gethostname(),
            # The time is bounded for the look as a whole.
            timeout=None,
            use_tls=params.tls == "implicit",
            start_tls=params.tls == "starttls",
            tls_context=self._tls,
            username=params.username,
            password=params.password.reveal() if params.password else None,
        )
        try:
            with failures(params.host, self._port):
                await self._greet(client)
        finally:
            client.close()
        return "signed in" if params.username else "greeted"

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            await client.quit()
        except aiosmtplib.SMTPException as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and not isinstance(cause, aiosmtplib.SMTPException):
                raise cause from error
            raise Failed(self._reason(error)) from error

    def _reason(self, error: aiosmtplib.SMTPException) -> str:
        """The server's own words; those of a refused sign-in may hold what was sent."""
        match error:
            case aiosmtplib.SMTPAuthenticationError():
                text = f"the server refuses the sign-in: {error.code} {error.message}"
            case aiosmtplib.SMTPResponseException(code=-1):
                # The library's own number, for what is no reply at all.
                text = f"{self.params.host}:{self._port} does not answer in SMTP"
            case aiosmtplib.SMTPResponseException():
                text = f"the server answers {error.code} {error.message}"
            case aiosmtplib.SMTPServerDisconnected() | aiosmtplib.SMTPConnectError():
                text = f"{self.params.host}:{self._port} closed the connection"
            case _:
                text = error.message
        return redacted(" ".join(text.split()), self.params)[:LONGEST_REASON]


@hook
def register_probes(register: Any) -> None:
    register(SmtpProbe)
