"""A notifier that keeps its messages, and a context to create notifiers with."""

import asyncio
from collections import deque
from typing import Any

import aiohttp
import structlog

from sentinel.api import Answers, Capabilities, Context, Message, NoParams, Notifier, Receipt
from sentinel.clock import Clock


def context_for(
    clock: Clock, http: Any = None, name: str = "test", answers: Answers | None = None
) -> Context:
    """`http` is an aiohttp.ClientSession where the plugin needs one; `answers` are those of a
    notifier that is called back, such as HeardAnswers."""
    session: aiohttp.ClientSession = http
    return Context(
        name=name,
        clock=clock,
        log=structlog.get_logger("test"),
        http=session,
        answers=answers or Answers(),
        hook_url=f"https://sentinel.example.com/hooks/{name}",
    )


class MemoryNotifier(Notifier[NoParams]):
    """`accepted` holds what was taken, `attempts` every message that it was called with.

    `script` decides on the next calls, one entry each: an exception is raised, "hang" never
    returns, "take and hang" takes the message and never says so, None takes it. When the script
    is used up, all are taken.
    """

    type = "memory"
    summary = "Keeps messages in memory; for tests."
    capabilities = Capabilities(idempotent=True)

    def __init__(self, clock: Clock, params: NoParams | None = None, timeout: float = 30.0) -> None:
        super().__init__(params or NoParams(), context_for(clock))
        self.script: deque[BaseException | str | None] = deque()
        self.attempts: list[Message] = []
        self.accepted: list[Message] = []
        self.called = asyncio.Event()
        self.timeout = timeout  # type: ignore[misc]

    async def send(self, message: Message) -> Receipt:
        self.attempts.append(message)
        self.called.set()
        step = self.script.popleft() if self.script else None
        if isinstance(step, BaseException):
            raise step
        if step == "hang":
            await asyncio.Event().wait()
        self.accepted.append(message)
        if step == "take and hang":
            await asyncio.Event().wait()
        return Receipt(reference=f"memory-{len(self.accepted)}")
