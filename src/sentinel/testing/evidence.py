"""Evidence to try a ranker on."""

from typing import Any

from sentinel.model.alert import Incident
from sentinel.model.cause import Symptom

BEGAN = 1_800_000_000.0
"""When `an_incident` was opened, in seconds since 1970 UTC."""


def an_incident(code: str | None = "SMS_DELIVERY_FAILURE", **changes: Any) -> Incident:
    """Incident 1, open. `changes` are other values for its fields."""
    values: dict[str, Any] = {
        "id": 1,
        "severity": "critical",
        "title": code or "It is slow",
        "root": 1,
        "rule": "Failing",
        "code": code,
        "opened": BEGAN,
    }
    return Incident(**{**values, **changes})


def a_symptom(code: str | None = "SMS_DELIVERY_FAILURE", **changes: Any) -> Symptom:
    """One of incident 1, which began with it. `changes` are other values for its fields."""
    values: dict[str, Any] = {
        "name": code or "Failing",
        "code": code,
        "incident": 1,
        "began": BEGAN,
    }
    return Symptom(**{**values, **changes})
