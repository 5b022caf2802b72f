"""Web Push as Sentinel has it: whose devices there are, and the key that its messages are signed
with."""

import base64
from collections.abc import Sequence
from functools import partial

from sentinel.api import Device, Devices
from sentinel.store import meta, push_devices
from sentinel.store.database import Database


class StoredDevices(Devices):
    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = ""

    async def of(self, user: str) -> Sequence[Device]:
        return await self._database.read(partial(push_devices.of_name, user=user))

    async def gone(self, device: Device) -> None:
        await self._database.write(partial(push_devices.forget, endpoint=device.endpoint))

    async def signing_key(self) -> str:
        self._key = self._key or _text(await self._database.write(meta.push_key))
        return self._key


async def public_key(devices: Devices) -> str:
    """What a browser has to be told before it takes messages: the point that belongs to the key,
    base64url. Raises ImportError without the extra `webpush`."""
    # It comes with the extra, and so is not there in every installation.
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw = base64.urlsafe_b64decode(await devices.signing_key() + "=")
    key = ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1())
    return _text(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
