"""A Slack token: whether it works, for whom, and whether it may do what it is meant for.

probes:
  - name: slack
    type: slack
    token: ${SLACK_BOT_TOKEN}
    scopes: [chat:write]

It writes nothing: the token is looked at by `auth.test`. Its metric is slack.latency (s).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

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

REASONS = {
    "account_inactive": "its user or workspace is gone",
    "invalid_auth": "it is wrong, or this address may not use it",
    "not_authed": "it is empty",
    "token_expired": "it has expired",
    "token_revoked": "it was revoked",
}
OWN_TROUBLES = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
"""Errors that are no fault of the token's."""


class SlackParams(Params, frozen=True, kw_only=True):
    token: Annotated[Secret, Meta(description="The bot's or user's token, xoxb-… or xoxp-….")]
    scopes: Annotated[
        tuple[str, ...], Meta(description="Scopes it must have; degraded without one.")
    ] = ()
    degraded_above: Annotated[
        Duration, Meta(description="Degraded when the answer takes longer.")
    ] = duration("3s")
    down_above: Annotated[
        Duration, Meta(description="Down when the answer takes longer; below `timeout`.")
    ] = duration("10s")
    base_url: Annotated[
        str, Meta(pattern="^https?://[^@]+$", description="Where the API is, or a proxy of it.")
    ] = "https://slack.com/api"


class Answer(Struct, frozen=True, kw_only=True):
    """Slack says in the body whether a call went well; the HTTP status is 200 either way."""

    ok: bool
    error: str = ""
    team: str = ""
    user: str = ""


class Down(Exception):
    """Slack can't be used; the text says why, for a person."""


class SlackProbe(Probe[SlackParams]):
    type = "slack"
    summary = "A Slack token: whether it works, and its scopes"
    Params = SlackParams
    bound = "down_above"
    interval = 300.0
    timeout = 20.0

    async def probe(self) -> Sequence[Signal]:
        begun = self.context.clock.monotonic()
        try:
            async with asyncio.timeout(self.params.down_above):
                answer, scopes = await self._test()
        except TimeoutError:
            return [Status(status="down", message=f"no answer within {self.params.down_above}")]
        except Down as error:
            return [Status(status="down", message=redacted(str(error), self.params))]
        latency = self.context.clock.monotonic() - begun
        if not answer.ok:
            reason = REASONS.get(answer.error, answer.error)
            text = f"Slack refuses the token: {reason}"
            if answer.error in OWN_TROUBLES:
                text = f"Slack does not serve: {answer.error}"
            return [Status(status="down", message=text, latency=latency)]
        return [
            self._judge(answer, scopes, latency),
            Metric(name="slack.latency", value=latency, unit="s"),
        ]

    def _judge(self, answer: Answer, scopes: frozenset[str], latency: float) -> Status:
        missing = [scope for scope in self.params.scopes if scope not in scopes]
        complaints = [f"the token lacks {', '.join(missing)}"] if missing else []
        if latency > self.params.degraded_above:
            complaints.append(f"it took {latency:.1f} s, more than {self.params.degraded_above}")
        return Status(
            status="degraded" if complaints else "up",
            message=", ".join(complaints) or f"{answer.user} in {answer.team}",
            latency=latency,
        )

    async def _test(self) -> tuple[Answer, frozenset[str]]:
        """The answer, and the scopes of the token. Raises Down."""
        try:
            async with self.context.http.post(
                f"{self.params.base_url.rstrip('/')}/auth.test",
                headers={"Authorization": f"Bearer {self.params.token.reveal()}"},
                allow_redirects=False,
            ) as response:
                body = await response.read()
        except aiohttp.ClientError as error:
            raise Down(f"Slack can't be reached: {error}") from error
        if response.status == 429:
            wait = response.headers.get("Retry-After", "a while")
            raise Down(f"Slack is asked too often, and wants a pause of {wait} s")
        if response.status != 200:
            raise Down(f"Slack does not serve: HTTP {response.status}")
        try:
            answer = msgspec.json.decode(body, type=Answer)
        except msgspec.DecodeError as error:
            raise Down(f"Slack's answer makes no sense: {error}") from error
        listed = response.headers.get("X-OAuth-Scopes", "")
        return answer, frozenset(scope.strip() for scope in listed.split(","))


@hook
def register_probes(register: Callable[[type[Probe[Any]]], None]) -> None:
    register(SlackProbe)
