import asyncio
import gzip
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from sentinel.api import Credentials, Intake, Invalid, Overloaded, Receiver, Request, SentinelError
from sentinel.errors import ConfigError, StoreError
from sentinel.web.intake import Limits

Post = Callable[..., Coroutine[Any, Any, Any]]
ENVELOPE = "/api/1/envelope/"
ERRORS = "/api/v1/errors"


class Probing(Receiver):
    """Gives one empty intake, after doing what the test says."""

    name = "probing"
    paths = ("/probing/{thing}/",)

    def __init__(self, act: Callable[[Request], Any] = lambda request: None) -> None:
        self.act = act

    def credentials(self, request: Request) -> Credentials:
        return Credentials(None, request.query.get("key"))

    def decode(self, request: Request) -> Intake:
        self.act(request)
        return Intake(items=[], reply={"ok": True})

    def refusal_headers(self, error: SentinelError) -> Mapping[str, str]:
        return {"X-Why": str(error)}


@pytest.mark.parametrize("path", ["/api/1/envelope/", "/api/1/envelope", "/api/shop/envelope/"])
async def test_an_event_is_accepted_for_the_project_of_its_key(
    pipeline: Any, request_to: Post, envelope: Any, key: str, path: str
) -> None:
    body = envelope(({"type": "event"}, b'{"message":"it broke"}'))
    reply = await request_to(pipeline.app(), path, body, query=f"sentry_key={key}")
    project, item = pipeline.accepted[0]
    assert (reply.status, reply.body) == (200, {"id": item.id})
    assert (project, item.message) == ("shop", "it broke")
    assert pipeline.counted == [("sentry", "accepted")]


async def test_the_store_endpoint_is_served(pipeline: Any, request_to: Post, key: str) -> None:
    auth = {"x-sentry-auth": f"Sentry sentry_key={key}"}
    reply = await request_to(pipeline.app(), "/api/1/store/", b'{"message":"x"}', headers=auth)
    assert reply.status == 200
    assert pipeline.accepted[0][1].message == "x"


async def test_plain_errors_are_accepted(pipeline: Any, request_to: Post, key: str) -> None:
    body = b'[{"message": "x"}, {"message": "y"}]'
    reply = await request_to(pipeline.app(), ERRORS, body, headers={"x-sentinel-key": key})
    assert reply.body == {"ids": [item.id for _, item in pipeline.accepted]}


async def test_a_compressed_body_is_unpacked(pipeline: Any, request_to: Post, key: str) -> None:
    headers = {"x-sentinel-key": key, "content-encoding": "gzip"}
    body = gzip.compress(b'{"message": "x"}')
    assert (await request_to(pipeline.app(), ERRORS, body, headers=headers)).status == 200


async def test_a_large_body_is_taken_as_well(pipeline: Any, request_to: Post, key: str) -> None:
    body = json.dumps({"message": "x" * 500_000}).encode()
    reply = await request_to(pipeline.app(), ERRORS, body, headers={"x-sentinel-key": key})
    assert reply.status == 200


async def test_a_key_within_the_envelope_is_enough(
    pipeline: Any, request_to: Post, envelope: Any, key: str
) -> None:
    body = envelope(
        ({"type": "event"}, b"{}"), headers={"dsn": f"https://{key}@sentinel.example.com/1"}
    )
    assert (await request_to(pipeline.app(), ENVELOPE, body)).status == 200
    assert pipeline.asked == [Credentials("1", key)]


@pytest.mark.parametrize(
    ("query", "status", "id"),
    [("", 401, "unauthorized"), ("sentry_key=wrong", 403, "forbidden")],
)
async def test_a_missing_key_is_401_and_a_wrong_one_403(
    pipeline: Any, request_to: Post, envelope: Any, query: str, status: int, id: str
) -> None:
    body = envelope(({"type": "event"}, b"{}"))
    reply = await request_to(pipeline.app(), ENVELOPE, body, query=query)
    assert (reply.status, reply.body["error"]["id"]) == (status, id)
    assert pipeline.accepted == []


async def test_a_wrong_key_is_refused_before_the_body_is_read(
    pipeline: Any, request_to: Post
) -> None:
    reply = await request_to(
        pipeline.app(), ENVELOPE, query="sentry_key=wrong", headers={}, chunks=[]
    )
    assert reply.status == 403


async def test_without_a_key_in_front_only_a_small_body_is_read(
    pipeline: Any, request_to: Post
) -> None:
    app = pipeline.app(limits=Limits(anonymous=10))
    assert (await request_to(app, ENVELOPE, b"x" * 11)).status == 413
    bomb = gzip.compress(b"{" + b" " * 10_000)
    app = pipeline.app(limits=Limits(anonymous=5_000))
    assert (
        await request_to(app, ENVELOPE, bomb, headers={"content-encoding": "gzip"})
    ).status == 413


