"""`sentinel notify test`, beside a real daemon."""

import asyncio
import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from aiohttp import ClientSession

from sentinel.testing.twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio
from tests.e2e.daemon import Daemon, sentinel
from tests.e2e.polling import until

MAIN = """
public_url: {url}
channels:
  console: {{type: console}}
  inbox: {{type: inapp}}
  hook:
    type: webhook
    url: http://127.0.0.1:1/nobody
    secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
  sms:
    type: sms
    account_sid: {account}
    auth_token: {token}
    sender: "+441632960000"
    api_url: {twilio}
people:
  alice: {{sms: "+44 7700 900123"}}
"""


class Terminal:
    def __init__(self, folder: Path, twilio: FakeTwilio) -> None:
        self.twilio = twilio
        self.daemon = Daemon(folder / "sentinel.yaml", folder / "state", folder / "log")
        self.daemon.config.write_text(
            MAIN.format(url=self.daemon.url, account=ACCOUNT, token=TOKEN, twilio=twilio.url)
        )
        (folder / "rules").mkdir()

    async def test(self, *words: str) -> CompletedProcess[str]:
        where = ("--config", self.daemon.config, "--state-dir", self.daemon.state_dir)
        return await asyncio.to_thread(
            sentinel, "notify", "test", *words, *where, "--author", "bob"
        )


@pytest.fixture
async def terminal(tmp_path: Path) -> Any:
    async with fake_twilio() as twilio:
        terminal = Terminal(tmp_path, twilio)
        try:
            await asyncio.to_thread(terminal.daemon.start)
            yield terminal
        finally:
            terminal.daemon.close()


async def test_a_test_message_goes_through_the_daemons_outbox_and_is_audited(
    terminal: Terminal,
) -> None:
    done = await terminal.test("inbox", "--json")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert (told["channel"], told["state"], told["attempts"]) == ("inbox", "sent", 1)
    rows = terminal.daemon.ask("SELECT reason, state FROM deliveries")
    assert rows == [("test", "sent")]
    audit = terminal.daemon.ask("SELECT actor, action, object FROM audit")
    assert ("bob", "test message sent", "inbox") in audit


async def test_a_channel_that_can_not_deliver_says_why_as_it_tries(terminal: Terminal) -> None:
    done = await terminal.test("hook", "--wait", "2")
    assert done.returncode == 3
    assert "hook: pending, attempt 1: 127.0.0.1 can't be reached" in done.stdout
    assert "After 2 s no more is known. `sentinel deliveries` shows" in done.stdout


async def test_a_refusal_for_good_is_a_failure(terminal: Terminal) -> None:
    await asyncio.to_thread(
        terminal.daemon.config.write_text,
        terminal.daemon.config.read_text().replace("+44 7700 900123", "+1 500 555 0001"),
    )
    done = await terminal.test("sms", "--to", "alice")
    assert done.returncode == 1
    assert "sms to alice (…01): failed, attempt 1: Twilio refused it: 21211" in done.stdout
    assert "5550001" not in done.stdout


async def test_the_arrival_is_waited_for_where_the_provider_reports_it(
    terminal: Terminal,
) -> None:
    testing = asyncio.create_task(terminal.test("alice"))
    await terminal.twilio.provider.asked()
    query = "SELECT 1 FROM deliveries WHERE state = 'sent'"
    await asyncio.to_thread(until, lambda: terminal.daemon.ask(query), "the message is sent")
    (form,) = terminal.twilio.taken
    fields = {"MessageSid": form["Sid"], "MessageStatus": "delivered"}
    async with ClientSession() as http:
        await terminal.twilio.calls_back(http, form["StatusCallback"], fields)
    done = await testing
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("; delivered")


async def test_without_a_daemon_it_says_what_to_do(terminal: Terminal) -> None:
    await asyncio.to_thread(terminal.daemon.stop)
    done = await terminal.test("inbox")
    assert done.returncode == 1
    assert "sentinel action run test:channel:NAME" in done.stderr
