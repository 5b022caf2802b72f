"""What goes on beside the path of a signal: parts that must not end, jobs that begin again, errands
that nobody waits for."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from sentinel.clock import Clock

log = structlog.get_logger("sentinel")

_AFTER_A_BUG = 60.0


def vital(
    name: str, part: Coroutine[Any, Any, None], on_failure: Callable[[], None]
) -> asyncio.Task[None]:
    """Run a part without which the daemon would only look alive: `on_failure` has to end it, so
    that whoever supervises it starts it anew."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("a part has failed", part=name, exc_info=error)
            on_failure()

    task = asyncio.create_task(part, name=name)
    task.add_done_callback(ended)
    return task


async def keep_up(job: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Begin a job again that failed: nothing else would."""
    while True:
        try:
            await job()
        except Exception as error:
            # Whatever it was, a job that has ended would be missed by nobody.
            log.error("a job has failed", job=job.__qualname__, exc_info=error)
        await clock.sleep(_AFTER_A_BUG)


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Errands:
    """Work that is begun and not waited for. What fails is logged under `complaint`."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Future[Any]] = set()

    def send(self, work: Awaitable[Any], complaint: str) -> None:
        def done(task: asyncio.Future[Any]) -> None:
            self._under_way.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error(complaint, error=str(error))

        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(done)

    async def stop(self) -> None:
        """What is under way is given up."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