async def test_a_bad_body_is_400_with_the_reason(pipeline: Any, request_to: Post, key: str) -> None:
    reply = await request_to(pipeline.app(), ENVELOPE, b"x", query=f"sentry_key={key}")
    assert reply.status == 400
    assert reply.body["error"]["id"] == "invalid"
    assert reply.body["error"]["text"].startswith("the envelope header is not valid JSON")
    assert reply.headers["x-sentry-error"] == reply.body["error"]["text"]
    assert pipeline.counted == [("sentry", "invalid")]


async def test_an_unknown_encoding_is_400(pipeline: Any, request_to: Post, key: str) -> None:
    headers = {"x-sentinel-key": key, "content-encoding": "compress"}
    assert (await request_to(pipeline.app(), ERRORS, b"{}", headers=headers)).status == 400


async def test_a_declared_length_beyond_the_limit_is_413_before_reading(
    pipeline: Any, request_to: Post, key: str
) -> None:
    headers = {"x-sentinel-key": key, "content-length": "99999999999"}
    reply = await request_to(pipeline.app(), ERRORS, headers=headers, chunks=[])
    assert (reply.status, reply.body["error"]["id"]) == (413, "too-large")


@pytest.mark.parametrize("length", ["-1", "1e3", "", "²"])
async def test_an_odd_content_length_is_400(
    pipeline: Any, request_to: Post, key: str, length: str
) -> None:
    headers = {"x-sentinel-key": key, "content-length": length}
    reply = await request_to(pipeline.app(), ERRORS, b"{}", headers=headers)
    assert reply.status == 400


async def test_a_body_in_chunks_is_held_to_the_limit(
    pipeline: Any, request_to: Post, key: str
) -> None:
    app = pipeline.app(limits=Limits(body=10))
    chunks = [{"type": "http.request", "body": b"x" * 6, "more_body": True}] * 2
    reply = await request_to(app, ERRORS, headers={"x-sentinel-key": key}, chunks=chunks)
    assert reply.status == 413


async def test_a_body_in_chunks_is_put_together(pipeline: Any, request_to: Post, key: str) -> None:
    chunks = [
        {"type": "http.request", "body": b'{"message":', "more_body": True},
        {"type": "http.request", "body": b'"x"}', "more_body": False},
    ]
    reply = await request_to(pipeline.app(), ERRORS, headers={"x-sentinel-key": key}, chunks=chunks)
    assert reply.status == 200


async def test_a_client_that_goes_away_is_counted_and_nothing_is_kept(
    pipeline: Any, request_to: Post, key: str
) -> None:
    chunks = [
        {"type": "http.request", "body": b'{"mess', "more_body": True},
        {"type": "http.disconnect"},
    ]
    app = pipeline.app()
    reply = await request_to(app, ERRORS, headers={"x-sentinel-key": key}, chunks=chunks)
    assert (reply.status, pipeline.accepted) == (0, [])
    assert pipeline.counted == [("errors", "disconnected")]


