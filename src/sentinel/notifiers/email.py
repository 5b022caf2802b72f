"""E-mail over SMTP."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import aiosmtplib
from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Params,
    Permanent,
    Receipt,
    Retryable,
    Secret,
    hook,
)
from sentinel.notifiers._mail import address_of, mail_of, message_id, needs_utf8
from sentinel.notifiers._smtp import Connection, Pool, Server, Tls

_LOCAL = ("localhost", "127.0.0.1", "::1")
# Seconds to wait for one answer of the server.
_COMMAND = 15.0
# What servers say in a 5xx that will pass. RFC 3463: x.2.2 mailbox full, x.3 the mail system,
# x.4 network and routing. RFC 5321: 552 is to be treated as 452.
_PASSING = re.compile(
    r"\b5\.(2\.2|3\.\d+|4\.\d+)\b|again|temporar|gr[ae]ylist|too many|rate limit", re.IGNORECASE
)
_PASSING_CODES = (503, 552)
_POLICY = re.compile(
    r"\b5\.7\.\d+\b|spam|block|relay|polic|reputation|blacklist|denied", re.IGNORECASE
)


class EmailParams(Params, frozen=True):
    host: Annotated[str, Meta(min_length=1, description="The SMTP server.")]
    sender: Annotated[
        str, Meta(min_length=3, description="The From address: `Sentinel <alerts@example.com>`.")
    ]
    port: Annotated[
        Annotated[int, Meta(ge=1, le=65535)] | None,
        Meta(description="587 for starttls, 465 for implicit, 25 for none."),
    ] = None
    tls: Annotated[
        Tls, Meta(description="`starttls`, `implicit` (TLS from the first byte) or `none`.")
    ] = "starttls"
    ca_file: Annotated[
        str | None, Meta(description="PEM file of a private certificate authority.")
    ] = None
    username: Annotated[str | None, Meta(description="Sign in with this name.")] = None
    password: Annotated[Secret | None, Meta(description="Sign in with this password.")] = None
    connections: Annotated[
        int, Meta(ge=1, le=20, description="Connections held at the same time at most.")
    ] = 4

    def __post_init__(self) -> None:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together: found only one of them")
        if self.username and self.tls == "none" and self.host not in _LOCAL:
            raise ValueError(
                "tls: none would send the password in the clear; use starttls or implicit"
            )
        try:
            address_of(self.sender)
        except Permanent as error:
            raise ValueError(f"sender: {error}") from error


class Email(Notifier[EmailParams]):
    type = "email"
    summary = "E-mail over SMTP, in HTML and plain text, one thread for each incident."
    Params = EmailParams
    address = "email"
    timeout = 45.0
    capabilities = Capabilities(thread=True, html=True)

    def __init__(self, params: EmailParams, context: Context) -> None:
        super().__init__(params, context)
        self._sender = address_of(params.sender)
        self._pool: Pool | None = None

    async def start(self) -> None:
        """Connects only when there is something to send. Raises OSError for a bad `ca_file`."""
        params = self.params
        server = Server(
            host=params.host,
            port=params.port or {"none": 25, "starttls": 587, "implicit": 465}[params.tls],
            tls=params.tls,
            ca_file=params.ca_file,
            username=params.username,
            password=params.password.reveal() if params.password else None,
            timeout=_COMMAND,
        )
        self._pool = Pool(server, params.connections, self.context.clock)

    async def stop(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def send(self, message: Message) -> Receipt:
        recipient = address_of(message.to)
        mail = mail_of(message, self._sender, recipient, self.context.clock.now())
        utf8 = needs_utf8(self._sender, recipient)
        try:
            reply = await self._hand_over(mail, recipient.addr_spec, utf8)
        except aiosmtplib.SMTPException as error:
            raise _verdict(error) from error
        except OSError as error:
            raise Retryable(f"no connection to the mail server: {error}") from error
        return Receipt(reference=message_id(message, self._sender), detail=reply)

    async def _hand_over(self, mail: bytes, recipient: str, utf8: bool) -> str:
        if self._pool is None:
            raise Retryable("the channel has not been started")
        connection = await self._begun(self._pool, utf8)
        try:
            await connection.client.rcpt(recipient, encoding=_encoding(utf8))
            reply = await connection.client.data(mail)
        except BaseException:
            # Half a dialogue is behind us; the next mail begins with a new one.
            self._pool.discard(connection)
            raise
        self._pool.release(connection)
        return f"{reply.code} {reply.message}"

    async def _begun(self, pool: Pool, utf8: bool) -> Connection:
        """A connection whose server has accepted the sender."""
        while True:
            connection = await pool.acquire()
            try:
                await self._begin(connection.client, utf8)
            except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPReadTimeoutError):
                pool.discard(connection)
                # A server may hang up on a connection that lay idle; nothing was lost by it.
                if not connection.reused:
                    raise
            except BaseException:
                pool.discard(connection)
                raise
            else:
                return connection

    async def _begin(self, client: aiosmtplib.SMTP, utf8: bool) -> None:
        if utf8 and client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if utf8 and not client.supports_extension("smtputf8"):
            raise Permanent("the mail server does not take addresses beyond ASCII (SMTPUTF8)")
        options = ["SMTPUTF8"] if utf8 else None
        await client.mail(self._sender.addr_spec, options=options, encoding=_encoding(utf8))


def _encoding(utf8: bool) -> str:
    return "utf-8" if utf8 else "ascii"


def _verdict(error: aiosmtplib.SMTPException) -> Permanent | Retryable:
    """Only a refusal of this very sender, recipient or content is final. A refused sign-in is
    not: once it is mended, the page goes out."""
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return Retryable(f"the mail server: {error.message or type(error).__name__}")
    text = f"the mail server said {error.code} {error.message}"
    final = isinstance(
        error,
        aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError,
    )
    passing = error.code in _PASSING_CODES or _PASSING.search(error.message)
    if not final or error.code < 500 or passing:
        return Retryable(text)
    return Permanent(text, unreachable=_is_of_recipient(error))


def _is_of_recipient(error: aiosmtplib.SMTPResponseException) -> bool:
    """Whether it is the mailbox that there is not. A server may also refuse a recipient because it
    does not trust the sender (RFC 3463: x.7), which says nothing of the mailbox."""
    refused = isinstance(error, aiosmtplib.SMTPRecipientRefused)
    return refused and _POLICY.search(error.message) is None


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Email)
