import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.probes.certificates import Tls
from tests.probes.conftest import Serve, Site, http

from sentinel import net
from sentinel.api import Context, Metric, SentinelError, Status
from sentinel.clock import SystemClock
from sentinel.config.loader import load_config
from sentinel.config.write_schemas import built_in_registry
from sentinel.model.values import to_record
from sentinel.probes.http import HttpParams, HttpProbe
from sentinel.testing.clock import FakeClock

MakeContext = Callable[..., Context]
Look = Callable[..., Any]


@pytest.fixture
def look(context: MakeContext) -> Look:
    async def once(
        target: Site | str, clock: FakeClock | None = None, **params: Any
    ) -> tuple[Status, dict[str, float]]:
        url = target if isinstance(target, str) else target.url()
        probe = HttpProbe(to_record(HttpParams, {"url": url, **params}), context(clock))
        await probe.start()
        try:
            status, *metrics = await probe.probe()
        finally:
            await probe.stop()
        assert isinstance(status, Status)
        return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}

    return once


async def test_an_address_that_answers_is_up_and_its_latency_is_measured(
    serve: Serve, look: Look
) -> None:
    site = await serve(http(b"fine"))
    status, metrics = await look(site)
    assert status.status == "up"
    assert status.message.startswith("200 OK in ")
    assert status.latency == metrics["http.latency"] > 0


async def test_a_status_outside_the_expected_range_is_down(serve: Serve, look: Look) -> None:
    status, _ = await look(await serve(http(status="503 Busy")))
    assert (status.status, status.message) == ("down", "it answered 503, expected 200-299")


async def test_an_unusual_status_can_be_the_expected_one(serve: Serve, look: Look) -> None:
    status, _ = await look(await serve(http(status="401 No")), expect_status=[204, "400-403"])
    assert status.status == "up"


async def test_a_slow_answer_is_degraded(serve: Serve, look: Look) -> None:
    clock = FakeClock()

    async def slow(writer: asyncio.StreamWriter) -> None:
        clock.advance(2.5)
        writer.write(http())

    status, metrics = await look(await serve(slow), clock)
    assert (status.status, status.message) == ("degraded", "it took 2.5 s, more than 2s")
    assert metrics == {"http.latency": 2.5}


async def test_a_server_that_drips_its_answer_is_down_in_time(serve: Serve, look: Look) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.005)

    status, _ = await look(await serve(drip), down_above="100ms")
    assert (status.status, status.message) == ("down", "no complete answer within 0.1s")


async def test_an_endless_answer_is_read_to_the_limit_only(serve: Serve, look: Look) -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    status, _ = await look(await serve(flood), contains="needle")
    expected = 'the answer, up to byte 1000000, does not contain "needle"'
    assert (status.status, status.message) == ("down", expected)
    assert sent < 10_000_000


async def test_a_server_that_speaks_no_tls_is_down_with_a_reason(look: Look) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        status, _ = await look(f"https://127.0.0.1:{port}/")
    assert status.status == "down"
    assert not status.message.endswith(": ")


async def test_a_refused_connection_is_down_and_says_so(look: Look) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    status, metrics = await look(f"http://127.0.0.1:{port}/?token=hunter2")
    assert status.status == "down"
    assert f"no connection to 127.0.0.1:{port}" in status.message
    assert "hunter2" not in status.message
    assert metrics == {}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not answer in HTTP"),
        (http(b"short", length=50), "broke its answer off"),
    ],
)
async def test_a_broken_answer_is_down(
    serve: Serve, look: Look, sent: bytes, expected: str
) -> None:
    status, _ = await look(await serve(sent))
    assert status.status == "down"
    assert expected in status.message


async def test_a_body_without_the_text_is_down(serve: Serve, look: Look) -> None:
    site = await serve(http(b"all good"))
    assert (await look(site, contains="good"))[0].status == "up"
    status, _ = await look(site, contains="bad")
    assert (status.status, status.message) == ("down", 'the answer does not contain "bad"')


async def test_a_body_is_held_against_a_regular_expression(serve: Serve, look: Look) -> None:
    site = await serve(http(b"queue: 17 jobs"))
    assert (await look(site, matches=r"queue: \d+ jobs"))[0].status == "up"
    assert (await look(site, matches=r"queue: \d jobs"))[0].status == "down"


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"status": "ok", "checks.1.name": "db", "depth": 3, "ready": True}, None),
        ({"status": "bad"}, 'status is "ok", expected "bad"'),
        ({"checks.7.name": "db"}, "the answer has no checks.7.name"),
        ({"status.deeper": "ok"}, "the answer has no status.deeper"),
        ({"ready": 1}, "ready is true, expected 1"),
    ],
)
async def test_json_is_compared_by_path(
    serve: Serve, look: Look, wanted: dict[str, object], complaint: str | None
) -> None:
    body = b'{"status":"ok","depth":3,"ready":true,"checks":[{},{"name":"db"}]}'
    status, _ = await look(await serve(http(body)), json=wanted)
    if complaint is None:
        assert status.status == "up"
    else:
        assert (status.status, status.message) == ("down", complaint)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 500_000, b"\xff\xfe"])
