"""What a message is made of, and the questions that are asked about it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from urllib.parse import quote

from msgspec import Struct, field

from sentinel.intelligence.advice import runbook_of
from sentinel.intelligence.catalog import Entry, fill_link
from sentinel.intelligence.causes import suspect
from sentinel.intelligence.impact import GroupImpact, impact_of
from sentinel.intelligence.untrusted import one_line
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate, Findings
from sentinel.model.delivery import Choice
from sentinel.model.group import OWN_PROJECT
from sentinel.model.page import Page
from sentinel.model.signal import Change

_NAME = 100


class Cascade(Struct, frozen=True):
    """Something that broke because of the root cause. `count` is the number of signals."""

    name: str
    title: str
    count: int


class PageFacts(Struct, frozen=True, kw_only=True):
    """`entry` is the catalog's on the incident's code, `behind` that on the code that is suspected,
    `titles` its titles of other codes, `findings` what is known of its causes and of similar
    incidents. `tests` are the names of actions that would show that it is mended, `choices` what
    the reader may do from the message.

    `public_url` is where Sentinel's own pages are; `base_url` that of the observed application,
    for the catalog's links.
    """

    page: Page
    entry: Entry | None = None
    behind: Entry | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    findings: Findings = Findings()
    tests: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    public_url: str = ""
    base_url: str | None = None
    zone: tzinfo = UTC

    @property
    def root(self) -> Alert | None:
        page = self.page
        return next((alert for alert in page.alerts if alert.id == page.incident.root), None)

    @property
    def roots(self) -> list[Alert]:
        """All alerts that stand for the cause."""
        return [one for one in self.page.alerts if self.page.incident.is_root(one)]

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
    def changed(self) -> Change | None:
        """The nearest change before it that may concern it and is not named as a cause anyway."""
        named = {self.cause, self.suspect.name if self.suspect else ""}
        for one in self.findings.changes:
            if self._may_concern(one) and not {one.title, one_line(one.title)} & named:
                return one
        return None

    @property
    def flaps(self) -> bool:
        return any(alert.flapping for alert in self.roots)

    @property
    def environment(self) -> str | None:
        labels = self.root.labels if self.root else {}
        found = labels.get("environment")
        return found or (self.page.sample.environment if self.page.sample else None)

    @property
    def impact(self) -> str:
        """Whom it hurts, as one sentence without its full stop."""
        known = self.known_impact
        if known is not None:
            return known.sentence
        who = self.page.incident.tenant
        return f"{one_line(who, _NAME)} is affected" if who else ""

    @property
    def past_impact(self) -> str:
        """Whom it has hurt, likewise."""
        known = self.known_impact
        if known is not None:
            return known.past
        who = self.page.incident.tenant
        return f"{one_line(who, _NAME)} was affected" if who else ""

    @property
    def known_impact(self) -> GroupImpact | None:
        """As the errors count it; None where there is none, as for a probe, or where they count
        nothing but how often Sentinel itself has said something."""
        page = self.page
        if not page.groups or page.groups[0].project == OWN_PROJECT:
            return None
        name = one_line(self.tenant, _NAME) if self.tenant else None
        return impact_of(page.groups[0], self.entry, self.zone, page.reach, name)

    @property
    def tenant(self) -> str | None:
        """Whose it is, where it is one tenant's alone."""
        reach = self.page.reach
        return None if reach and reach.tenants > 1 else self.page.incident.tenant

    @property
    def events(self) -> int:
        """The signals with the incident's own code."""
        return self._count(self.roots)

    @property
    def cascades(self) -> list[Cascade]:
        """The most frequent first."""
        broken: dict[str, list[Alert]] = {}
        for alert in self.page.alerts:
            if not self.page.incident.is_root(alert):
                broken.setdefault(alert.code or alert.rule, []).append(alert)
        found = [Cascade(n, self.titles.get(n, ""), self._count(own)) for n, own in broken.items()]
        return sorted(found, key=lambda one: -one.count)

    def _count(self, alerts: Sequence[Alert]) -> int:
        """Several rules may have counted the same signals, so that the rule that counted most
        tells, or the errors themselves: a burst's alert does not count those that led to it."""
        by_rule: Counter[str] = Counter()
        for alert in alerts:
            by_rule[alert.rule] += alert.count
        events = self.page.reach.events if self.page.reach else {}
        errors = sum(events.get(group, 0) for group in {one.group for one in alerts} if group)
        return max((errors, *by_rule.values()))

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
        return runbook_of(self.root)

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

    def url_of_test(self, action: str) -> str:
        """The page that runs it; its result is kept with the incident."""
        base, number = self.public_url.rstrip("/"), self.page.incident.id
        return f"{base}/actions/{quote(action, safe=':')}?incident={number}"

    def _may_concern(self, change: Change) -> bool:
        """Not what was done for another tenant, or somewhere else."""
        own = ((change.tenant, self.page.incident.tenant), (change.environment, self.environment))
        return all(None in pair or pair[0] == pair[1] for pair in own)
