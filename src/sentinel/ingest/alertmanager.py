"""Alerts of Prometheus: Alertmanager's webhook, and what Prometheus itself sends on.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config (version 4 of
the payload) and the operation `postAlerts` of Alertmanager's API v2.

An alert is a state, not an event, and its senders say it again while it lasts. So each time it is
two new signals without an id of their own: a `status` of the component, for people, and the metric
`alert.firing` with 1 or 0, for rules. What is told again refreshes what is known, and mends what
an older message, tried again late, has left wrong; a rule's alert stays one all the same.
"""

import base64
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, Literal

from sentinel.api import (
    Credentials,
    Intake,
    Invalid,
    Metric,
    Receiver,
    Request,
    Status,
    TooLarge,
    Unauthorized,
    hook,
)
from sentinel.ingest.event import timestamp
from sentinel.ingest.jsontext import decode, decode_object, name_of
from sentinel.ingest.trim import clip

MAX_BODY = 10_000_000
MAX_ALERTS = 4_000
METRIC = "alert.firing"
_MOST_LABELS = 100
_LONGEST_NAME = 200
_LONGEST_VALUE = 2_000
_LONGEST_COMPONENT = 200
_LONGEST_MESSAGE = 2_000
_DOWN = frozenset(("critical", "page", "error", "fatal", "emergency", "disaster", "high"))
# They say something, but not that anything is unwell: a watchdog fires always.
_WELL = frozenset(("info", "none", "notice", "low", "debug"))
_FIELDS = ("tenant", "environment", "service", "host")
_SHOWN = ("summary", "description", "runbook_url")


@hook
def register_receivers(register: Callable[[type[Receiver]], None]) -> None:
    register(AlertmanagerReceiver)
    register(PrometheusReceiver)


class _AlertsReceiver(Receiver):
    def credentials(self, request: Request) -> Credentials:
        """Both senders can give a token or a name and a password; both URLs may have a query."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        key = request.query.get("key")
        if scheme.lower() == "bearer":
            key = given.strip()
        elif scheme.lower() == "basic":
            key = _key_of_basic(given)
        if not key:
            raise Unauthorized(
                "no key found, expected a project's key as a bearer token or as the password of "
                "basic authentication, or in the query as key"
            )
        return Credentials(None, key)

    def _intake(self, alerts: Any, what: str, state_of: Callable[[dict[str, Any]], Any]) -> Intake:
        if not isinstance(alerts, list):
            raise Invalid(f"{what}: found {name_of(alerts)}, expected a list of alerts")
        if len(alerts) > MAX_ALERTS:
            raise Invalid(
                f"{what}: found {len(alerts)} alerts, expected at most {MAX_ALERTS} in a request "
                "(max_alerts in Alertmanager's webhook_config)"
            )
        signals: list[Status | Metric] = []
        for index, alert in enumerate(alerts):
            where = f"{what}[{index}]"
            if not isinstance(alert, dict):
                raise Invalid(f"{where}: found {name_of(alert)}, expected an alert: an object")
            signals += _signals(alert, where, state_of(alert))
        return Intake(items=signals, reply={"alerts": len(alerts)})

    def _check_size(self, request: Request) -> None:
        if len(request.body) > MAX_BODY:
            raise TooLarge(f"the body is {len(request.body)} bytes, at most {MAX_BODY} are taken")


class AlertmanagerReceiver(_AlertsReceiver):
    """Groups of alerts as Alertmanager's `webhook_config` sends them."""

    name = "alertmanager"
    summary = "Alertmanager's webhook"
    paths = ("/api/v1/alertmanager/webhook",)

    def decode(self, request: Request) -> Intake:
        self._check_size(request)
        found = decode_object(request.body, "the body")
        return self._intake(found.get("alerts"), "alerts", lambda alert: alert.get("status"))


