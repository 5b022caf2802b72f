"""An event as a Sentry SDK sends it."""

from typing import Any

_CODE = """\
    try:
        client = self._client()
        body = text[:1600]
        client.messages.create(to=to, from_=self.sender, body=body)
    except TwilioRestException as error:
        raise TwilioApiFailure from error""".splitlines()
_CRUMBS = (
    ("query", "info", "SELECT * FROM orders WHERE id = %s"),
    ("http", "info", "POST https://api.twilio.com/2010-04-01/Accounts [401]"),
    ("log", "warning", "Twilio answered 401, trying once more"),
    ("http", "info", "POST https://api.twilio.com/2010-04-01/Accounts [401]"),
)


def an_event(code: str | None = "TWILIO_API_FAILURE", **more: Any) -> dict[str, Any]:
    """Two chained exceptions, breadcrumbs, a request, tags."""
    return {
        "level": "error",
        "platform": "python",
        "release": "shop@2.4.1",
        "server_name": "web-3",
        "transaction": "/orders/{id}/confirm",
        "tags": {"tenant": "Acme", **({"code": code} if code else {})},
        "user": {"id": "u-1001"},
        "request": {
            "method": "POST",
            "url": "https://shop.example.com/orders/81/confirm",
            "headers": {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept": "text/html"},
        },
        "contexts": {"runtime": {"name": "CPython", "version": "3.11.9"}},
        "extra": {"order": 81, "attempt": 3},
        "breadcrumbs": {"values": [_crumb(*crumb) for crumb in _CRUMBS]},
        "exception": {"values": [_cause(), _failure()]},
        **more,
    }


def _crumb(category: str, level: str, message: str) -> dict[str, Any]:
    return {"timestamp": 1_700_000_000, "category": category, "level": level, "message": message}


def _cause() -> dict[str, Any]:
    frames = [
        _frame("twilio/rest/client.py", 141, "request", in_app=False),
        _frame("twilio/base/version.py", 88, "create", in_app=False),
    ]
    return {
        "type": "TwilioRestException",
        "value": "HTTP 401 error: Unable to create record: Authenticate",
        "stacktrace": {"frames": frames},
    }


def _failure() -> dict[str, Any]:
    frames = [
        _frame("starlette/routing.py", 74, "app", in_app=False),
        _frame("starlette/middleware/errors.py", 164, "__call__", in_app=False),
        _frame("shop/orders.py", 58, "confirm", in_app=True),
        _frame("shop/notifications.py", 31, "notify_customer", in_app=True),
        _frame("shop/twilio.py", 22, "send_sms", in_app=True),
    ]
    return {
        "type": "TwilioApiFailure",
        "value": "Twilio refuses to send: TWILIO_AUTH_TOKEN is not set",
        "stacktrace": {"frames": frames},
    }


def _frame(file: str, line: int, function: str, *, in_app: bool) -> dict[str, Any]:
    return {
        "filename": file,
        "lineno": line,
        "function": function,
        "in_app": in_app,
        "pre_context": _CODE[:3],
        "context_line": _CODE[3],
        "post_context": _CODE[4:],
        "vars": {"to": "[Filtered]", "attempt": 3},
    }
