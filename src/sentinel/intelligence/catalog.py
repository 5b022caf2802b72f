"""The catalog: what is known about each error code, and which code brings about which."""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Annotated, Literal
from urllib.parse import quote

from msgspec import Meta, Struct, field

from sentinel.model.cause import Candidate
from sentinel.model.signal import Category, Severity

CODE = r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$"
VARIABLE = r"^[A-Z][A-Z0-9_]*$"
WEB_PAGE = r"^https?://[^\s<>]+$"
FIX_PAGE = r"^(https?://|\{base_url\}/)[^\s<>]*$"

PLACEHOLDERS = ("base_url", "tenant", "project", "environment", "release", "service", "host")
"""What may stand in braces in `fix_url` and `ui_fix_url`."""

Priority = Literal["P0", "P1", "P2"]
Revenue = Literal["high", "medium", "low", "none"]
Companies = Literal["all", "specific", "none"]

Code = Annotated[str, Meta(pattern=CODE, max_length=100, examples=["DB_QUERY_SLOW"])]
Variable = Annotated[str, Meta(pattern=VARIABLE, max_length=100, examples=["DATABASE_URL"])]
Text = Annotated[str, Meta(min_length=1, max_length=600)]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
WebPage = Annotated[
    str, Meta(pattern=WEB_PAGE, max_length=500, examples=["https://example.com/help"])
]
FixPage = Annotated[str, Meta(pattern=FIX_PAGE, max_length=500, examples=["{base_url}/settings"])]


class Impact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an error with this code means for the business, as judged beforehand."""

    priority: Annotated[
        Priority, Meta(description="P0: everything stops, act now. P1: today. P2: this week.")
    ] = "P2"
    revenue: Annotated[Revenue, Meta(description="How much money is at stake.")] = "none"
    features: Annotated[
        tuple[Word, ...], Meta(description="What no longer works, in the customers' words.")
    ] = ()
    companies: Annotated[
        Companies, Meta(description="Whether it meets all companies, specific ones, or none.")
    ] = "all"


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known about one code. `code` is the key that the entry stands under."""

    code: Code
    title: Annotated[Word, Meta(description="What is wrong, in one line, for a person.")]
    category: Annotated[Category, Meta(description="Where the fault lies.")]
    severity: Annotated[Severity, Meta(description="Severity of errors that carry this code.")]
    fix: Annotated[
        tuple[Text, ...],
        Meta(min_length=1, max_length=30, description="Steps that mend it, most likely first."),
    ]
    summary: Annotated[Text | None, Meta(description="What it means, in a sentence or two.")] = None
    customer_facing: Annotated[
        bool, Meta(description="Whether customers notice; decides what they may be told.")
    ] = False
    fix_url: Annotated[
        FixPage | None, Meta(description="Where an engineer mends it; may hold placeholders.")
    ] = None
    ui_fix_url: Annotated[
        FixPage | None,
        Meta(description="Page of your own application where an administrator mends it."),
    ] = None
    config_file: Annotated[Word | None, Meta(description="File that holds its settings.")] = None
    env_vars: Annotated[
        tuple[Variable, ...],
        Meta(max_length=30, description="Names of the variables it depends on, never values."),
    ] = ()
    reproduce: Annotated[
        tuple[Text, ...], Meta(max_length=30, description="Steps that show the fault.")
    ] = ()
    verify: Annotated[
        tuple[Text, ...], Meta(max_length=30, description="Steps that prove that it is mended.")
    ] = ()
    test: Annotated[
        tuple[Word, ...],
        Meta(
            max_length=10,
            description="What can be tested to see that it is mended: probes, components or "
            "channels by name, types of probes or channels, or actions that change nothing.",
        ),
    ] = ()
    external_docs: Annotated[
        tuple[WebPage, ...], Meta(max_length=30, description="Official pages to read on.")
    ] = ()
    related_codes: Annotated[
        tuple[Code, ...], Meta(max_length=30, description="Codes worth looking at as well.")
    ] = ()
    common_causes: Annotated[
        tuple[Text, ...], Meta(max_length=30, description="Usual reasons, most frequent first.")
    ] = ()
    impact: Annotated[Impact, Meta(description="What it means for the business.")] = Impact()
    causes: Annotated[
        tuple[Code, ...], Meta(max_length=100, description="Codes that this one brings about.")
    ] = ()


class Catalog(Struct, frozen=True):
    """`effects` maps each code that causes others to all of them, near and far."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    effects: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def get(self, code: str | None) -> Entry | None:
        return self.entries.get(code) if code else None

    def behind(self, suspect: Candidate | None) -> Entry | None:
        """The entry of a probable cause that is a code."""
        return self.get(suspect.name) if suspect and suspect.kind == "code" else None

    def effects_of(self, code: str) -> frozenset[str]:
        """All codes that this one may bring about, near and far."""
        return self.effects.get(code, frozenset())

    def causes_of(self, code: str) -> frozenset[str]:
        """All codes that may have brought this one about, near and far."""
        return frozenset(cause for cause, effects in self.effects.items() if code in effects)

    def direct_effects(self, code: str) -> tuple[str, ...]:
        entry = self.entries.get(code)
        return entry.causes if entry else ()

    def direct_causes(self, code: str) -> tuple[str, ...]:
        return tuple(sorted(c for c, entry in self.entries.items() if code in entry.causes))

    @property
    def per_tenant(self) -> frozenset[str]:
        """Codes that are about one company's own settings or data, so that two companies never
        share an incident over them."""
        return frozenset(
            code
            for code, entry in self.entries.items()
            if entry.category in ("company_config", "data") and entry.impact.companies == "specific"
        )


def catalog_of(entries: Iterable[Entry]) -> Catalog:
    """Follows the `causes` edges to their ends. Raises graphlib.CycleError where they go round."""
    by_code = {entry.code: entry for entry in entries}
    effects: dict[str, frozenset[str]] = {}
    # A sorter hands out predecessors first: here, each effect before its causes.
    for code in TopologicalSorter({c: e.causes for c, e in by_code.items()}).static_order():
        direct = by_code[code].causes if code in by_code else ()
        if direct:
            effects[code] = frozenset(direct).union(*(effects.get(d, frozenset()) for d in direct))
    return Catalog(by_code, effects)


def fill_link(template: str, values: Mapping[str, str | None]) -> str | None:
    """The address with its placeholders filled in; None where a value is not known.

    Values other than `base_url` come with errors from outside, and are encoded so that none of
    them can change where the address leads.
    """
    for name in PLACEHOLDERS:
        mark = "{" + name + "}"
        if mark in template:
            value = values.get(name)
            if not value:
                return None
            safe = value.rstrip("/") if name == "base_url" else _segment(value)
            template = template.replace(mark, safe)
    return template


def _segment(value: str) -> str:
    # "." and ".." are not touched by quote, and would climb up the path.
    return quote(value, safe="") if value.strip(".") else "%2E" * len(value)
