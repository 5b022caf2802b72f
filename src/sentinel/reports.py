"""Everything that a debug report is put together from, read in one go."""

import sqlite3
from typing import TypeVar

from msgspec import Struct

from sentinel.causes import CauseFinder
from sentinel.config.schema_snapshots import Snapshots
from sentinel.ingest.scrub import Scrubber
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.report import (
    DebugReport,
    IncidentReport,
    build_incident_report,
    build_report,
)
from sentinel.intelligence.report.cleaning import cleaned
from sentinel.intelligence.report.model import Background, SinceGood
from sentinel.intelligence.standing import standing_of
from sentinel.model.alert import Alert, Incident
from sentinel.model.group import Group
from sentinel.model.reach import Reach
from sentinel.model.signal import Error
from sentinel.pipeline import Setup
from sentinel.snapshots import compare_latest, compare_one
from sentinel.store import alerts, deliveries, groups, signals
from sentinel.store import snapshots as snapshot_store
from sentinel.store.reach import reach_of

_T = TypeVar("_T")
_RELATED = 8
_LINK_FIELDS = ("tenant", "environment", "release", "service", "host")
_SHOWN_AFTER = 180.0
_AN_HOUR = 3_600.0


class Reporter(Struct, frozen=True, kw_only=True):
    """`application_url` fills the catalog's links into the operator's own application; `terms` say
    what a snapshot is compared by; `scrubber` keeps secrets out of what is passed on."""

    catalog: Catalog
    finder: CauseFinder
    scrubber: Scrubber
    public_url: str = ""
    application_url: str | None = None
    terms: Snapshots = Snapshots()

    def on_group(self, conn: sqlite3.Connection, number: int, now: float) -> DebugReport | None:
        """The report on an error group; None where there is no such group."""
        group = groups.get(conn, number)
        if group is None:
            return None
        incident, background = self.behind_group(conn, number, now)
        return self._of_group(conn, group, incident, background, now)

    def on_incident(
        self, conn: sqlite3.Connection, number: int, now: float
    ) -> IncidentReport | None:
        """The report on an incident; None where there is no such incident."""
        incident = alerts.get_incident(conn, number)
        if incident is None:
            return None
        own = alerts.of_incident(conn, number)
        behind = incident.group or next((one.group for one in own if one.group), None)
        group = groups.get(conn, behind) if behind else None
        reach = reach_of(conn, incident, own)
        error = self._of_group(conn, group, incident, Background(), now, reach) if group else None
        return build_incident_report(
            self._clean(incident),
            now=now,
            catalog=self.catalog,
            alerts=self._clean(own),
            deliveries=deliveries.of_incident(conn, number),
            error=error,
            url=f"{self.public_url}/incidents/{number}",
            background=self._clean(self.background(conn, incident, now)),
        )

    def behind_group(
        self, conn: sqlite3.Connection, number: int, now: float
    ) -> tuple[Incident | None, Background]:
        """The latest incident that an alert of the group belongs to, and what stands behind it."""
        alert = next((one for one in alerts.of_group(conn, number) if one.incident), None)
        incident = alerts.get_incident(conn, alert.incident) if alert and alert.incident else None
        if incident is None:
            return None, Background()
        return incident, self.background(conn, incident, now, alert)

    def background(
        self, conn: sqlite3.Connection, incident: Incident, now: float, alert: Alert | None = None
    ) -> Background:
        """What stands behind an incident, told of one of its alerts, or else of its root."""
        own = alerts.of_incident(conn, incident.id)
        alert = alert or next((one for one in own if one.id == incident.root), None)
        findings = self.finder.findings(conn, incident, now)
        standing = None
        if alert is not None:
            standing = standing_of(alert, incident, own, self.catalog, findings.candidates)
        return Background(
            began=incident.opened,
            standing=standing,
            findings=findings,
            since_good=self._since_good(conn, incident),
        )

    def _since_good(self, conn: sqlite3.Connection, incident: Incident) -> SinceGood | None:
        """As the system is now; as it was shortly after the beginning of one that is over."""
        if incident.resolved is None:
            found = compare_latest(conn, self.terms)
        else:
            until = min(incident.resolved, incident.opened + _SHOWN_AFTER)
            after = snapshot_store.at_or_before(conn, until)
            is_near = after is not None and after.at > incident.opened - _AN_HOUR
            found = compare_one(conn, after, self.terms) if after and is_near else None
        if found is None or found.minutes is None:
            return None
        return SinceGood(minutes=found.minutes, worse=tuple(one.sentence for one in found.worse))

    def _of_group(
        self,
        conn: sqlite3.Connection,
        group: Group,
        incident: Incident | None,
        background: Background,
        now: float,
        reach: Reach | None = None,
    ) -> DebugReport:
        found = self._clean(signals.latest_of_group(conn, group.id))
        latest = found[0] if found else None
        entry = self.catalog.get(group.code)
        codes = (group.code, *(entry.related_codes if entry else ())) if group.code else ()
        related = [one for code in codes for one in groups.of_code(conn, code)]
        return build_report(
            self._clean(group),
            now=now,
            catalog=self.catalog,
            latest=latest,
            # Of other errors' alerts only the codes are looked at.
            alerts=[
                self._clean(one) if one.group == group.id or one.code == group.code else one
                for one in alerts.unresolved(conn)
            ],
            incident=self._clean(incident),
            deliveries=deliveries.listing(conn, incident=incident.id) if incident else (),
            related=self._clean(related[:_RELATED]),
            url=f"{self.public_url}/errors/{group.id}",
            link_values=self._link_values(group, latest),
            background=self._clean(background),
            reach=reach,
        )

    def _clean(self, value: _T) -> _T:
        return cleaned(value, self._clean_text)

    def _clean_text(self, text: str) -> str:
        clean: str = self.scrubber.clean({"text": text})["text"]
        return clean

    def _link_values(self, group: Group, latest: Error | None) -> dict[str, str | None]:
        values: dict[str, str | None] = {
            "base_url": self.application_url,
            "project": group.project,
        }
        if latest is not None:
            values |= {name: getattr(latest, name) for name in _LINK_FIELDS}
        return values


def reporter_of(setup: Setup) -> Reporter:
    config = setup.config
    return Reporter(
        catalog=setup.catalog,
        finder=setup.finder,
        scrubber=setup.scrubber,
        public_url=config.public_url,
        application_url=config.application_url,
        terms=config.snapshots,
    )