async def test_what_is_no_json_is_down(serve: Serve, look: Look, body: bytes) -> None:
    status, _ = await look(await serve(http(body)), json={"a": 1})
    assert status.status == "down"
    assert "the answer is not JSON" in status.message


async def test_an_encoded_answer_that_was_not_asked_for_is_not_unpacked(
    serve: Serve, look: Look
) -> None:
    site = await serve(http(b"\x1f\x8b" + b"\0" * 50, Content_Encoding="gzip"))
    status, _ = await look(site, contains="x")
    assert "Accept-Encoding: identity" in site.requests[0]
    assert (status.status, status.message) == (
        "down",
        "the answer is encoded with gzip, which was not asked for",
    )


COUNTS = b"""{"counts": {"companies": 95, "debt": -2.5, "many": "lots", "open": true, "none": null,
 "huge": 1%s}, "queues": [{"age": 12}]}""" % (b"0" * 400)


async def test_numbers_in_a_json_answer_become_metrics(serve: Serve, look: Look) -> None:
    wanted = {
        "db.companies": "counts.companies",
        "debt": "$.counts.debt",
        "queue.age": {"path": "queues.0.age", "unit": "s"},
    }
    status, metrics = await look(await serve(http(COUNTS)), metrics=wanted)
    del metrics["http.latency"]
    assert status.status == "up"
    assert metrics == {"db.companies": 95.0, "debt": -2.5, "queue.age": 12.0}


async def test_a_number_of_an_answer_has_its_unit(serve: Serve, context: MakeContext) -> None:
    site = await serve(http(COUNTS))
    age = {"queue.age": {"path": "queues.0.age", "unit": "s"}, "companies": "counts.companies"}
    params = to_record(HttpParams, {"url": site.url(), "metrics": age})
    found = await HttpProbe(params, context()).probe()
    units = {one.name: one.unit for one in found if isinstance(one, Metric)}
    assert units == {"http.latency": "s", "queue.age": "s", "companies": None}


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("counts.many", 'counts.many is "lots", expected a number'),
        ("counts.open", "counts.open is true, expected a number"),
        ("counts.none", "counts.none is null, expected a number"),
        ("counts", "counts is {"),
        ("counts.huge", "counts.huge is 1"),
        ("counts.contacts", "the answer has no counts.contacts"),
    ],
)
async def test_what_is_no_number_is_degraded_and_the_others_are_read(
    serve: Serve, look: Look, path: str, complaint: str
) -> None:
    wanted = {"wrong": path, "companies": "counts.companies"}
    status, metrics = await look(await serve(http(COUNTS)), metrics=wanted)
    assert status.status == "degraded"
    assert status.message.startswith(complaint)
    assert "wrong" not in metrics
    assert metrics["companies"] == 95


async def test_many_numbers_that_are_not_there_are_told_of_in_short(
    serve: Serve, look: Look
) -> None:
    wanted = {f"n{number}": f"gone.{number}" for number in range(50)}
    status, _ = await look(await serve(http(b"{}")), metrics=wanted)
    assert status.message.endswith("the answer has no gone.2, and 47 more numbers are not there")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (http(b"<html>"), "the answer is not JSON"),
        (http(b"[" * 500_000), "the answer is not JSON"),
        (http(b" " * 1_000_001), "too long to be read as JSON"),
        (http(b"\x1f\x8b", Content_Encoding="gzip"), "encoded with gzip"),
    ],
)
async def test_an_answer_without_readable_numbers_is_degraded(
    serve: Serve, look: Look, answer: bytes, complaint: str
) -> None:
    status, metrics = await look(await serve(answer), metrics={"companies": "counts.companies"})
    assert status.status == "degraded"
    assert complaint in status.message
    assert list(metrics) == ["http.latency"]


@pytest.mark.parametrize(
    ("answer", "params"),
    [
        (http(b'{"companies": 0}', status="500 Oops"), {}),
        (http(b'{"companies": 0, "ready": false}'), {"json": {"ready": True}}),
    ],
)
async def test_what_a_server_in_trouble_counts_is_not_read(
    serve: Serve, look: Look, answer: bytes, params: dict[str, Any]
) -> None:
    status, metrics = await look(await serve(answer), metrics={"companies": "companies"}, **params)
    assert status.status == "down"
    assert list(metrics) == ["http.latency"]


async def test_a_redirect_is_followed(serve: Serve, look: Look) -> None:
    site = await serve(http(status="302 Found", Location="/new"), new=http(b"here"))
    status, _ = await look(site, contains="here")
    assert status.status == "up"


async def test_a_redirect_can_be_the_answer(serve: Serve, look: Look) -> None:
    site = await serve(http(status="302 Found", Location="/new"))
    status, _ = await look(site, follow_redirects=False, expect_status=[302])
    assert status.status == "up"


