"""Stopping loses nothing and does not take long; a restart under socket activation is not even
noticed by those who send."""

import http.client
import re
import socket
import time
from threading import Event, Thread
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from tests.e2e.connection import event, send_once
from tests.e2e.polling import until
from tests.e2e.senders import Senders
from tests.e2e.world import World

# What systemd would wait for is 90 s; nobody should have to.
_SOON = 8.0
_PASSWORD = "four words are enough here"


@pytest.fixture
def running(world: World) -> World:
    world.configure("")
    world.daemon.start()
    return world


def stored(world: World) -> set[str]:
    return {id for (id,) in world.daemon.ask("SELECT lower(hex(id)) FROM signals")}


def test_a_stop_under_load_stores_all_that_was_answered(running: World) -> None:
    with Senders(running.daemon.dsn()) as senders:
        senders.wait_answered(200)
        began = time.monotonic()
        assert running.daemon.stop() == 0
        assert time.monotonic() - began < _SOON
    # The write-ahead log has been folded in: one file is the whole of it.
    assert not list(running.daemon.state_dir.glob("sentinel.db-wal"))
    assert senders.answered - stored(running) == set()
    assert set(senders.refused) <= {429}
    assert [line["event"] for line in running.daemon.log_lines()][-2:] == ["stopping", "stopped"]
    running.assert_sound()


def test_idle_connections_and_half_sent_requests_do_not_hold_up_a_stop(running: World) -> None:
    idle = http.client.HTTPConnection("127.0.0.1", running.daemon.port, timeout=10)
    idle.request("GET", "/healthz")
    assert idle.getresponse().read()
    with socket.create_connection(("127.0.0.1", running.daemon.port), 10) as half:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        began = time.monotonic()
        assert running.daemon.stop() == 0
        assert time.monotonic() - began < _SOON
    idle.close()


def test_an_open_page_does_not_hold_up_a_stop(running: World) -> None:
    with signed_in(running).open(f"{running.daemon.url}/live", timeout=10) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.readline() == b"retry: 3000\n"
        began = time.monotonic()
        assert running.daemon.stop() == 0
        assert time.monotonic() - began < _SOON
        # It was ended in order, not broken off.
        assert stream.read() == b"\n"


def signed_in(world: World) -> OpenerDirector:
    """As the first administrator, by the link that the first start prints."""
    browser = build_opener(HTTPCookieProcessor())
    link = re.search(r"http://\S+/welcome/\S+", world.daemon.log.read_text())
    assert link is not None
    with browser.open(link[0], timeout=10) as page:
        form = re.search(r'name="csrf" value="([^"]+)"', page.read().decode())
    assert form is not None
    fields = {"csrf": form[1], "password": _PASSWORD, "again": _PASSWORD}
    browser.open(link[0], urlencode(fields).encode(), timeout=30).close()
    return browser


def test_connections_made_during_a_restart_are_served_after_it(running: World) -> None:
    """The socket is the service manager's, so it is open also while nobody serves."""
    dsn = running.daemon.dsn()
    assert running.daemon.stop() == 0
    one = event("WHILE_DOWN")
    statuses: list[int] = []
    begun = Event()

    def send() -> None:
        begun.set()
        statuses.append(send_once(dsn, one).status)

    sender = Thread(target=send)
    sender.start()
    assert begun.wait(5)
    running.daemon.start()
    sender.join(20)
    assert statuses == [200]
    assert stored(running) == {one["event_id"]}


def test_a_second_signal_to_stop_changes_nothing(running: World) -> None:
    running.daemon.running.terminate()
    assert running.daemon.stop(_SOON) == 0


def test_what_was_to_be_sent_is_sent_after_the_restart(world: World) -> None:
    world.configure(
        "rules: [{alert: Page, on: error, labels: {severity: critical}, timeframe: 1h}]\n"
    )
    world.mailbox.refusal = "451 4.3.0 come back later"
    world.daemon.start()
    assert send_once(world.daemon.dsn(), event("PAGE_ME")).status == 200
    until(lambda: world.hooks.calls, "the webhook was called")
    until(
        lambda: world.daemon.ask("SELECT 1 FROM deliveries WHERE attempts > 0 AND state='pending'"),
        "the mail was tried in vain",
    )
    assert world.daemon.stop() == 0
    world.mailbox.refusal = None
    world.daemon.start()
    until(lambda: world.mailbox.mails, "the mail has arrived", 30)
    world.wait_sent()
    assert len(world.hooks.calls) == 1
