"""A Twilio account: whether its credentials work, whether it is active, and what money is left.

probes:
  - name: sms
    type: twilio
    account_sid: ${TWILIO_ACCOUNT_SID}
    auth_token: ${TWILIO_AUTH_TOKEN}
    degraded_below: 50
    down_below: 1

It sends nothing. Its metric is twilio.balance, in the account's currency.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import aiohttp
import msgspec
from msgspec import Meta, Struct

from sentinel.api import (
    Duration,
    Metric,
    Params,
    Probe,
    Secret,
    Signal,
    Status,
    duration,
    hook,
    redacted,
)

Answer = TypeVar("Answer")


class TwilioParams(Params, frozen=True, kw_only=True):
    account_sid: Annotated[
        str, Meta(pattern="^(AC[0-9a-f]{32})?$", description="AC and 32 digits.")
    ]
    auth_token: Annotated[Secret, Meta(description="The account's token.")]
    degraded_below: Annotated[float, Meta(description="Degraded with a smaller balance.")] = 20.0
    down_below: Annotated[float, Meta(description="Down with a smaller balance.")] = 0.0
    down_above: Annotated[
        Duration, Meta(description="Down when an answer takes longer; below `timeout`.")
    ] = duration("10s")
    base_url: Annotated[
        str, Meta(pattern="^https?://[^@]+$", description="Where the API is, or a proxy of it.")
    ] = "https://api.twilio.com"


class Account(Struct, frozen=True, kw_only=True):
    status: str


class Balance(Struct, frozen=True, kw_only=True):
    balance: float
    currency: str


class Refusal(Struct, frozen=True, kw_only=True):
    """`code` is Twilio's own, of https://www.twilio.com/docs/api/errors."""

    code: int = 0
    message: str = ""


class Down(Exception):
    """Twilio can't be used; the text says why, for a person."""


class TwilioProbe(Probe[TwilioParams]):
    type = "twilio"
    summary = "A Twilio account: credentials, state, balance"
    Params = TwilioParams
    bound = "down_above"
    interval = 300.0
    timeout = 25.0

    async def probe(self) -> Sequence[Signal]:
        begun = self.context.clock.monotonic()
        try:
            async with asyncio.timeout(self.params.down_above):
                account = _decoded(await self._get(".json"), Account)
                money = _decoded(await self._get("/Balance.json"), Balance)
        except TimeoutError:
            return [Status(status="down", message=f"no answer within {self.params.down_above}")]
        except Down as error:
            return [Status(status="down", message=redacted(str(error), self.params))]
        return [
            self._judge(account, money, self.context.clock.monotonic() - begun),
            Metric(name="twilio.balance", value=money.balance, unit=money.currency),
        ]

    def _judge(self, account: Account, money: Balance, latency: float) -> Status:
        said, params = f"{money.balance:.2f} {money.currency} are left", self.params
        if account.status != "active":
            text = f"the account is {account.status}"
            return Status(status="down", message=text, latency=latency)
        if money.balance < params.down_below:
            text = f"{said}, expected at least {params.down_below:g}"
            return Status(status="down", message=text, latency=latency)
        if money.balance < params.degraded_below:
            text = f"{said}, expected at least {params.degraded_below:g}"
            return Status(status="degraded", message=text, latency=latency)
        return Status(status="up", message=said, latency=latency)

    async def _get(self, what: str) -> bytes:
        """What Twilio says of the account. Raises Down."""
        sid, token = self.params.account_sid, self.params.auth_token.reveal()
        if not sid or not token:
            missing = "auth_token" if sid else "account_sid"
            raise Down(f"Twilio refuses the credentials: {missing} is empty")
        try:
            async with self.context.http.get(
                f"{self.params.base_url.rstrip('/')}/2010-04-01/Accounts/{sid}{what}",
                headers={"Authorization": aiohttp.encode_basic_auth(sid, token)},
                allow_redirects=False,
            ) as response:
                body = await response.read()
        except aiohttp.ClientError as error:
            raise Down(f"Twilio can't be reached: {error}") from error
        if response.status != 200:
            raise Down(_refused(response.status, body))
        return body


def _decoded(body: bytes, answer: type[Answer]) -> Answer:
    try:
        # Twilio writes its numbers as text.
        return msgspec.json.decode(body, type=answer, strict=False)
    except msgspec.DecodeError as error:
        raise Down(f"Twilio's answer makes no sense: {error}") from error


def _refused(status: int, body: bytes) -> str:
    try:
        refusal = msgspec.json.decode(body, type=Refusal)
    except msgspec.DecodeError:
        refusal = Refusal()
    said = f"error {refusal.code}: {refusal.message}" if refusal.code else f"HTTP {status}"
    match status:
        case 401:
            return f"Twilio refuses the credentials ({said})"
        case 403:
            return f"Twilio refuses this account ({said})"
        case 404:
            return f"Twilio does not know this account ({said})"
        case 429:
            return f"Twilio is asked too often ({said})"
    return f"Twilio does not serve ({said})" if status >= 500 else f"Twilio refuses ({said})"


@hook
def register_probes(register: Callable[[type[Probe[Any]]], None]) -> None:
    register(TwilioProbe)
