"""Errors as Sentry's Python SDK sends them: what stays the same within a group (frames, source
lines) comes from the group's number, what changes with each event (variables, ids, texts) from a
random generator that is handed in."""

import gzip
from random import Random
from typing import Any

import msgspec

CODES = 40
TENANTS = 25
_MODULES = ("orders", "billing", "catalogue", "delivery", "accounts", "search", "pricing", "audit")
_VERBS = ("load", "apply", "resolve", "reserve", "settle", "notify", "merge", "validate")
_NOUNS = ("order", "invoice", "customer", "address", "basket", "discount", "voucher", "shipment")
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"
Event = dict[str, Any]
_encode = msgspec.json.Encoder().encode


def event(group: int, random: Random) -> Event:
    """About 13.7 KB of JSON: two chained exceptions with 18 frames in all, 5 breadcrumbs, a
    request with a cookie and an e-mail address."""
    stays = Random(group)
    order = random.randrange(10**6)
    path = f"/{stays.choice(_MODULES)}/{stays.choice(_VERBS)}"
    exceptions = [
        _exception("ConnectionError", f"could not reach 10.0.0.{order % 255}:5432", stays, random),
        _exception(f"Failed{group}", f"order {order} could not be settled", stays, random),
    ]
    return {
        "event_id": f"{random.getrandbits(128):032x}",
        "timestamp": "2026-11-21T10:20:30.123456Z",
        "platform": "python",
        "level": "error",
        "release": "shop@2.14.0",
        "environment": "production",
        "server_name": "shop-1",
        "transaction": path,
        "tags": _tags(group, order),
        "user": {"id": str(order), "email": f"user-{order}@example.com"},
        "exception": {"values": exceptions},
        "breadcrumbs": {"values": [_breadcrumb(n, random) for n in range(5)]},
        "request": {
            "url": f"https://shop.example{path}",
            "method": "POST",
            "query_string": f"order={order}&step=2",
            "headers": {
                "Host": "shop.example",
                "User-Agent": _AGENT,
                "Accept": "text/html,application/xhtml+xml",
                "Cookie": f"sessionid={random.getrandbits(64):x}; theme=dark",
                "X-Forwarded-User": f"user-{order}@example.com",
            },
            "data": {"order": order, "email": f"user-{order}@example.com", "note": "leave at door"},
        },
        "contexts": {
            "trace": {
                "trace_id": f"{random.getrandbits(128):032x}",
                "span_id": f"{random.getrandbits(64):016x}",
                "op": "http.server",
            },
            "runtime": {"name": "CPython", "version": "3.11.7"},
        },
        "extra": {"sys.argv": ["manage.py", "runserver"], "retries": order % 4},
        "modules": {f"package-{n}": f"{n}.{n * 3 % 10}.0" for n in range(12)},
        "sdk": {"name": "sentry.python.django", "version": "2.75.0"},
    }


def small_event(group: int, random: Random) -> Event:
    """About 1.4 KB of JSON: one exception with two frames."""
    stays = Random(group)
    order = random.randrange(10**6)
    exception = _exception(f"Failed{group}", f"order {order} failed", stays, random, frames=2)
    return {
        "event_id": f"{random.getrandbits(128):032x}",
        "platform": "python",
        "level": "error",
        "tags": _tags(group, order),
        "user": {"id": str(order % 50_000)},
        "exception": {"values": [exception]},
    }


def envelope(*events: Event) -> bytes:
    """As the SDK writes it: a header line, then an item for each event."""
    lines = [_encode({"event_id": events[0]["event_id"], "sent_at": "2026-11-21T10:20:30Z"})]
    for one in events:
        body = _encode(one)
        lines += [_encode({"type": "event", "length": len(body)}), body]
    return b"\n".join(lines)


def packed(*events: Event) -> bytes:
    """The SDK compresses at level 9."""
    return gzip.compress(envelope(*events), 9)


def _tags(group: int, order: int) -> dict[str, str]:
    return {"code": f"SHOP_ERROR_{group % CODES}", "tenant": f"tenant-{order % TENANTS}"}


def _exception(
    kind: str, text: str, stays: Random, random: Random, frames: int = 9
) -> dict[str, Any]:
    return {
        "type": kind,
        "value": text,
        "module": "shop.errors",
        "mechanism": {"type": "django", "handled": False},
        "stacktrace": {"frames": [_frame(n, stays, random) for n in range(frames)]},
    }


def _frame(number: int, stays: Random, random: Random) -> dict[str, Any]:
    module, noun = stays.choice(_MODULES), stays.choice(_NOUNS)
    function = f"{stays.choice(_VERBS)}_{noun}"
    in_app = number % 3 != 0
    path = f"shop/{module}/{function}.py" if in_app else f"django/core/handlers/{module}.py"
    folder = "/srv/shop/" if in_app else "/srv/venv/lib/python3.11/site-packages/"
    line = stays.randrange(20, 900)
    return {
        "filename": path,
        "abs_path": folder + path,
        "function": function,
        "module": path.removesuffix(".py").replace("/", "."),
        "lineno": line,
        "pre_context": [
            f"    def {function}(self, {noun}, *, retries={line % 7}):",
            f"        for item in {noun}.items_of({stays.choice(_NOUNS)}):",
        ],
        "context_line": f"            total += self.{module}[{line}].amount * item.quantity",
        "post_context": [f"        {noun}.total = round(total, 2)", f"        return {noun}"],
        "vars": {
            "self": f"<shop.{module}.Handler object at 0x7f{random.getrandbits(40):010x}>",
            noun: f"<{noun.title()} {random.randrange(10**6)}>",
            "retries": str(random.randrange(5)),
            "total": f"{random.random() * 1000:.2f}",
        },
        "in_app": in_app,
    }


def _breadcrumb(number: int, random: Random) -> dict[str, Any]:
    return {
        "type": "default",
        "category": "query",
        "level": "info",
        "message": f"SELECT id, total FROM orders WHERE id = {random.randrange(10**6)} LIMIT 1",
        "timestamp": f"2026-11-21T10:20:2{number}.000000Z",
        "data": {"db.system": "postgresql", "duration_ms": random.randrange(40)},
    }
