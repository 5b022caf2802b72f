"""The demo, shortened, against a server that only collects envelopes."""

import gzip
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest

ROOT = Path(__file__).resolve().parents[2]
CODES = {
    "TWILIO_API_FAILURE",
    "SMS_DELIVERY_FAILURE",
    "TWILIO_GREETING_FAILURE",
    "NOTIFICATION_SYSTEM_FAILURE",
}


def events_of(envelope: bytes) -> Iterator[dict[str, Any]]:
    lines = envelope.split(b"\n")
    for header, body in zip(lines[1::2], lines[2::2], strict=False):
        if header and json.loads(header)["type"] == "event":
            yield json.loads(body)


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    """What the unmodified SDK sent while the demo ran, the deploy that was told of left out."""
    found: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/api/v1/changes":
                changes.append(json.loads(body))
                self._answer(b'{"ids": ["a"]}')
                return
            unpack = {"gzip": gzip.decompress, "br": brotli.decompress}
            found.extend(events_of(unpack[self.headers["Content-Encoding"]](body)))
            self._answer(b"{}")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        dsn = f"http://{'a' * 32}@127.0.0.1:{server.server_port}/1"
        demo = [sys.executable, "-m", "examples.shop.demo", "--dsn", dsn]
        short = ["--healthy", "0.7", "--failing", "1.2", "--rate", "20"]
        done = subprocess.run(
            demo + short, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        server.shutdown()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert [(one["kind"], one["service"]) for one in changes] == [("deploy", "shop")]
    assert "http://127.0.0.1:8420/errors" in done.stdout
    return found


def test_the_shop_fails_with_all_its_codes(events: list[dict[str, Any]]) -> None:
    counts = Counter(event["tags"]["code"] for event in events)
    assert set(counts) == CODES
    assert counts["TWILIO_API_FAILURE"] >= counts["SMS_DELIVERY_FAILURE"]


def test_it_fails_only_after_the_deploy(events: list[dict[str, Any]]) -> None:
    assert {event["release"] for event in events} == {"shop@1.4.2"}


def test_each_error_says_whose_it_is(events: list[dict[str, Any]]) -> None:
    assert {event["tags"]["tenant"] for event in events} == {"acme", "globex"}
    assert {event["user"]["id"] for event in events} == {"alice", "bob"}
    assert {event["tags"]["service"] for event in events} == {"shop"}


def test_a_failed_sms_names_twilio_as_its_cause(events: list[dict[str, Any]]) -> None:
    failed = next(e for e in events if e["tags"]["code"] == "SMS_DELIVERY_FAILURE")
    types = [value["type"] for value in failed["exception"]["values"]]
    assert types == ["HTTPError", "TwilioApiFailure", "SmsDeliveryFailure"]
    assert "error 20003, Authenticate" in failed["exception"]["values"][1]["value"]


def test_a_confirmation_asked_for_again_is_an_unhandled_error(events: list[dict[str, Any]]) -> None:
    unhandled = [
        event
        for event in events
        if event["exception"]["values"][-1]["mechanism"].get("handled") is False
    ]
    assert {event["tags"]["code"] for event in unhandled} == {"SMS_DELIVERY_FAILURE"}


def test_the_demo_asks_for_a_dsn() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/shop/demo.py")],
        env={},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "sentinel dsn shop" in done.stderr