class PrometheusReceiver(_AlertsReceiver):
    """Alerts as Prometheus sends them to an Alertmanager, which Sentinel then stands in for."""

    name = "prometheus-alerts"
    summary = "Alerts straight from Prometheus"
    paths = ("/api/v2/alerts",)

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """`now` is asked since only the present tells an alert that is over from one that fires."""
        self._now = now

    def decode(self, request: Request) -> Intake:
        """No field says whether an alert fires: the end of one that does is still to come, and
        holds if nothing more is heard of it."""
        self._check_size(request)
        found = decode(request.body, "the body")
        now = self._now()
        return self._intake(found, "alerts", lambda alert: _state_at(alert, now))


def _state_at(alert: dict[str, Any], now: float) -> str:
    ended = timestamp(alert.get("endsAt"))
    return "resolved" if 0 < ended <= now else "firing"


def _signals(alert: dict[str, Any], where: str, state: Any) -> Sequence[Status | Metric]:
    if state not in ("firing", "resolved"):
        found = repr(state[:60]) if isinstance(state, str) else name_of(state)
        raise Invalid(f"{where}.status: found {found}, expected firing or resolved")
    labels = _texts(alert, "labels", where)
    if not labels:
        raise Invalid(f"{where}.labels: found none, expected at least alertname")
    annotations = _texts(alert, "annotations", where)
    fires = state == "firing"
    common: dict[str, Any] = {
        "at": timestamp(alert.get("startsAt" if fires else "endsAt")),
        "component": component_of(labels),
        **{name: labels[name] for name in _FIELDS if name in labels},
        "tags": {**_told(annotations), **labels},
    }
    # What is said of an alert that fires is no longer so of one that is over.
    said = annotations.get("summary") or annotations.get("description") if fires else ""
    health = _health(labels.get("severity", "")) if fires else "up"
    return (
        Status(**common, status=health, message=clip(said, _LONGEST_MESSAGE) or ""),
        Metric(**common, name=METRIC, value=1.0 if fires else 0.0),
    )


def component_of(labels: dict[str, str]) -> str:
    """The alert's name and all of its other labels, as Prometheus writes a series, so that alerts
    with other labels are other components; what is too long ends with a hash of the whole."""
    others = sorted((key, value) for key, value in labels.items() if key != "alertname")
    written = ",".join(f'{key}="{value}"' for key, value in others)
    text = f"{labels.get('alertname', 'alert')}{{{written}}}" if others else labels["alertname"]
    if len(text) <= _LONGEST_COMPONENT:
        return text
    whole = blake2b(text.encode(), digest_size=6).hexdigest()
    return f"{text[: _LONGEST_COMPONENT - len(whole) - 1]}…{whole}"


def _health(severity: str) -> Literal["up", "degraded", "down"]:
    word = severity.lower()
    return "down" if word in _DOWN else "up" if word in _WELL else "degraded"


def _told(annotations: dict[str, str]) -> dict[str, str]:
    """As tags, for the annotations of rules on the metric, which has no message."""
    return {key: text for key in _SHOWN if (text := clip(annotations.get(key), _LONGEST_MESSAGE))}


def _texts(alert: dict[str, Any], key: str, where: str) -> dict[str, str]:
    found = alert.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Invalid(f"{where}.{key}: found {name_of(found)}, expected an object of texts")
    if len(found) > _MOST_LABELS:
        raise Invalid(f"{where}.{key}: found {len(found)}, expected at most {_MOST_LABELS}")
    texts: dict[str, str] = {}
    for name, value in found.items():
        if not isinstance(value, str):
            what = f"{where}.{key}.{name[:64]}"
            raise Invalid(f"{what}: found {name_of(value)}, expected a string")
        # To Prometheus an empty label is none.
        if name and (text := clip(value, _LONGEST_VALUE)):
            texts[clip(name, _LONGEST_NAME) or name] = text
    return texts


def _key_of_basic(encoded: str) -> str | None:
    """The password; the user's name says nothing, but may be the key where there is none."""
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise Unauthorized("the Authorization header is not valid basic authentication") from error
    return password or name or None
