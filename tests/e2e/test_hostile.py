"""Input that means harm: none of it is kept by mistake, holds up the others or reaches a person
as anything but text."""

import asyncio
import gzip
import json
import resource
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

import pytest

from tests.e2e.connection import Connection, Reply, envelope, event, report, send_once
from tests.e2e.daemon import Daemon, sentinel
from tests.e2e.polling import until
from tests.e2e.senders import Senders, Sent, a_batch
from tests.e2e.world import World

RULES = """
rules:
  - alert: Fatal
    on: error
    where: {level: fatal}
    by: [code]
    labels: {severity: critical}
    annotations: {summary: "{code}: {title}"}
"""
SMALL = """
limits: {max_body: 200KB, max_decompressed: 1MB, queue_signals: 1}
projects:
  limited: {quota: 5}
"""
CRAFTED = "Broken\r\nBcc: mallory@example.net\r\n\r\n<script>alert(1)</script><img src=x onerror=y>"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("hostile")) as world:
        world.configure(RULES, SMALL)
        world.daemon.start()
        yield world
        assert world.daemon.running.poll() is None
        world.assert_sound()


@pytest.fixture
def connection(world: World) -> Iterator[Connection]:
    with closing(Connection(world.daemon.dsn())) as connection:
        yield connection


def raw(daemon: Daemon, *parts: bytes) -> bytes:
    """The head of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", daemon.port), 10) as plain:
        for part in parts:
            plain.sendall(part)
        return plain.recv(4096)


def head(connection: Connection, *more: str) -> bytes:
    lines = [
        f"POST /api/{connection.project}/envelope/?sentry_key={connection.key} HTTP/1.1",
        "Host: localhost",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def post(connection: Connection, body: bytes, **headers: str) -> Reply:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/api/{connection.project}/envelope/?sentry_key={connection.key}"
    return connection.post(path, body, found)


def peak_memory(daemon: Daemon) -> int:
    """In bytes, since the start of the process."""
    status = Path(f"/proc/{daemon.running.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_a_body_that_says_it_is_huge_is_refused_before_it_is_sent(
    world: World, connection: Connection
) -> None:
    answer = raw(world.daemon, head(connection, "Content-Length: 999999999999"))
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_head_without_end_is_refused_and_not_kept(world: World, connection: Connection) -> None:
    """Whether it is one endless header, many short ones or an endless path."""
    start = head(connection).removesuffix(b"\r\n")
    for endless in (start + b"X: " + b"a" * 100_000, start + b"X: a\r\n" * 20_000):
        assert raw(world.daemon, endless).startswith(b"HTTP/1.1 431 ")
    assert raw(world.daemon, b"GET /" + b"a" * 100_000).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_does_not_say_so_is_refused_once_it_is_too_large(
    world: World, connection: Connection
) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    answer = raw(world.daemon, head(connection, "Transfer-Encoding: chunked"), chunk * 4)
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_refused_without_being_unpacked(
    world: World, connection: Connection, layers: int
) -> None:
    bomb = bytes(100_000_000)
    for _ in range(layers):
        bomb = gzip.compress(bomb, 9)
    before = peak_memory(world.daemon)
    reply = post(connection, bomb, content_encoding=", ".join(["gzip"] * layers))
    assert (reply.status, reply.error) == (413, "too-large")
    assert peak_memory(world.daemon) - before < 20_000_000


def test_deep_nesting_is_refused_and_survived(connection: Connection) -> None:
    deep = b'{"event_id":"%s","extra":%s1%s}' % (b"a" * 32, b'{"a":' * 20_000, b"}" * 20_000)
    reply = post(connection, b'{}\n{"type":"event"}\n' + deep + b"\n")
    assert reply.status == 400


def test_a_wrong_key_is_refused_and_not_shown(world: World, connection: Connection) -> None:
    connection.key = "0123456789abcdef" * 2
    reply = connection.send_events(event("A_CODE"))
    assert (reply.status, reply.error) == (403, "forbidden")
    assert connection.key.encode() not in reply.body
    assert connection.key not in world.daemon.log.read_text()


def test_the_key_of_another_project_does_not_open_this_one(
    world: World, connection: Connection
) -> None:
    world.daemon.dsn("limited")
    connection.project = "999"
    assert connection.send_events(event("A_CODE")).status == 403


def test_no_key_at_all_is_refused(connection: Connection) -> None:
    reply = connection.post("/api/v1/errors", json.dumps(report("A_CODE")).encode())
    assert (reply.status, reply.error) == (401, "unauthorized")


@pytest.mark.parametrize("path", ["/api/1/unknown/", "/../etc/passwd", "/%00", "/" + "a" * 8000])
def test_a_path_that_is_not_there_is_refused(connection: Connection, path: str) -> None:
    assert connection.post(path, b"").status in (404, 405)


def test_what_is_no_http_is_refused(world: World) -> None:
    assert raw(world.daemon, b"\x16\x03\x01\x02\x00hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_quota_that_is_used_up_says_until_when(world: World) -> None:
    dsn = world.daemon.dsn("limited")
    statuses = [send_once(dsn, event("A_CODE")).status for _ in range(5)]
    assert statuses == [200] * 5
    reply = send_once(dsn, event("A_CODE"))
    assert (reply.status, reply.error) == (429, "overloaded")
    seconds = int(reply.headers["retry-after"])
    assert 1 <= seconds <= 12
    assert reply.headers["x-sentry-rate-limits"].startswith(f"{seconds}::project")
    # The others are not held back by it.
    assert send_once(world.daemon.dsn(), event("A_CODE")).status == 200


def test_a_full_queue_refuses_and_loses_nothing(world: World) -> None:
    def batch(random: Random) -> Sent:
        return a_batch(*(report("QUEUE_CODE", f"row {random.random()}") for _ in range(20)))

    with Senders(world.daemon.dsn(), batch, connections=16) as senders:
        until(lambda: 429 in senders.refused, "the queue is full", 30)
        senders.finish()
    assert set(senders.refused) == {429}
    query = "SELECT lower(hex(id)) FROM signals WHERE code = 'QUEUE_CODE'"
    assert sorted(id for (id,) in world.daemon.ask(query)) == sorted(senders.answered)


def test_bodies_that_never_end_hold_up_nobody(world: World, connection: Connection) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            slow = socket.create_connection(("127.0.0.1", world.daemon.port), 10)
            stack.callback(slow.close)
            slow.sendall(head(connection, "Content-Length: 100") + b"{")
        began = time.monotonic()
        assert send_once(world.daemon.dsn(), event("A_CODE")).status == 200
        assert world.daemon.get("/readyz")[0] == 200
        assert time.monotonic() - began < 5.0


async def test_a_thousand_connections_at_once_are_all_answered(
    world: World, connection: Connection
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2000:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    opened = asyncio.Semaphore(200)
    everyone = asyncio.Barrier(1000)
    sent = [event("CROWD_CODE") for _ in range(1000)]

    async def one(number: int) -> bytes:
        async with opened:
            reader, writer = await asyncio.open_connection("127.0.0.1", world.daemon.port)
        try:
            body = envelope(sent[number])
            await everyone.wait()
            writer.write(head(connection, f"Content-Length: {len(body)}") + body)
            return (await reader.readline()).split()[1]
        finally:
            writer.close()

    async with asyncio.timeout(60):
        statuses = await asyncio.gather(*(one(number) for number in range(1000)))
    assert set(statuses) <= {b"200", b"429"}
    taken = {e["event_id"] for e, s in zip(sent, statuses, strict=True) if s == b"200"}
    assert taken
    query = "SELECT lower(hex(id)) FROM signals WHERE code = 'CROWD_CODE'"
    assert {id for (id,) in world.daemon.ask(query)} == taken


def test_an_event_cannot_write_the_headers_or_the_markup_of_a_mail(
    world: World, connection: Connection
) -> None:
    crafted = report(CRAFTED, CRAFTED, level="fatal", tenant=CRAFTED, type=CRAFTED)
    assert connection.send_reports(crafted).status == 200
    [mail] = until(lambda: list(world.mailbox.mails), "the mail has arrived")
    assert mail.recipients == ["alice@example.com"]
    names = Counter(name.lower() for name, _ in mail.parsed.items())
    assert "bcc" not in names
    assert names["subject"] == names["to"] == names["from"] == 1
    assert "Broken Bcc: mallory@example.net" in str(mail.parsed["Subject"])
    assert str(mail.parsed["To"]) == "alice@example.com"
    html = mail.part("html")
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert "Broken" in mail.part("plain")


def test_an_event_cannot_steer_the_terminal_of_who_lists_it(
    world: World, connection: Connection
) -> None:
    text = "\x1b[2J\x1b]0;gone\x07 [bold]not markup[/bold]"
    assert connection.send_reports(report("TERMINAL_CODE", text)).status == 200
    done = sentinel("errors", "TERMINAL_CODE", "--state-dir", world.daemon.state_dir)
    assert done.returncode == 0
    assert "TERMINAL_CODE" in done.stdout
    assert not {"\x1b", "\x07"} & set(done.stdout)
    assert "[bold]" in "".join(done.stdout.split("\n"))
