"""Everything that a debug report is put together from, read in one go."""

import sqlite3

from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.report import DebugReport, build_report
from sentinel.model.alert import Incident
from sentinel.store import alerts, deliveries, groups, signals

_RELATED = 8
_LINK_FIELDS = ("tenant", "environment", "release", "service", "host")


def report_on(
    conn: sqlite3.Connection,
    number: int,
    catalog: Catalog,
    public_url: str,
    now: float,
    application_url: str | None = None,
) -> DebugReport | None:
    """The report on an error group; None where there is no such group. `application_url` fills
    the catalog's links into the operator's own application."""
    group = groups.get(conn, number)
    if group is None:
        return None
    found = signals.latest_of_group(conn, number)
    latest = found[0] if found else None
    incident = _incident_of(conn, number)
    entry = catalog.get(group.code)
    codes = (group.code, *(entry.related_codes if entry else ())) if group.code else ()
    values: dict[str, str | None] = {"base_url": application_url, "project": group.project}
    if latest is not None:
        values |= {name: getattr(latest, name) for name in _LINK_FIELDS}
    return build_report(
        group,
        now=now,
        catalog=catalog,
        latest=latest,
        alerts=alerts.unresolved(conn),
        incident=incident,
        deliveries=deliveries.listing(conn, incident=incident.id) if incident else (),
        related=[one for code in codes for one in groups.of_code(conn, code)][:_RELATED],
        url=f"{public_url}/errors/{number}",
        link_values=values,
    )


def _incident_of(conn: sqlite3.Connection, group: int) -> Incident | None:
    """The latest one that an alert of the group belongs to."""
    for alert in alerts.of_group(conn, group):
        if alert.incident is not None:
            return alerts.get_incident(conn, alert.incident)
    return None
