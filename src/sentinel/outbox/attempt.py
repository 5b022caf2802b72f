"""One call of a notifier, under a time-out and a catch of its own."""

import asyncio
import traceback
from typing import Any

from msgspec import Struct

from sentinel.api import Message, Notifier, Permanent, Receipt, Retryable
from sentinel.clock import Clock


class Failure(Struct, frozen=True):
    """`wish` is the wait in seconds that the provider asked for. `text` may hold secrets.
    `unreachable` says that the address itself is of no use."""

    text: str
    permanent: bool = False
    wish: float | None = None
    unreachable: bool = False


async def attempt(
    notifier: Notifier[Any], message: Message, limit: float, clock: Clock
) -> Receipt | Failure:
    """Whatever the plugin does, this returns within `limit` seconds."""
    sending = asyncio.create_task(_send(notifier, message))
    timer = asyncio.create_task(clock.sleep(limit))
    try:
        await asyncio.wait({sending, timer}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            return Failure(f"no answer within {limit:g} s")
        if sending.cancelled():
            return Failure("the plugin cancelled its own sending")
        return sending.result()
    finally:
        # A plugin that swallows the cancellation is left to itself; its result means nothing now.
        sending.cancel()
        timer.cancel()


async def _send(notifier: Notifier[Any], message: Message) -> Receipt | Failure:
    try:
        receipt: Any = await notifier.send(message)
    except Permanent as error:
        return Failure(str(error), permanent=True, unreachable=error.unreachable)
    except Retryable as error:
        return Failure(str(error), wish=error.after)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code, any failure
        return Failure(_told(error))
    if isinstance(receipt, Receipt):
        return receipt
    return Receipt(detail=f"the plugin gave {type(receipt).__name__} instead of a receipt")


def _told(error: BaseException) -> str:
    """Where it happened rather than what it says: a foreign text may hold what is private."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    file = f" of {frames[-1].filename.rpartition('/')[2]}" if frames else ""
    return f"unexpected {type(error).__name__}{where}{file}"
