"""`python -m sentinel.config.write_docs FILE`: the tables of keys in docs/configuration.md,
between the two marks, from the records that the checks themselves use."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from sentinel.api import Kind
from sentinel.config.schema import (
    Channel,
    Classify,
    Flapping,
    Http,
    Limits,
    Log,
    MainFile,
    Probe,
    Project,
    Retention,
    Rule,
    RulesFile,
    Sample,
)
from sentinel.config.schema_correlations import Correlation
from sentinel.config.schema_people import Escalation, Layer, Override, Quiet, Schedule, Step
from sentinel.config.schema_routing import (
    InhibitRule,
    Interval,
    Maintenance,
    Route,
    TimeInterval,
    Times,
)
from sentinel.config.schema_tests import (
    Acknowledge,
    Delivered,
    Expect,
    ExpectedIncident,
    Feed,
    NotDelivered,
    RuleTest,
    Silence,
)
from sentinel.config.suggest import show
from sentinel.config.tagged import Registry
from sentinel.config.validation import schema_of
from sentinel.config.wording import alternatives, words
from sentinel.config.write_schemas import built_in_registry
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.model.values import Duration, Size

BEGIN = "<!-- keys: written by `make docs` -->"
END = "<!-- end of keys -->"

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "sentinel.yaml": MainFile,
    "sentinel.yaml: limits": Limits,
    "sentinel.yaml: retention": Retention,
    "sentinel.yaml: scrub": ScrubPolicy,
    "sentinel.yaml: http": Http,
    "sentinel.yaml: projects.NAME": Project,
    "sentinel.yaml: projects.NAME.sample": Sample,
    "sentinel.yaml: channels.NAME": Channel,
    "sentinel.yaml: people.NAME.quiet": Quiet,
    "sentinel.yaml: probes[]": Probe,
    "sentinel.yaml: log": Log,
    "rules/*.yaml": RulesFile,
    "rules/*.yaml: rules[]": Rule,
    "rules/*.yaml: rules[].flapping": Flapping,
    "rules/*.yaml: classify[]": Classify,
    "rules/*.yaml: correlations[]": Correlation,
    "rules/*.yaml: routes[]": Route,
    "rules/*.yaml: inhibit_rules[]": InhibitRule,
    "rules/*.yaml: time_intervals[]": TimeInterval,
    "rules/*.yaml: time_intervals[].time_intervals[]": Interval,
    "rules/*.yaml: time_intervals[].time_intervals[].times[]": Times,
    "rules/*.yaml: maintenance[]": Maintenance,
    "rules/*.yaml: escalations[]": Escalation,
    "rules/*.yaml: escalations[].steps[]": Step,
    "rules/*.yaml: schedules[]": Schedule,
    "rules/*.yaml: schedules[].layers[]": Layer,
    "rules/*.yaml: schedules[].overrides[]": Override,
    "rules/*.yaml: tests[]": RuleTest,
    "rules/*.yaml: tests[].signals[]": Feed,
    "rules/*.yaml: tests[].acknowledge[]": Acknowledge,
    "rules/*.yaml: tests[].silence[]": Silence,
    "rules/*.yaml: tests[].expect[]": Expect,
    "rules/*.yaml: tests[].expect[].delivered": Delivered,
    "rules/*.yaml: tests[].expect[].not_delivered": NotDelivered,
    "rules/*.yaml: tests[].expect[].incident": ExpectedIncident,
}
PLUGINS: dict[Kind, str] = {
    "notifier": "Channel of type",
    "probe": "Probe of type",
    "detector": "Rule of type",
}


def tables(registry: Registry) -> str:
    """Markdown: one table for each section, then one for each plugin's parameters."""
    parts = [_section(f"`{title}`", record) for title, record in SECTIONS.items()]
    for kind, title in PLUGINS.items():
        for type in registry.types(kind):
            plugin: Any = registry.get(kind, type)
            parts.append(_section(f"{title} `{type}`", plugin.Params, plugin.summary))
    return "\n".join(parts)


def insert(page: str, registry: Registry) -> str:
    """The page with its tables renewed. Raises ValueError where it has no marks."""
    before, found, rest = page.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"expected {BEGIN} and {END} in the page")
    return f"{before}{BEGIN}\n\n{tables(registry)}\n{END}{after}"


def _section(title: str, record: type[msgspec.Struct], summary: str | None = None) -> str:
    schema = schema_of(record)
    text = schema.get("description", "") if summary is None else summary
    lines = [f"### {title}", ""]
    if text:
        lines += [f"{_one_line(text).rstrip('.')}.", ""]
    rows = list(_rows(record, schema))
    if not rows:
        return "\n".join([*lines, "No parameters of its own.", ""])
    lines += ["| key | value | if left out | |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _rows(record: type[msgspec.Struct], schema: Mapping[str, Any]) -> Iterator[str]:
    for field in msgspec.structs.fields(record):
        item = schema["properties"][field.encode_name]
        value = _cell(words(item, schema["$defs"]))
        description = _cell(item.get("description", "").rstrip("."))
        secret = any(branch.get("writeOnly") for branch in alternatives(item))
        value = "a secret" if secret else value
        yield f"| `{field.encode_name}` | {value} | {_default(field)} | {description} |"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "**required**"
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    if value in (None, "", (), [], {}):
        return ""
    if isinstance(value, msgspec.Struct):
        return "see below"
    return f"`{_written(value)}`"


def _written(value: Any) -> str:
    """As it would be written in the YAML."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Size):
        return _size(value)
    if isinstance(value, Duration) and value and value % 86400 == 0:
        return f"{value / 86400:.0f}d"
    return str(value) if isinstance(value, Duration | str) else show(value)


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")


def main() -> None:
    page = Path(sys.argv[1])
    page.write_text(insert(page.read_text("utf-8"), built_in_registry()), "utf-8")


if __name__ == "__main__":
    main()
