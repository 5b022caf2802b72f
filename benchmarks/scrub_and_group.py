"""Prints the CPU time of scrubbing, grouping and enriching one event, in microseconds.

    .venv/bin/python benchmarks/scrub_and_group.py

The event is of the size that Sentry's Python client sends for two chained exceptions: 18 frames
with source lines and variables, 9 breadcrumbs, a request, 13.7 KB of JSON. Variables change
from event to event, as they do in production.
"""

import copy
import time
from collections.abc import Callable
from typing import Any

import msgspec

from sentinel.data import shipped
from sentinel.ingest.scrub import Scrubber, ScrubPolicy
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.intelligence.classify import Classifier
from sentinel.intelligence.enrich import enrich
from sentinel.intelligence.grouping import group
from sentinel.model.signal import Error

ROUNDS = 2000


def frame(number: int, secret: bool) -> dict[str, Any]:
    in_app = number % 3 != 0
    module = f"shop.orders.step_{number}" if in_app else f"django.core.handlers.layer_{number}"
    path = module.replace(".", "/") + ".py"
    prefix = "/srv/shop/" if in_app else "/srv/venv/lib/python3.11/site-packages/"
    variables = {
        "self": f"<shop.orders.Step object at 0x7f3a{number:04x}1c40>",
        "order_id": f"{number * 7919}",
        "items": ["'sku-1'", "'sku-2'", "'sku-3'"],
        "retries": "3",
    }
    if secret:
        variables["customer_email"] = "'alice@example.com'"
        variables["api_key"] = "'3f1c9a'"
    return {
        "filename": path,
        "abs_path": prefix + path,
        "function": f"apply_step_{number}",
        "module": module,
        "lineno": 40 + number,
        "pre_context": [
            f"    def apply_step_{number}(self, order):",
            "        for item in order.items:",
            "            price = self.prices.lookup(item.sku)",
        ],
        "context_line": "            total += price.amount * item.quantity - item.discount",
        "post_context": [
            "        order.total = total",
            "        return order",
        ],
        "vars": variables,
        "in_app": in_app,
    }


def event(hits: bool) -> dict[str, Any]:
    """An ordinary event; without hits, one in which nothing looks like a secret."""
    request: dict[str, Any] = {
        "url": "https://shop.example/checkout/confirm",
        "method": "POST",
        "headers": {
            "Host": "shop.example",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0",
            "Accept": "text/html,application/xhtml+xml",
            "Content-Type": "application/json",
        },
        "env": {"SERVER_NAME": "shop-1", "SERVER_PORT": "8000"},
    }
    user: dict[str, Any] = {"id": "4711"}
    if hits:
        request["headers"] |= {"Cookie": "sessionid=ab12cd34", "Authorization": "Bearer q1w2e3r4"}
        request["query_string"] = "step=2&token=tok-81a"
        user["email"] = "alice@example.com"
    values = [
        {
            "type": kind,
            "value": text,
            "module": "shop.orders",
            "mechanism": {"type": "django", "handled": False},
            "stacktrace": {
                "frames": [frame(n, hits and n in (4, 13)) for n in range(first, first + 9)]
            },
        }
        for kind, text, first in (
            ("ConnectionError", "could not reach 10.0.0.5:5432 after 30.5 s", 0),
            ("OrderFailed", "order 81231 could not be priced", 9),
        )
    ]
    return {
        "event_id": "9c2f1e0b8d7a4c6e9f0a1b2c3d4e5f60",
        "timestamp": 1780000000.123,
        "platform": "python",
        "level": "error",
        "release": "shop@2.14.0",
        "environment": "production",
        "transaction": "/checkout/confirm",
        "exception": {"values": values},
        "request": request,
        "user": user,
        "contexts": {
            "trace": {"trace_id": "f" * 32, "span_id": "a" * 16, "op": "http.server"},
            "runtime": {"name": "CPython", "version": "3.11.7"},
        },
        "breadcrumbs": {
            "values": [
                {
                    "type": "default",
                    "category": "query",
                    "level": "info",
                    "message": f"SELECT id, total FROM orders WHERE id = {n} LIMIT 1",
                    "timestamp": 1780000000.0 + n,
                }
                for n in range(9)
            ]
        },
        "modules": {f"package-{n}": f"{n}.{n}.0" for n in range(20)},
    }


def error(payload: dict[str, Any]) -> Error:
    return Error(
        type="OrderFailed",
        message="order 81231 could not be priced",
        file="shop/orders/step_17.py",
        line=57,
        function="apply_step_17",
        user="4711",
        url="https://shop.example/checkout/confirm",
        transaction="/checkout/confirm",
        payload=payload,
    )


def varied(payload: dict[str, Any], number: int) -> dict[str, Any]:
    other = copy.deepcopy(payload)
    for value in other["exception"]["values"]:
        for item in value["stacktrace"]["frames"]:
            item["vars"]["order_id"] = str(number * 31)
    return other


def measure(name: str, run: Callable[[Error], object], payload: dict[str, Any]) -> None:
    errors = [error(varied(payload, number)) for number in range(50)]
    for item in errors:
        run(item)
    start = time.process_time()
    for number in range(ROUNDS):
        run(errors[number % len(errors)])
    spent = (time.process_time() - start) / ROUNDS * 1e6
    print(f"{name:44} {spent:8.1f} µs an event")


def main() -> None:
    scrubber = Scrubber(key=b"benchmark")
    custom = Scrubber(ScrubPolicy(patterns={"employee": r"EMP-\d{6}"}), key=b"benchmark")

    def everywhere(item: Error) -> object:
        return scrubber.clean_everywhere(item.payload)

    print(f"event: {len(msgspec.json.encode(event(hits=True)))} bytes")
    measure("scrub, nothing to hide", scrubber.scrub, event(hits=False))
    measure("scrub, nine secrets in six places", scrubber.scrub, event(hits=True))
    measure("scrub everywhere, without marks", everywhere, event(hits=True))
    measure("scrub, with a pattern of the operator's", custom.scrub, event(hits=True))
    measure("group, 18 frames", group, event(hits=True))
    catalog, _ = load_catalog([shipped("catalog")])
    assert catalog is not None
    measure(
        "enrich: group, catalog, classify",
        lambda item: enrich(item, catalog, Classifier([])),
        event(hits=True),
    )


if __name__ == "__main__":
    main()
