"""Web Push: notifications of the operating system, through the push service of each browser.
RFC 8030 (protocol), 8188 and 8291 (encryption), 8292 (who sends)."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Device,
    Message,
    Notifier,
    Params,
    Permanent,
    Receipt,
    Retryable,
    hook,
)
from sentinel.notifiers._calling import Answer, refusal
from sentinel.notifiers._extras import require
from sentinel.notifiers._retry_after import seconds_of

_LIBRARY = "sentinel.notifiers._push_messages"
# A device that is off is told when it is on again, within a day.
_KEPT = 86_400
_TOKEN_LASTS = 12 * 3_600
_MOST_OF_REPLY = 2_048
_GONE = (404, 410)
# Push services take 4096 bytes, of which encryption needs 103.
_MOST_BYTES = 3_500
_LONGEST_TITLE, _LONGEST_BODY = 200, 600
_SERVICES = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)


class WebPushParams(Params, frozen=True):
    contact: Annotated[
        str,
        Meta(
            description="Where push services reach whoever runs this: mailto:ops@example.com or "
            "an https:// address."
        ),
    ]
    services: Annotated[
        tuple[str, ...],
        Meta(
            description="Hosts of push services that may be called, `*.` for all below one; a "
            "browser that names another is refused."
        ),
    ] = _SERVICES

    def __post_init__(self) -> None:
        require("pywebpush", "webpush")
        if not re.fullmatch(r"mailto:[^@\s]+@[\w-]+(\.[\w-]+)+|https://[\w.-]+\S*", self.contact):
            raise ValueError(
                "contact: expected mailto:ops@example.com or an https:// address, "
                f"found {self.contact!r}"
            )


class WebPush(Notifier[WebPushParams]):
    """Goes to each device of a user; it has arrived where one of them has it. A device whose
    subscription has ended is forgotten."""

    type = "webpush"
    summary = "Notifications in the browsers where a user of the web interface switched them on."
    Params = WebPushParams
    address = "webpush"
    timeout = 20.0
    capabilities = Capabilities(thread=True, rate=300.0)

    def __init__(self, params: WebPushParams, context: Context) -> None:
        super().__init__(params, context)
        # The library is loaded in `start`, which gives this its type.
        self._messages: Any = None

    @classmethod
    def doubts(cls, params: Any, public_url: str) -> Sequence[tuple[str, str]]:
        if public_url.startswith("https://"):
            return ()
        found = f"public_url {public_url}, where devices can't switch push messages on"
        return [(found, "the https:// address at which they reach Sentinel")]

    async def start(self) -> None:
        self._messages = await asyncio.to_thread(import_module, _LIBRARY)

    async def send(self, message: Message) -> Receipt:
        if self._messages is None:
            raise Retryable("the channel has not been started")
        devices = await self.context.devices.of(message.to)
        if not devices:
            raise Permanent(
                f"{message.to} has no device: whoever signs in by this name can switch one on "
                "under Settings, Devices"
            )
        body = notification_of(message)
        ended = await asyncio.gather(*(self._tried(device, body, message) for device in devices))
        return _receipt(ended)

    async def _tried(
        self, device: Device, body: bytes, message: Message
    ) -> str | Permanent | Retryable:
        """The service's answer, or why there is none."""
        try:
            return await self._push(device, body, message)
        except (Permanent, Retryable) as error:
            return error

    async def _push(self, device: Device, body: bytes, message: Message) -> str:
        host = urlsplit(device.endpoint).hostname or ""
        if not _is_listed(host, self.params.services):
            raise Permanent(f"the push service {host} is not among `services`")
        answer = await self._post(device, await self._headers(device, message), body)
        if answer.status in _GONE:
            await self.context.devices.gone(device)
            raise Permanent(f"{host} answered {answer.status}: the device is gone")
        if not answer.ok:
            raise refusal(host, answer, self.params, said="the push service did not take it")
        return f"{host} answered {answer.status}"

    async def _headers(self, device: Device, message: Message) -> dict[str, str]:
        key = await self.context.devices.signing_key()
        expires = int(self.context.clock.now()) + _TOKEN_LASTS
        signed = self._messages.signature(device, key, contact=self.params.contact, expires=expires)
        return {
            **signed,
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(_KEPT),
            "urgency": "high" if message.severity == "critical" else "normal",
            # For a device that is off, a later message of an incident replaces an earlier one.
            "topic": _topic(message),
        }

    async def _post(self, device: Device, headers: dict[str, str], body: bytes) -> Answer:
        encrypted = self._messages.encrypted(device, body)
        host = urlsplit(device.endpoint).hostname or ""
        try:
            async with self.context.http.post(
                device.endpoint, data=encrypted, headers=headers, allow_redirects=False
            ) as response:
                start = await response.content.read(_MOST_OF_REPLY)
                wish = response.headers.get("retry-after", "")
        # Without what led to it: whoever knows the whole address may send to the device.
        except aiohttp.InvalidURL as error:
            raise Permanent(f"{host} can't be called: {error.description}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Retryable(f"{host} can't be reached: {type(error).__name__}") from None
        return Answer(response.status, start, seconds_of(wish, self.context.clock.now()))


def notification_of(message: Message) -> bytes:
    """What the service worker shows. `tag` makes a later message replace an earlier one."""
    title, text = message.subject[:_LONGEST_TITLE], message.text.strip().partition("\n\n")[0]
    shown = {
        "title": title,
        "url": message.url,
        "tag": message.thread or message.key,
        "severity": message.severity,
        "reason": message.reason,
    }
    left = _MOST_BYTES - len(msgspec.json.encode(shown)) - 20
    body = text[:_LONGEST_BODY]
    while body and len(msgspec.json.encode(body)) > left:
        body = body[: len(body) // 2]
    return msgspec.json.encode({**shown, "body": body})


def _receipt(ended: Sequence[str | Permanent | Retryable]) -> Receipt:
    """Raises the most hopeful of the refusals where no device was reached."""
    took = [one for one in ended if isinstance(one, str)]
    if took:
        return Receipt(detail=f"{len(took)} of {len(ended)} devices: {took[0]}")
    hopeful = [one for one in ended if isinstance(one, Retryable)]
    refused = [one for one in ended if isinstance(one, Permanent)]
    raise (hopeful or refused)[0]


def _is_listed(host: str, services: Sequence[str]) -> bool:
    return any(host.endswith(one[1:]) if one.startswith("*.") else host == one for one in services)


def _topic(message: Message) -> str:
    """At most 32 characters of base64url (RFC 8030, 5.4)."""
    digest = hashlib.sha256((message.thread or message.key).encode()).digest()
    return base64.urlsafe_b64encode(digest)[:32].decode()


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(WebPush)
