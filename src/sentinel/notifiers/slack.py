"""Slack: one message for each incident, which changes with it, and its time line in a thread.

channels:
  slack-ops:
    type: slack
    token: ${credential:slack-bot-token}
    channel: C0123456789
    app_token: ${credential:slack-app-token}

With `channel` it posts there; without, to the `slack` of a person (U…), as a direct message.
Buttons work over `app_token` (Socket Mode: Slack needs no way to reach Sentinel) or
`signing_secret` (Slack calls `/hooks/CHANNEL`); with neither they are links. Needs
`pip install 'sentinel[slack]'`.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Params,
    Permanent,
    Receipt,
    Reply,
    Request,
    Retryable,
    Secret,
    Unauthorized,
    hook,
)
from sentinel.notifiers._card import card_of, is_quiet
from sentinel.notifiers._extras import require
from sentinel.notifiers._public import uncalled
from sentinel.notifiers._slack_api import Refused, SlackApi
from sentinel.notifiers._slack_blocks import blocks_of, fallback_of
from sentinel.notifiers._slack_inbox import Inbox
from sentinel.notifiers._slack_socket import Socket

_PLACE = re.compile(r"[A-Z][A-Z0-9]{5,20}|#[^\s#]{1,80}")
_NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
_STRANGER = "found a call without Slack's signature, or with one that does not fit"


class SlackParams(Params, frozen=True):
    token: Annotated[Secret, Meta(description="The app's bot token, `xoxb-…`.")]
    channel: Annotated[
        str | None,
        Meta(description="Post here: a channel's id (C…). If not given, to people's `slack`."),
    ] = None
    app_token: Annotated[
        Secret | None, Meta(description="`xapp-…`: buttons and answers over Socket Mode.")
    ] = None
    signing_secret: Annotated[
        Secret | None, Meta(description="Buttons and answers by calls to `/hooks/CHANNEL`.")
    ] = None
    api_url: Annotated[
        str, Meta(description="Where Slack's Web API is; another one for GovSlack.")
    ] = "https://slack.com/api/"

    def __post_init__(self) -> None:
        require("slack_sdk", "slack")
        if not self.token.reveal().startswith("xoxb-"):
            raise ValueError("token: expected a bot token, which begins with xoxb-")
        if self.app_token and not self.app_token.reveal().startswith("xapp-"):
            raise ValueError("app_token: expected an app-level token, which begins with xapp-")
        if self.app_token and self.signing_secret:
            raise ValueError(
                "expected either app_token (Socket Mode) or signing_secret (calls), found both"
            )
        if self.channel is not None and not _PLACE.fullmatch(self.channel):
            raise ValueError(f"channel: expected an id such as C0123456789, found {self.channel!r}")
        url = urlsplit(self.api_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("api_url: expected http:// or https:// and a host")


class Slack(Notifier[SlackParams]):
    type = "slack"
    summary = "Slack: one message for each incident that changes with it, a thread, buttons."
    Params = SlackParams
    address = "slack"
    timeout = 20.0
    # Slack lets an app post one message a second to a channel, and change about as many.
    capabilities = Capabilities(ack=True, thread=True, rate=50)

    def __init__(self, params: SlackParams, context: Context) -> None:
        super().__init__(params, context)
        self._api: SlackApi | None = None
        self._inbox = Inbox(context, self._say)
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    def address_of(cls, params: Any) -> str | None:
        return None if params.channel else cls.address

    @classmethod
    def doubts(cls, params: Any, public_url: str) -> Sequence[tuple[str, str]]:
        if params.signing_secret is None:
            return ()
        instead = "app_token, with which Slack need not call"
        return uncalled("Slack", public_url, instead)

    async def start(self) -> None:
        params = self.params
        self._api = SlackApi(self.context, params, params.token.reveal(), params.api_url)
        if params.app_token:
            address = partial(self._api.socket_url, params.app_token.reveal())
            socket = Socket(self.context, address, self._inbox.take)
            self._listening = asyncio.create_task(socket.run())

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._inbox.close()

    async def send(self, message: Message) -> Receipt:
        api = self._started()
        channel, _, first = message.previous.partition(":")
        if first:
            try:
                await api.update(channel=channel, ts=first, **self._content(message))
                await api.post(**self._news(message, channel, first))
            except Refused as error:
                # Whoever deleted the first message is still to be told.
                if not error.lost:
                    raise
            else:
                return Receipt(reference=message.previous, detail="the first message was changed")
        return await self._post(api, message)

    async def receive(self, request: Request) -> Reply:
        self._check(request)
        payload = _payload_of(request)
        if payload.get("type") == "url_verification":
            return Reply(body=str(payload.get("challenge", "")).encode())
        await self._inbox.take(payload)
        return Reply()

    async def _post(self, api: SlackApi, message: Message) -> Receipt:
        place = self.params.channel or message.to
        if not _PLACE.fullmatch(place):
            raise Permanent(f"expected a Slack id such as U0123456789, found {place!r}")
        # The key, for whoever wants to find what was sent twice; Slack itself does not look.
        metadata = {"event_type": "sentinel_message", "event_payload": {"key": message.key}}
        content = self._content(message)
        channel, ts = await api.post(channel=place, metadata=metadata, **content, **_NO_PREVIEWS)
        return Receipt(reference=f"{channel}:{ts}" if ts else "", detail="posted")

    def _content(self, message: Message) -> dict[str, Any]:
        pressed = bool(self.params.app_token or self.params.signing_secret)
        return {
            "text": fallback_of(card_of(message)),
            "blocks": blocks_of(message, pressed=pressed),
        }

    def _news(self, message: Message, channel: str, first: str) -> dict[str, Any]:
        """A change makes no sound, and a thread only for those who follow it: what everybody is to
        hear stands in the channel, too."""
        aloud = not is_quiet(message) and message.reason != "cause_found"
        return {
            "channel": channel,
            "thread_ts": first,
            "reply_broadcast": aloud,
            "text": fallback_of(card_of(message)),
            **_NO_PREVIEWS,
        }

    async def _say(self, channel: str, text: str, thread: str | None) -> None:
        await self._started().post(channel=channel, text=text, thread_ts=thread)

    def _started(self) -> SlackApi:
        if self._api is None:
            raise Retryable("the channel has not been started")
        return self._api

    def _check(self, request: Request) -> None:
        from slack_sdk.signature import SignatureVerifier

        if self.params.signing_secret is None:
            raise Unauthorized("found a call to a channel without signing_secret")
        clock: Any = self.context.clock
        verifier = SignatureVerifier(self.params.signing_secret.reveal(), clock)
        try:
            fits = verifier.is_valid_request(request.body, dict(request.headers))
        except (TypeError, ValueError):
            # A time that is no number, a signature or a body that is no text.
            fits = False
        if not fits:
            raise Unauthorized(_STRANGER)


def _payload_of(request: Request) -> Mapping[str, Any]:
    """Events come as JSON, presses as a form with JSON in it."""
    body = request.body
    if "form" in request.headers.get("content-type", ""):
        body = parse_qs(body.decode()).get("payload", [""])[0].encode()
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Slack)