async def test_a_slow_client_is_408(pipeline: Any, key: str) -> None:
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": ERRORS,
        "query_string": b"",
        "headers": [(b"x-sentinel-key", key.encode())],
    }
    await pipeline.app(limits=Limits(read_timeout=0.01))(scope, never, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert pipeline.counted == [("errors", "too-slow")]


async def test_overload_is_429_with_the_wait_in_whole_seconds(
    pipeline: Any, request_to: Post, envelope: Any, key: str
) -> None:
    pipeline.error = Overloaded("the queue is full", 1.2)
    body = envelope(({"type": "event"}, b"{}"))
    reply = await request_to(pipeline.app(), ENVELOPE, body, query=f"sentry_key={key}")
    assert (reply.status, reply.headers["retry-after"]) == (429, "2")
    assert reply.headers["x-sentry-rate-limits"] == "2::project:overloaded"
    assert reply.body == {"error": {"id": "overloaded", "text": "the queue is full"}}


async def test_a_store_that_can_not_write_is_503(pipeline: Any, request_to: Post, key: str) -> None:
    pipeline.error = StoreError("the disk is full")
    reply = await request_to(pipeline.app(), ERRORS, b"{}", headers={"x-sentinel-key": key})
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert pipeline.counted == [("errors", "store-unavailable")]


async def test_more_requests_than_the_limit_are_429_and_room_comes_back(
    pipeline: Any, request_to: Post, key: str
) -> None:
    app = pipeline.app(limits=Limits(requests=1))
    pipeline.gate.clear()
    auth = {"x-sentinel-key": key}
    first = asyncio.create_task(request_to(app, ERRORS, b"{}", headers=auth))
    await asyncio.sleep(0)
    assert (await request_to(app, ERRORS, b"{}", headers=auth)).status == 429
    pipeline.gate.set()
    assert (await first).status == 200
    assert (await request_to(app, ERRORS, b"{}", headers=auth)).status == 200


async def test_more_bytes_under_way_than_the_limit_are_429_and_room_comes_back(
    pipeline: Any, request_to: Post, key: str
) -> None:
    app = pipeline.app(limits=Limits(held=100))
    auth = {"x-sentinel-key": key}
    large = {**auth, "content-length": "101"}
    assert (await request_to(app, ERRORS, headers=large, chunks=[])).status == 429
    body = b'{"message": "twice this fits, four times not"}'
    for _ in range(2):
        assert (await request_to(app, ERRORS, body, headers=auth)).status == 200


async def test_unpacked_bytes_count_among_those_under_way(
    pipeline: Any, request_to: Post, key: str
) -> None:
    body = gzip.compress(json.dumps({"message": "x" * 10_000}).encode())
    headers = {"x-sentinel-key": key, "content-encoding": "gzip"}
    app = pipeline.app(limits=Limits(held=9_000))
    assert (await request_to(app, ERRORS, body, headers=headers)).status == 429
    assert pipeline.accepted == []


@pytest.mark.parametrize("error", [ValueError("bug"), RecursionError(), MemoryError()])
async def test_a_decoder_that_fails_is_500_and_logged_with_its_name(
    pipeline: Any, request_to: Post, key: str, error: Exception
) -> None:
    def fail(_: Request) -> None:
        raise error

    with capture_logs() as logs:
        reply = await request_to(
            pipeline.app(Probing(fail)), "/probing/x/", b"{}", query=f"key={key}"
        )
    assert (reply.status, reply.body["error"]["id"]) == (500, "failed")
    assert "bug" not in str(reply.body)
    assert (logs[0]["receiver"], logs[0]["exc_info"]) == ("probing", error)
    assert pipeline.counted == [("probing", "failed")]


async def test_a_pipeline_that_fails_is_500(pipeline: Any, request_to: Post, key: str) -> None:
    pipeline.error = RuntimeError("bug")
    reply = await request_to(pipeline.app(), ERRORS, b"{}", headers={"x-sentinel-key": key})
    assert reply.status == 500


@pytest.mark.parametrize(("path", "allow"), [(ENVELOPE, "POST, OPTIONS"), (ERRORS, "POST")])
async def test_another_method_is_405_with_what_is_allowed(
    pipeline: Any, request_to: Post, path: str, allow: str
) -> None:
    reply = await request_to(pipeline.app(), path, method="GET")
    assert (reply.status, reply.headers["allow"]) == (405, allow)


async def test_browsers_may_ask_before_sending_an_envelope(pipeline: Any, request_to: Post) -> None:
    reply = await request_to(pipeline.app(), ENVELOPE, method="OPTIONS")
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "x-sentry-auth" in reply.headers["access-control-allow-headers"]


async def test_browsers_may_read_a_refused_envelope_but_not_the_plain_endpoint(
    pipeline: Any, request_to: Post
) -> None:
    refused = await request_to(pipeline.app(), ENVELOPE, b"{}")
    assert refused.headers["access-control-allow-origin"] == "*"
    plain = await request_to(pipeline.app(), ERRORS, b"{}")
    assert "access-control-allow-origin" not in plain.headers
    assert (await request_to(pipeline.app(), ERRORS, method="OPTIONS")).status == 405


@pytest.mark.parametrize("path", ["/", "", "/api/1/envelope/x", "/api//envelope/", "/nothing"])
async def test_an_unknown_path_is_404(pipeline: Any, request_to: Post, path: str) -> None:
    assert (await request_to(pipeline.app(), path)).status == 404


async def test_path_query_and_headers_reach_the_receiver(
    pipeline: Any, request_to: Post, key: str
) -> None:
    seen: list[Request] = []
    headers = {"x-a": "1"}
    app = pipeline.app(Probing(seen.append))
    reply = await request_to(
        app, "/probing/it", b"hi", query=f"key={key}&q=%C3%A9", headers=headers
    )
    assert reply.body == {"ok": True}
    assert (seen[0].path, seen[0].query["q"], seen[0].body) == ({"thing": "it"}, "é", b"hi")
    assert seen[0].headers["x-a"] == "1"


async def test_a_query_of_very_many_fields_is_400(pipeline: Any, request_to: Post) -> None:
    query = "&".join(f"a{n}=1" for n in range(200))
    assert (await request_to(pipeline.app(), ERRORS, b"{}", query=query)).status == 400


async def test_no_text_can_break_out_of_a_refusal_header(
    pipeline: Any, request_to: Post, key: str
) -> None:
    def refuse(_: Request) -> None:
        raise Invalid("a\r\nset-cookie: x=é")

    app = pipeline.app(Probing(refuse))
    reply = await request_to(app, "/probing/x", b"", query=f"key={key}")
    assert reply.headers["x-why"] == "a??set-cookie: x=?"


def test_two_receivers_may_not_claim_one_path(pipeline: Any) -> None:
    class Other(Probing):
        name = "other"
        paths = ("/probing/{name}",)

    with pytest.raises(ConfigError, match="probing and other both claim /probing/"):
        pipeline.app(Probing(), Other())
