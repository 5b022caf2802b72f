"""Ends a process whatever plugins leave behind.

Of its own accord Python waits at the end for tasks that ignore their cancellation and for threads
that block, as long as they last: one plugin that hangs would keep a process from ending that has
done all it had to do.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
_GRACE = 2.0


def run(main: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run, but a task that goes on though it was cancelled is left behind."""
    runner = asyncio.Runner()
    try:
        return runner.run(main)
    finally:
        left = asyncio.all_tasks(runner.get_loop())
        if left:
            runner.run(_cancelled(left))
        if not asyncio.all_tasks(runner.get_loop()):
            runner.close()


def leave() -> NoReturn:
    """End this process now, with the status 0. To be called once all that is ours is closed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def _cancelled(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_GRACE)
