"""One check-in in the shape of Sentry's check-in payload becomes one Checkin.

Source of the shape: https://develop.sentry.dev/sdk/telemetry/check-ins/
"""

from typing import Any
from uuid import UUID, uuid4, uuid5

from sentinel.api import Checkin, Invalid
from sentinel.ingest.event import hex_id
from sentinel.ingest.jsontext import name_of
from sentinel.ingest.trim import clip

STATUSES = ("in_progress", "ok", "error")
_KEPT = ("checkin_margin", "max_runtime", "timezone")
_PARTS = ("type", "value", "unit")
_LONGEST_DURATION = 366 * 86_400.0


def to_checkin(found: dict[str, Any], what: str) -> Checkin:
    """Raises Invalid where it names no monitor or no status: nobody could make use of it."""
    slug = clip(found.get("monitor_slug"), 100)
    if not slug:
        raise Invalid(f"{what}: found no monitor_slug, expected the name of a monitor")
    status = found.get("status")
    if status not in STATUSES:
        shown = repr(status[:60]) if isinstance(status, str) else name_of(status)
        raise Invalid(f"{what}: found the status {shown}, expected {', '.join(STATUSES)}")
    run = hex_id(found.get("check_in_id"))
    return Checkin(
        # A run is told of twice under the same id, and each of the two may be sent again.
        id=uuid5(UUID(run), str(status)).hex if run else uuid4().hex,
        environment=clip(found.get("environment"), 64),
        release=clip(found.get("release"), 256),
        monitor=slug,
        status=status,
        duration=_duration(found.get("duration")),
        run=run,
        monitor_config=_config(found.get("monitor_config")),
    )


def _duration(value: Any) -> float | None:
    is_number = type(value) is int or type(value) is float
    return float(value) if is_number and 0 <= value <= _LONGEST_DURATION else None


def _config(given: Any) -> dict[str, Any]:
    """What says when the job runs: the rest is about Sentry's own alerts."""
    if not isinstance(given, dict) or not isinstance(given.get("schedule"), dict):
        return {}
    schedule = given["schedule"]
    kept: dict[str, Any] = {key: given[key] for key in _KEPT if _is_short(given.get(key))}
    parts = {
        key: schedule[key] for key in ("type", "value", "unit") if _is_short(schedule.get(key))
    }
    return {"schedule": parts, **kept}


def _is_short(value: Any) -> bool:
    is_number = type(value) is int or type(value) is float
    return is_number or (isinstance(value, str) and len(value) <= 200)
