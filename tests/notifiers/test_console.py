"""The console."""

import io

import pytest
from msgspec.structs import replace

from sentinel.api import Message, NoParams, Retryable
from sentinel.notifiers.console import Console, ConsoleParams
from sentinel.notifiers.inapp import InApp
from sentinel.testing.clock import FakeClock
from sentinel.testing.notifier import context_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def console(stream: io.StringIO, full: bool = True) -> Console:
    return Console(ConsoleParams(full=full), context_for(FakeClock()), stream)


async def test_a_message_is_printed_so_that_it_can_be_read(message: Message) -> None:
    stream = io.StringIO()
    await console(stream).send(message)
    assert stream.getvalue() == (
        "● [critical] SMS_DELIVERY_FAILURE · acme\n  3 tenants affected.\n\n  Do first: look.\n\n"
    )


async def test_the_short_form_is_the_subject_and_the_link(message: Message) -> None:
    stream = io.StringIO()
    await console(stream, full=False).send(message)
    assert stream.getvalue().splitlines()[1] == "  https://sentinel.example.com/incidents/3"


async def test_only_a_terminal_gets_colours(message: Message) -> None:
    terminal, file = Terminal(), io.StringIO()
    await console(terminal).send(message)
    await console(file).send(message)
    assert terminal.getvalue().startswith("\x1b[1;31m● [critical]")
    assert "\x1b" not in file.getvalue()


async def test_an_all_clear_is_green_whatever_it_ends(message: Message) -> None:
    terminal = Terminal()
    await console(terminal).send(replace(message, reason="resolved"))
    assert terminal.getvalue().startswith("\x1b[1;32m")


async def test_a_closed_console_may_be_open_again_later(message: Message) -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(Retryable):
        await console(stream).send(message)


async def test_in_the_application_the_stored_delivery_is_the_message(message: Message) -> None:
    receipt = await InApp(NoParams(), context_for(FakeClock())).send(message)
    assert receipt.reference == message.key
