"""`python -m sentinel.config.write_docs FOLDER`: the parts of the pages in this folder (docs/) that
are written from the code. Each stands between two marks and is called by a name."""

import re
import sys
from pathlib import Path
from typing import Any

from sentinel.api import Kind
from sentinel.config.reference_detectors import detector_sections, detectors_table, fields_table
from sentinel.config.reference_tables import Record, keys_table, section
from sentinel.config.schema import (
    Action,
    Channel,
    Classify,
    Flapping,
    Http,
    Limits,
    Log,
    MainFile,
    Monitor,
    Probe,
    Project,
    Remediate,
    Retention,
    Rule,
    RulesFile,
    Sample,
    Verify,
)
from sentinel.config.schema_broadcasts import Announce, Ask, Broadcast, When
from sentinel.config.schema_clients import (
    ClientChannels,
    ClientLimits,
    Clients,
    ContactQuiet,
    Tenant,
    TenantContact,
)
from sentinel.config.schema_correlations import Correlation
from sentinel.config.schema_health import Component, FireDrill, Heartbeat
from sentinel.config.schema_people import (
    Digest,
    Escalation,
    Layer,
    Override,
    PersonLimit,
    Quiet,
    Schedule,
    Step,
)
from sentinel.config.schema_routing import (
    InhibitRule,
    Interval,
    Maintenance,
    Route,
    TimeInterval,
    Times,
)
from sentinel.config.schema_snapshots import Checksums, Count, Good, Snapshots, Worse
from sentinel.config.schema_status import StatusComponent, StatusLink, StatusPage
from sentinel.config.schema_templates import Template
from sentinel.config.schema_tests import (
    Acknowledge,
    ClientUpdate,
    Delivered,
    Expect,
    ExpectedIncident,
    Feed,
    NotDelivered,
    RuleTest,
    Silence,
)
from sentinel.config.tagged import Registry
from sentinel.config.write_schemas import built_in_registry
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.templating import reference

PAGES = ("configuration.md", "rules.md", "templates.md")

MAIN: dict[str, Record] = {
    "sentinel.yaml": MainFile,
    "limits": Limits,
    "retention": Retention,
    "scrub": ScrubPolicy,
    "http": Http,
    "projects.NAME": Project,
    "projects.NAME.sample": Sample,
    "channels.NAME": Channel,
    "probes[]": Probe,
    "components.NAME": Component,
    "monitors[]": Monitor,
    "snapshots": Snapshots,
    "snapshots.counts.NAME": Count,
    "snapshots.checksums": Checksums,
    "snapshots.good": Good,
    "snapshots.worse": Worse,
    "heartbeat": Heartbeat,
    "fire_drills[]": FireDrill,
    "actions.NAME": Action,
    "status_page": StatusPage,
    "status_page.links[]": StatusLink,
    "status_page.components[]": StatusComponent,
    "clients": Clients,
    "clients.channels": ClientChannels,
    "clients.limits": ClientLimits,
    "tenants.NAME": Tenant,
    "tenants.NAME.contacts[]": TenantContact,
    "tenants.NAME.contacts[].quiet": ContactQuiet,
    "log": Log,
}
"""The mappings of the main file, one after the other with headings."""

RULES: dict[str, Record] = {
    "rules/*.yaml": RulesFile,
    "rules[]": Rule,
    "rules[].flapping": Flapping,
    "rules[].remediate": Remediate,
    "rules[].remediate.verify": Verify,
    "classify[]": Classify,
    "correlations[]": Correlation,
    "routes[]": Route,
    "inhibit_rules[]": InhibitRule,
    "time_intervals[]": TimeInterval,
    "time_intervals[].time_intervals[]": Interval,
    "time_intervals[].time_intervals[].times[]": Times,
    "maintenance[]": Maintenance,
    "maintenance[].announce": Announce,
    "broadcasts[]": Broadcast,
    "broadcasts[].when": When,
    "broadcasts[].ask": Ask,
    "escalations[]": Escalation,
    "escalations[].steps[]": Step,
    "schedules[]": Schedule,
    "schedules[].layers[]": Layer,
    "schedules[].overrides[]": Override,
    "people.NAME.quiet": Quiet,
    "people.NAME.digest": Digest,
    "people.NAME.limits.CHANNEL": PersonLimit,
    "templates[]": Template,
    "tests[]": RuleTest,
    "tests[].signals[]": Feed,
    "tests[].acknowledge[]": Acknowledge,
    "tests[].silence[]": Silence,
    "tests[].expect[]": Expect,
    "tests[].expect[].delivered": Delivered,
    "tests[].expect[].not_delivered": NotDelivered,
    "tests[].expect[].incident": ExpectedIncident,
    "tests[].expect[].client_update": ClientUpdate,
}
"""The mappings of the rules' files, each where the page speaks of it."""

PLUGINS: dict[Kind, str] = {
    "notifier": "Channel of type",
    "probe": "Probe of type",
    "action": "Action of type",
}

_PART = re.compile(r"<!-- begin (.+?): written by `make docs` -->\n(.*?)<!-- end -->", re.DOTALL)


def parts(registry: Registry) -> dict[str, str]:
    """Everything that is written, in Markdown, by the name in its marks."""
    return {
        "sentinel.yaml": _main_file(registry),
        **{name: keys_table(record) for name, record in RULES.items()},
        "variables of admins": reference.variables_of_admins(),
        "variables of clients": reference.variables_of_clients(),
        "filters": reference.filters(),
        "fields": fields_table(),
        "detectors": detectors_table(registry),
        "parameters": detector_sections(registry),
    }


def insert(page: str, written: dict[str, str]) -> str:
    """The page with its parts renewed. Raises ValueError for one that is not known."""

    def renewed(match: re.Match[str]) -> str:
        name = match[1]
        if name not in written:
            raise ValueError(f"expected one of {', '.join(written)} in a mark, found {name}")
        return f"{mark(name)}\n\n{written[name]}\n\n<!-- end -->"

    return _PART.sub(renewed, page)


def mark(name: str) -> str:
    """What stands before a part."""
    return f"<!-- begin {name}: written by `make docs` -->"


def _main_file(registry: Registry) -> str:
    found = [section(f"### `{title}`", record) for title, record in MAIN.items()]
    for kind, title in PLUGINS.items():
        for type in registry.types(kind):
            plugin: Any = registry.get(kind, type)
            found.append(section(f"### {title} `{type}`", plugin.Params, plugin.summary))
    return "\n\n".join(found)


def main() -> None:
    written = parts(built_in_registry())
    for name in PAGES:
        page = Path(sys.argv[1], name)
        page.write_text(insert(page.read_text("utf-8"), written), "utf-8")


if __name__ == "__main__":
    main()
