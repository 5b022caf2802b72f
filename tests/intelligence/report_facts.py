"""A group, an event and a catalog that the tests of the report share."""

from typing import Any

from sentinel.intelligence.catalog import Catalog, Entry, Impact, catalog_of
from sentinel.intelligence.report.model import Background, SinceGood
from sentinel.intelligence.standing import standing_of
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate, Findings
from sentinel.model.delivery import Delivery
from sentinel.model.group import Group
from sentinel.model.resolution import Resolution, Similar
from sentinel.model.signal import Change, Error

NOON = 1_795_262_400.0  # 2026-11-21 12:00:00 UTC


def catalog() -> Catalog:
    sms = Entry(
        code="SMS_DELIVERY_FAILURE",
        title="SMS messages are not reaching their recipients",
        summary="Messages are refused when they are sent.",
        category="external_service",
        severity="high",
        customer_facing=True,
        fix=("Read the error code in the message log.", "Resend what is still worth reading."),
        fix_url="https://console.twilio.com/us1/monitor/logs/sms",
        ui_fix_url="{base_url}/settings/{tenant}/messaging",
        config_file=".env",
        env_vars=("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
        reproduce=("Send a text to your own phone.",),
        verify=("The text ends as `delivered`.",),
        external_docs=("https://www.twilio.com/docs/api/errors",),
        related_codes=("TWILIO_API_FAILURE",),
        common_causes=("The sender is not registered.",),
        impact=Impact(
            priority="P1", revenue="high", features=("SMS", "login codes"), companies="specific"
        ),
    )
    twilio = Entry(
        code="TWILIO_API_FAILURE",
        title="Twilio refuses our API calls",
        category="external_service",
        severity="critical",
        fix=("Compare the credentials with the account's.",),
        causes=("SMS_DELIVERY_FAILURE", "NOTIFICATION_SYSTEM_FAILURE"),
    )
    system = Entry(
        code="NOTIFICATION_SYSTEM_FAILURE",
        title="Notifications are not sent",
        category="system",
        severity="critical",
        fix=("Look at the workers.",),
    )
    dns = Entry(
        code="DNS_RESOLUTION_FAILED",
        title="Names cannot be resolved",
        category="infrastructure",
        severity="critical",
        fix=("Ask another resolver.",),
        causes=("TWILIO_API_FAILURE",),
    )
    return catalog_of([sms, twilio, system, dns])


def group(**changes: Any) -> Group:
    facts: dict[str, Any] = {
        "id": 7,
        "project": "shop",
        "fingerprint": "f00d",
        "title": "TwilioRestException: HTTP 401 error: Unable to create record",
        "culprit": "shop.sms in send",
        "code": "SMS_DELIVERY_FAILURE",
        "type": "TwilioRestException",
        "severity": "high",
        "category": "external_service",
        "first_seen": NOON,
        "last_seen": NOON + 900,
        "count": 214,
        "users": 41,
        "tenants": 3,
        "first_release": "shop@1.4.2",
        "last_release": "shop@1.4.2",
        "sample": "9",
    }
    return Group(**{**facts, **changes})


def payload() -> dict[str, Any]:
    """Two chained exceptions, as the SDK for Python sends them."""
    return {
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "value": "'TWILIO_AUTH_TOKEN'",
                    "stacktrace": {
                        "frames": [
                            {"filename": "shop/settings.py", "lineno": 12, "function": "token"}
                        ]
                    },
                },
                {
                    "type": "TwilioRestException",
                    "value": "HTTP 401 error: Unable to create record",
                    "stacktrace": {
                        "frames": [
                            {
                                "filename": "shop/sms.py",
                                "lineno": 88,
                                "function": "send",
                                "in_app": True,
                                "pre_context": ["def send(to: str, text: str) -> None:"],
                                "context_line": "    client.messages.create(to=to, body=text)",
                                "post_context": ["", "def retry() -> None:"],
                            },
                            {
                                "filename": "twilio/base/version.py",
                                "lineno": 272,
                                "function": "create",
                                "in_app": False,
                            },
                        ]
                    },
                },
            ]
        },
        "breadcrumbs": {
            "values": [
                {"timestamp": NOON + 890, "category": "auth", "message": "signed in"},
                {
                    "timestamp": NOON + 899,
                    "category": "httplib",
                    "data": {"method": "POST", "status_code": 401},
                },
            ]
        },
        "request": {
            "method": "POST",
            "url": "https://shop.example.com/checkout?token=hidden",
            "headers": {"User-Agent": "Mozilla/5.0"},
        },
    }


