"""What `sentinel.client` costs the application that uses it.

    .venv/bin/python benchmarks/client_overhead.py

Prints the time that a call takes on the caller's thread, the CPU of the whole process for each
error (worker thread included), and the throughput of a WSGI application with and without the
client, in alternating rounds, where one request in a hundred fails and is logged.
"""

import argparse
import http.server
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from sentinel.client import Client, SentinelHandler, SentinelWSGIMiddleware

KEY = "0" * 32
DEPTH = 10


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def serve() -> None:
    """The server, in a process of its own so that its work is not counted."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    print(server.server_port, flush=True)
    server.serve_forever()


class OrderFailed(Exception):
    pass


def fail(depth: int = DEPTH) -> None:
    if depth == 0:
        raise OrderFailed("card refused")
    fail(depth - 1)


def caught() -> OrderFailed:
    try:
        fail()
    except OrderFailed as problem:
        return problem
    raise AssertionError


def measure_calls(client: Client, name: str, call: Callable[[], object], times: int) -> None:
    """In bursts that fit the queue, with the worker given time to empty it in between."""
    took: list[float] = []
    cpu = time.process_time()
    while len(took) < times:
        for _ in range(500):
            start = time.perf_counter()
            call()
            took.append(time.perf_counter() - start)
        client.flush(30)
    cpu = (time.process_time() - cpu) / len(took)
    quantiles = statistics.quantiles(took, n=100)
    print(
        f"{name:34} median {statistics.median(took) * 1e6:6.1f} µs   "
        f"p95 {quantiles[94] * 1e6:6.1f} µs   whole process {cpu * 1e6:6.0f} µs CPU"
    )


def application(logger: logging.Logger) -> Callable[..., Iterable[bytes]]:
    """About a millisecond of work a request; one in a hundred fails and is logged."""
    served = 0

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        nonlocal served
        served += 1
        text = "".join(str(n * n) for n in range(6000))
        if served % 100 == 0:
            try:
                fail()
            except OrderFailed:
                logger.exception("order %d failed", served)
        return [text[:100].encode()]

    return app


def round_of(app: Callable[..., Iterable[bytes]], requests: int) -> tuple[float, float]:
    """Seconds of wall-clock time, and of CPU time of all threads, for so many requests."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/orders/7",
        "QUERY_STRING": "page=2",
        "HTTP_HOST": "shop.example",
        "wsgi.url_scheme": "http",
    }
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(requests):
        list(app(dict(environ), None))
    return time.perf_counter() - start, time.process_time() - cpu


def measure_throughput(client: Client, rounds: int, requests: int) -> None:
    plain, reporting = logging.Logger("plain"), logging.Logger("reporting")
    plain.addHandler(logging.NullHandler())
    reporting.addHandler(SentinelHandler(client))
    without = application(plain)
    with_client = SentinelWSGIMiddleware(application(reporting), client)
    losses: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        rounds_of_three = [round_of(app, requests) for app in (without, with_client, without)]
        for loss, before, during, after in zip(losses, *rounds_of_three, strict=True):
            loss.append(1 - (before + after) / 2 / during)
    for loss, clock in zip(losses, ("wall-clock", "CPU"), strict=True):
        low, middle, high = statistics.quantiles(loss, n=4)
        print(
            f"throughput lost by {clock} time: median {middle:.2%}, "
            f"quartiles {low:.2%} to {high:.2%}"
        )
    print(f"  ({rounds} rounds of {requests} requests, one in a hundred failing)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        client = Client(f"http://{KEY}@127.0.0.1:{port}/bench")
        logger = logging.Logger("bench")
        logger.addHandler(SentinelHandler(client))
        silent = logging.Logger("silent")
        silent.addHandler(logging.NullHandler())
        calls: dict[str, Callable[[], object]] = {
            "report(message)": lambda: client.report("disk full", code="DISK_FULL"),
            "logger.error, no handler": lambda: silent.error("order %d failed", 7),
            "logger.error": lambda: logger.error("order %d failed", 7),
            f"report(exception), {DEPTH + 2} frames": lambda: client.report(caught()),
            f"raise and catch alone, {DEPTH + 2} frames": caught,
        }
        for name, call in calls.items():
            measure_calls(client, name, call, options.calls)
        measure_throughput(client, options.rounds, options.requests)
        print(client.stats())
        client.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
