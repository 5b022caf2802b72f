"""Any of the services that Apprise knows, by its own kind of address.

channels:
  matrix:
    type: apprise
    url: ${credential:matrix}

Needs `pip install 'sentinel[apprise]'`. Apprise calls its services by itself: `http.allow_private`
does not hold for them, and all it says of a failure is that there was one.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Params,
    Receipt,
    Retryable,
    Secret,
    hook,
)
from sentinel.notifiers._extras import require

if TYPE_CHECKING:
    from apprise import Apprise as Client
    from apprise import NotifyBase

# As many may hang at a time as it takes to leave everything else of Sentinel alone.
_WORKERS = 4


class AppriseParams(Params, frozen=True):
    url: Annotated[
        Secret,
        Meta(description="Apprise's address of a service, such as `matrixs://…` or `ntfy://…`."),
    ]
    full: Annotated[
        bool, Meta(description="The whole message; false for its subject and links alone.")
    ] = True

    def __post_init__(self) -> None:
        require("apprise", "apprise")
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", self.url.reveal()):
            raise ValueError("url: expected an address such as ntfy://…, with one service")
        if _service_of(self.url.reveal()) is None:
            raise ValueError("url: expected an address that Apprise knows, of one service")


class Apprise(Notifier[AppriseParams]):
    type = "apprise"
    summary = "Any service that the library Apprise knows: Matrix, ntfy, Gotify, Pushover and more."
    Params = AppriseParams
    timeout = 60.0
    capabilities = Capabilities(rate=60)

    def __init__(self, params: AppriseParams, context: Context) -> None:
        super().__init__(params, context)
        self._client: Client | None = None
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="apprise")

    async def start(self) -> None:
        import apprise

        service = _service_of(self.params.url.reveal())
        assert service is not None, "the parameters have tried it"
        self._client = apprise.Apprise()
        self._client.add(service)

    async def stop(self) -> None:
        # What hangs ends by the time-out that Apprise itself sets for each call.
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def send(self, message: Message) -> Receipt:
        if self._client is None:
            raise Retryable("the channel has not been started")
        notify = partial(
            self._client.notify,
            title=message.subject,
            body=_body(message, self.params.full),
            notify_type=_kind(message),
            body_format="text",
        )
        if not await asyncio.get_running_loop().run_in_executor(self._workers, notify):
            raise Retryable("Apprise could not hand it over")
        return Receipt(detail="handed over by Apprise")


def _service_of(url: str) -> "NotifyBase | None":
    """None for what Apprise does not understand. The first time it loads all that it knows: half a
    second, most of which is the disk's."""
    import apprise

    # Its log lines, and those of the library below it, may hold the whole address.
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logging.getLogger("urllib3").setLevel(logging.INFO)
    found: NotifyBase | None = apprise.Apprise.instantiate(url)
    return found


def _body(message: Message, full: bool) -> str:
    text = message.text.strip() if full else ""
    links = [f"{choice.label}: {choice.url}" for choice in message.choices]
    address = [] if full or not message.url else [message.url]
    return "\n".join(filter(None, (text, *address, *links))) or message.subject


def _kind(message: Message) -> str:
    if message.reason in ("resolved", "test", "drill"):
        return "success"
    return {"critical": "failure", "warning": "warning"}.get(message.severity, "info")


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Apprise)
