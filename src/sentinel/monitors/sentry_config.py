"""What a sender says of its job, in the shape of Sentry's `monitor_config`.

Source: https://docs.sentry.io/product/crons/getting-started/http/ and the type `MonitorConfig` of
Sentry's Python SDK.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sentinel.model.monitor import Every, Monitor, Schedule
from sentinel.monitors.schedule import parse_cron

_MINUTE = 60.0
# Sentry's own defaults.
_GRACE, _MAX_DURATION = 1, 30
_UNITS = {
    "minute": 60.0,
    "hour": 3_600.0,
    "day": 86_400.0,
    "week": 7 * 86_400.0,
    "month": 30 * 86_400.0,
    "year": 365 * 86_400.0,
}
_MOST_UNITS = 10_000
_MOST_MINUTES = 366 * 24 * 60


def monitor_of(
    config: Mapping[str, Any], *, name: str, project: str, environment: str, tenant: str | None
) -> Monitor:
    """A schedule that can't be understood is left out, and `fault` says why."""
    monitor = Monitor(
        name=name,
        project=project,
        environment=environment,
        tenant=tenant,
        grace=_minutes(config.get("checkin_margin"), _GRACE),
        max_duration=_minutes(config.get("max_runtime"), _MAX_DURATION),
    )
    try:
        return replace(monitor, schedule=_schedule(config))
    except ValueError as error:
        return replace(monitor, fault=str(error))


def _schedule(config: Mapping[str, Any]) -> Schedule:
    given = config.get("schedule")
    parts: dict[str, Any] = given if isinstance(given, dict) else {}
    kind, value, unit = (parts.get(key, "") for key in ("type", "value", "unit"))
    if kind == "crontab" and isinstance(value, str):
        return parse_cron(value, _zone(config.get("timezone")))
    is_number = type(value) is int or type(value) is float
    if kind == "interval" and unit in _UNITS and is_number and 0 < value <= _MOST_UNITS:
        return Every(value * _UNITS[unit])
    shown = str(given)[:100]
    raise ValueError(f"expected a schedule of type crontab or interval, found {shown}")


def _zone(name: Any) -> str:
    if not name:
        return "UTC"
    try:
        return ZoneInfo(name).key
    # The time zone database is files: a folder's name, or one with dots, is no zone either.
    except (KeyError, ValueError, TypeError, OSError):
        shown = str(name)[:60]
        raise ValueError(f"expected a time zone of the IANA list, found {shown}") from None


def _minutes(value: Any, default: int) -> float:
    usable = type(value) is int and 0 < value <= _MOST_MINUTES
    return (value if usable else default) * _MINUTE