def error(**changes: Any) -> Error:
    facts: dict[str, Any] = {
        "id": "a" * 32,
        "at": NOON + 900,
        "project": "shop",
        "tenant": "acme",
        "environment": "production",
        "release": "shop@1.4.2",
        "service": "web",
        "host": "web-1",
        "tags": {"region": "eu", "code": "SMS_DELIVERY_FAILURE"},
        "code": "SMS_DELIVERY_FAILURE",
        "type": "TwilioRestException",
        "message": "HTTP 401 error: Unable to create record",
        "file": "shop/sms.py",
        "line": 88,
        "function": "send",
        "transaction": "/checkout",
        "trace": "b" * 32,
        "platform": "python",
        "handled": False,
        "payload": payload(),
    }
    return Error(**{**facts, **changes})


def alert(**changes: Any) -> Alert:
    facts: dict[str, Any] = {
        "id": 3,
        "rule": "SmsDeliveryFailing",
        "key": {},
        "state": "firing",
        "severity": "critical",
        "labels": {"severity": "critical"},
        "started": NOON + 60,
        "last": NOON + 900,
        "code": "SMS_DELIVERY_FAILURE",
        "group": 7,
        "incident": 1,
        "verdict": "5 or more in 5m",
    }
    return Alert(**{**facts, **changes})


def incident() -> Incident:
    return Incident(
        id=1,
        severity="critical",
        title="SMS is failing for acme",
        root=3,
        rule="CriticalError",
        code="SMS_DELIVERY_FAILURE",
        opened=NOON + 61,
    )


def background() -> Background:
    """A suspect that says nothing, a deploy, and two incidents before."""
    twilio = Candidate(
        kind="code",
        name="TWILIO_API_FAILURE",
        title="Twilio refuses our API calls",
        score=0.71,
        confidence="likely",
        reasons=("3 of its 4 dependants fail at once though it reports nothing",),
        reported=False,
    )
    deploy = Candidate(
        kind="change",
        name="deploy of shop",
        title="shop 1.4.2",
        score=0.45,
        confidence="possible",
        reasons=("made by bob 4 min before it began",),
    )
    fix = Resolution(incident=8, text="Rotated the Twilio token", author="alice", at=NOON)
    before = Similar(
        incident=8,
        title="SMS is failing for globex",
        opened=NOON - 1_815_000,
        resolved=NOON - 1_814_400,
        score=5.2,
        same=("the same root SMS_DELIVERY_FAILURE", "at web"),
        recurs=True,
        fix=fix,
        held=True,
    )
    other = Similar(
        incident=6,
        title="Login codes do not arrive",
        opened=NOON - 9_000_000,
        resolved=NOON - 8_000_000,
        score=1.4,
        same=("similar words",),
    )
    change = Change(kind="deploy", service="shop", release="1.4.2", author="bob", at=NOON - 180)
    return Background(
        began=NOON + 61,
        standing=standing_of(alert(), incident(), [alert(), cascade()], catalog()),
        findings=Findings(candidates=(twilio, deploy), similar=(before, other), changes=(change,)),
        since_good=SinceGood(minutes=42, worse=("error rate x4", "queue up to degraded")),
    )


def cascade() -> Alert:
    return alert(
        id=4,
        rule="LoginCodes",
        code="LOGIN_CODE_FAILURE",
        cascade="SMS_DELIVERY_FAILURE",
        about={"service": "web"},
    )


def delivery() -> Delivery:
    return Delivery(
        id=5,
        key="k",
        channel="mail",
        address="alice@example.com",
        person="alice",
        reason="firing",
        state="sent",
        created=NOON + 61,
        due=NOON + 61,
        sent=NOON + 62,
    )