async def test_a_redirect_in_a_circle_is_down(serve: Serve, look: Look) -> None:
    site = await serve(http(status="302 Found", Location="/"))
    status, _ = await look(site)
    assert (status.status, status.message) == ("down", "more than 5 redirects")
    assert len(site.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://[", "ftp://example.com/"])
async def test_a_redirect_to_another_kind_of_address_is_down(
    serve: Serve, look: Look, target: str
) -> None:
    status, _ = await look(await serve(http(status="302 Found", Location=target)))
    assert status.status == "down"
    assert "it redirects to" in status.message


async def test_secret_headers_do_not_follow_a_redirect_to_another_site(
    serve: Serve, look: Look
) -> None:
    other = await serve(http(b"other"))
    site = await serve(http(status="302 Found", Location=other.url()))
    status, _ = await look(site, headers={"X-Api-Key": "hunter2"})
    assert status.status == "up"
    assert "hunter2" in site.requests[0]
    assert "hunter2" not in other.requests[0]


async def test_a_post_that_is_sent_elsewhere_becomes_a_get(serve: Serve, look: Look) -> None:
    site = await serve(http(status="303 See Other", Location="/new"), new=http())
    await look(site, method="POST")
    assert [head.split()[0] for head in site.requests] == ["POST", "GET"]


@pytest.mark.parametrize(
    "params",
    [
        {"url": "ftp://example.com/"},
        {"url": "https://alice:hunter2@example.com/"},
        {"url": "https://:443/"},
        {"url": "https://example.com/", "matches": "(unclosed"},
        {"url": "https://example.com/", "matches": r"(a)\1"},
        {"url": "https://example.com/", "expect_status": ["2xx"]},
        {"url": "https://example.com/", "expect_status": [99]},
        {"url": "https://example.com/", "json": {"checks[0].name": "db"}},
        {"url": "https://example.com/", "metrics": {"n": "$..count"}},
        {"url": "https://example.com/", "metrics": {"n": ""}},
        {"url": "https://example.com/", "metrics": {"n": "$"}},
        {"url": "https://example.com/", "metrics": {"Number Of": "count"}},
        {"url": "https://example.com/", "metrics": {"http.latency": "count"}},
        {"url": "https://example.com/", "metrics": {f"n{n}": "count" for n in range(51)}},
        {"url": "https://example.com/", "metrics": {"n": "count"}, "method": "HEAD"},
        {"url": "https://example.com/", "contains": "fine", "method": "HEAD"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"[Ee]xpected|Invalid URL"):
        to_record(HttpParams, params)


def test_a_wrong_key_of_a_number_is_told_by_its_name(tmp_path: Path) -> None:
    main = tmp_path / "sentinel.yaml"
    main.write_text("""
channels: {console: {type: console}}
probes: [{name: shop, type: http, url: "https://a.example/", metrics: {n: {path: a, unti: s}}}]
""")
    _, [problem] = load_config(main, built_in_registry(), {})
    assert problem.path == "probes[0].metrics.n.unti"
    assert problem.hint == "did you mean unit?"


async def test_an_address_that_may_not_be_asked_is_no_outage(serve: Serve) -> None:
    site = await serve(http())
    async with net.session(allow_private=False) as session:
        log = structlog.stdlib.get_logger()
        context = Context(name="test", clock=SystemClock(), log=log, http=session)
        probe = HttpProbe(HttpParams(url=site.url()), context)
        with pytest.raises(SentinelError, match="not public"):
            await probe.probe()


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


async def test_the_days_that_a_certificate_has_left_are_measured(
    serve: Serve, look: Look, tls: Tls
) -> None:
    site = await serve(http(), tls=tls.server(days=100))
    status, metrics = await look(site, ca_file=tls.ca_file)
    assert status.status == "up"
    assert metrics["http.certificate.days"] == pytest.approx(100, abs=0.1)


async def test_a_certificate_that_ends_soon_is_degraded(serve: Serve, look: Look, tls: Tls) -> None:
    site = await serve(http(), tls=tls.server(days=9.01))
    status, _ = await look(site, ca_file=tls.ca_file)
    assert (status.status, status.message) == ("degraded", "the certificate ends in 9.0 days")


@pytest.mark.parametrize(
    ("days", "name", "trusted", "reason"),
    [
        (-1, "127.0.0.1", True, "has expired"),
        (100, "example.com", True, "mismatch"),
        (100, "127.0.0.1", False, "unable to get local issuer certificate"),
    ],
)
async def test_a_bad_certificate_is_down_and_the_reason_is_told(
    serve: Serve, look: Look, tls: Tls, days: float, name: str, trusted: bool, reason: str
) -> None:
    site = await serve(http(), tls=tls.server(days, name))
    status, _ = await look(site, **({"ca_file": tls.ca_file} if trusted else {}))
    assert status.status == "down"
    assert reason in status.message
    assert "the certificate of 127.0.0.1" in status.message


async def test_a_server_without_tls_is_told_apart(look: Look) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http())
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        status, _ = await look(f"https://127.0.0.1:{port}/")
    assert status.status == "down"
    assert "no TLS connection" in status.message
