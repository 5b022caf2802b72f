"""What a message is made of, and the questions that are asked about it."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, tzinfo

from msgspec import Struct, field

from sentinel.intelligence.catalog import Entry, fill_link
from sentinel.intelligence.causes import suspect
from sentinel.intelligence.impact import impact_of
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate, Findings
from sentinel.model.page import Page

WEB = ("https://", "http://")


class Cascade(Struct, frozen=True):
    """Something that broke because of the root cause. `count` is the number of signals."""

    name: str
    title: str
    count: int


class PageFacts(Struct, frozen=True, kw_only=True):
    """`entry` is the catalog's on the incident's code, `titles` its titles of other codes,
    `findings` what is known of its causes and of similar incidents.

    `public_url` is where Sentinel's own pages are; `base_url` that of the observed application,
    for the catalog's links.
    """

    page: Page
    entry: Entry | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    findings: Findings = Findings()
    public_url: str = ""
    base_url: str | None = None
    zone: tzinfo = UTC

    @property
    def root(self) -> Alert | None:
        page = self.page
        return next((alert for alert in page.alerts if alert.id == page.incident.root), None)

    @property
    def name(self) -> str:
        """The shortest name of what is wrong: the code, or else the title."""
        return self.page.incident.code or self.page.incident.title

    @property
    def cause(self) -> str:
        """What a correlation found at the root where that is no alert; empty otherwise."""
        return self.page.incident.cause

    @property
    def suspect(self) -> Candidate | None:
        """What probably caused it, where that is not certain."""
        return suspect(self.findings.candidates)

    @property
    def flaps(self) -> bool:
        return any(alert.flapping for alert in self.page.alerts if self._is_root(alert))

    @property
    def environment(self) -> str | None:
        labels = self.root.labels if self.root else {}
        found = labels.get("environment")
        return found or (self.page.sample.environment if self.page.sample else None)

    @property
    def impact(self) -> str:
        """Whom it hurts, as one sentence without its full stop."""
        if self.page.groups:
            return impact_of(self.page.groups[0], self.entry, self.zone).sentence
        who = self.page.incident.tenant
        return f"{who} is affected" if who else ""

    @property
    def events(self) -> int:
        """The signals with the incident's own code. Several rules may have counted the same ones,
        so that the rule that counted most tells."""
        counts: Counter[str] = Counter()
        for alert in self.page.alerts:
            if self._is_root(alert):
                counts[alert.rule] += alert.count
        return max(counts.values(), default=0)

    @property
    def cascades(self) -> list[Cascade]:
        """The most frequent first."""
        counts: Counter[str] = Counter()
        for alert in self.page.alerts:
            if not self._is_root(alert):
                counts[alert.code or alert.rule] += alert.count
        return [Cascade(name, self.titles.get(name, ""), n) for name, n in counts.most_common()]

    @property
    def url(self) -> str:
        return self.url_of(self.page.incident)

    def url_of(self, incident: Incident) -> str:
        return f"{self.public_url.rstrip('/')}/incidents/{incident.id}"

    @property
    def group_url(self) -> str | None:
        if not self.page.groups:
            return None
        return f"{self.public_url.rstrip('/')}/errors/{self.page.groups[0].id}"

    @property
    def runbook(self) -> str | None:
        """From the rule's annotations, which may hold text from outside: only a web address."""
        annotations = self.root.annotations if self.root else {}
        found = annotations.get("runbook") or annotations.get("runbook_url") or ""
        return found if found.startswith(WEB) and not any(c.isspace() for c in found) else None

    def link(self, template: str | None) -> str | None:
        """One of the catalog's addresses, with its placeholders filled in."""
        if template is None:
            return None
        page, sample = self.page, self.page.sample
        values = {
            "base_url": self.base_url,
            "tenant": page.incident.tenant,
            "project": page.groups[0].project if page.groups else None,
            "environment": self.environment,
            "release": sample.release if sample else None,
            "service": sample.service if sample else None,
            "host": sample.host if sample else None,
        }
        return fill_link(template, values)

    def _is_root(self, alert: Alert) -> bool:
        if alert.id == self.page.incident.root:
            return True
        return alert.code is not None and alert.code == self.page.incident.code
