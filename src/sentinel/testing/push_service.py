"""A push service and a browser as far as the channel `webpush` knows them. Needs the extra
`webpush`."""

import base64
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from sentinel.api import Device, Devices
from sentinel.testing.provider import FakeProvider, fake_provider

_LARGEST = 4096


class Browser:
    """One subscription. `opened` holds the messages that it could read, in order."""

    def __init__(self, service: str, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.device = Device(
            endpoint=f"{service}/push/{name}", p256dh=text_of(point), auth=text_of(self._auth)
        )
        self.opened: list[dict[str, Any]] = []

    def open(self, body: bytes) -> None:
        """By RFC 8291. Raises where the message is for somebody else."""
        plain = http_ece.decrypt(
            body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"
        )
        self.opened.append(json.loads(plain))


class FakePushService:
    """`provider` can be told to behave badly; `will(takes)` lets it go on as before. A browser in
    `gone` has withdrawn its subscription. `headers` are those of the messages that were taken."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.gone: set[str] = set()
        self.headers: list[Mapping[str, str]] = []
        self._browsers: dict[str, Browser] = {}
        provider.will(self.takes)

    @property
    def url(self) -> str:
        return self.provider.url

    def browser(self, name: str) -> Browser:
        """One that has subscribed here."""
        found = self._browsers[name] = Browser(self.url, name)
        return found

    async def takes(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """Answers as RFC 8030 says."""
        name = request.path.removeprefix("/push/")
        if name in self.gone:
            return web.Response(status=410)
        if name not in self._browsers:
            return web.Response(status=404)
        headers = {key.lower(): value for key, value in request.headers.items()}
        if not Vapid02.verify(headers.get("authorization", "")):
            return web.Response(status=403, text="the VAPID token is wrong")
        if len(body) > _LARGEST:
            return web.Response(status=413)
        if not headers.get("ttl", "").isdigit() or len(headers.get("topic", "")) > 32:
            return web.Response(status=400)
        self._browsers[name].open(body)
        self.headers.append(headers)
        return web.Response(status=201, headers={"location": f"{self.url}/message/1"})


class KnownDevices(Devices):
    """`devices` by user; `lost` are those that the notifier said are gone."""

    def __init__(self, devices: Mapping[str, Sequence[Device]]) -> None:
        self.devices = devices
        self.lost: list[Device] = []
        self.key = text_of(b"k" * 32)

    async def of(self, user: str) -> Sequence[Device]:
        return self.devices.get(user, ())

    async def gone(self, device: Device) -> None:
        self.lost.append(device)

    async def signing_key(self) -> str:
        return self.key


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@asynccontextmanager
async def fake_push_service() -> AsyncIterator[FakePushService]:
    async with fake_provider() as provider:
        yield FakePushService(provider)
