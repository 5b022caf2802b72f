"""Messages on standard output."""

import asyncio
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import Annotated, Any, TextIO

from msgspec import Meta

from sentinel.api import Context, Message, Notifier, Params, Receipt, Retryable, hook

_COLOURS = {"critical": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;36m"}
_CALM = "\x1b[1;32m"
_END = "\x1b[0m"
# Two channels may write to the same terminal.
_one_at_a_time = threading.Lock()


class ConsoleParams(Params, frozen=True):
    full: Annotated[
        bool, Meta(description="The whole message; false for its subject and link alone.")
    ] = True


class Console(Notifier[ConsoleParams]):
    type = "console"
    summary = "Prints messages; for trying things out and for running under a supervisor."
    Params = ConsoleParams
    timeout = 10.0

    def __init__(
        self, params: ConsoleParams, context: Context, stream: TextIO | None = None
    ) -> None:
        super().__init__(params, context)
        self._stream = stream

    async def send(self, message: Message) -> Receipt:
        # A terminal that is held, or a full pipe, must not hold up the whole program.
        await asyncio.to_thread(self._write, message)
        return Receipt(detail="printed")

    def _write(self, message: Message) -> None:
        stream = self._stream or sys.stdout
        try:
            with _one_at_a_time:
                stream.write(self._text(message, stream.isatty()))
                stream.flush()
        except (OSError, ValueError) as error:
            raise Retryable(f"can't write to the console: {error}") from error

    def _text(self, message: Message, coloured: bool) -> str:
        head = f"● {message.subject}"
        if coloured:
            colour = _CALM if message.reason == "resolved" else _COLOURS.get(message.severity, "")
            head = f"{colour}{head}{_END}"
        body = message.text if self.params.full else message.url
        return f"{head}\n{textwrap.indent(body.strip(), '  ')}\n\n"


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Console)
