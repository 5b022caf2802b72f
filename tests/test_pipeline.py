"""What the spine promises while signals wait to be stored."""

import asyncio
import contextlib
import gc
import os
import tracemalloc
from pathlib import Path
from typing import Any

from sentinel.clock import SystemClock
from sentinel.ingest.event import to_error
from sentinel.installation import require
from sentinel.pipeline import Pipeline
from sentinel.store.database import Database


def event(number: int) -> dict[str, Any]:
    """About 40 KB as Python objects."""
    frames = [{"filename": f"f{n}.py", "function": "f", "lineno": number + n} for n in range(100)]
    return {"exception": {"values": [{"type": "Boom", "stacktrace": {"frames": frames}}]}}


async def test_errors_that_wait_to_be_stored_are_packed(tmp_path: Path) -> None:
    config = tmp_path / "sentinel.yaml"
    config.write_text("channels: {console: {type: console}}")
    found, _ = require(config, os.environ)
    database = Database(tmp_path / "state")
    # Nobody runs it, so everything waits.
    pipeline = Pipeline(database, found.setup(b"key"), SystemClock(), lambda _: None)

    async def sender(number: int) -> None:
        errors: list[Any] = [to_error(event(number), id=f"{number:032x}", size=10_000)]
        await pipeline.accept("shop", errors)

    async def wait(first: int, number: int) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(sender(n)) for n in range(first, first + number)]
        await asyncio.sleep(0.0)
        gc.collect()
        return tasks

    waiting = await wait(0, 20)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    waiting += await wait(20, 100)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 100 < 10_000
    for task in waiting:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    database.close()
