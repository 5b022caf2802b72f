"""Messages inside Sentinel itself."""

from collections.abc import Callable
from typing import Any

from sentinel.api import Capabilities, Message, NoParams, Notifier, Receipt, hook


class InApp(Notifier[NoParams]):
    """The stored delivery is the message that the web interface shows; there is nobody to hand
    it to, so `send` only confirms it."""

    type = "inapp"
    summary = "Shown in the web interface, where the stored delivery itself is the message."
    capabilities = Capabilities(html=True, idempotent=True, merges=False)

    async def send(self, message: Message) -> Receipt:
        return Receipt(reference=message.key, detail="shown in the web interface")


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(InApp)
