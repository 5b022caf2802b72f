"""Correlations: alerts, changes and component states that are one incident."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from msgspec import Struct

from sentinel.config import schema_correlations as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.names import Names, unknown_name
from sentinel.config.problem import Problem
from sentinel.config.suggest import did_you_mean, one_of, quoted, show
from sentinel.config.validation import read_record
from sentinel.engine.correlations import ON, Correlation
from sentinel.engine.joining import Part, Pattern, SameAs, Scalar
from sentinel.model.alert import AlertSeverity
from sentinel.model.signal import State

Sort = Literal["alert", "change", "status"]

SORTS: tuple[Sort, ...] = get_args(Sort)
_PLACE = ("tenant", "environment", "release", "service", "component", "host", "project")
FIELDS: dict[Sort, tuple[str, ...]] = {
    "alert": ("alert", "code", "severity", *_PLACE),
    "change": ("kind", "author", *_PLACE),
    "status": ("status", *_PLACE),
}
"""The fields that a part may name, by what it is. An alert also has labels, the others tags."""

CHOICES: dict[tuple[Sort, str], tuple[str, ...]] = {
    ("alert", "severity"): get_args(AlertSeverity),
    ("status", "status"): get_args(State),
}


class _Given(Struct, frozen=True):
    """One part as it is written, and where."""

    path: KeyPath
    alias: str
    sort: Sort
    conditions: Mapping[str, Any]


def read_correlations(
    documents: Sequence[Document], rules: Names
) -> tuple[list[Correlation], list[Problem]]:
    """In order, those that are right in themselves. The schema's own problems are not told."""
    found: list[Correlation] = []
    problems: list[Problem] = []
    names = Names("correlation")
    for document in documents:
        for index, item in enumerate(document.items("correlations")):
            path = ("correlations", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, schema.Correlation)
            if record:
                reading = _Reading(document, path, record, rules)
                correlation = reading.run()
                problems += reading.problems
                found += [correlation] if correlation else []
    return found, problems


class _Reading:
    def __init__(
        self, document: Document, path: KeyPath, record: schema.Correlation, rules: Names
    ) -> None:
        self.document = document
        self.path = path
        self.record = record
        self.rules = rules
        self.problems = document.positive(path, within=record.within)
        self.given: dict[str, _Given] = {}

    def run(self) -> Correlation | None:
        """None where any problem was found."""
        for index, item in enumerate(self.record.all_):
            self._take((*self.path, "all", index), item)
        aliases = [alias for item in self.record.all_ for alias in item]
        if self.record.root_cause not in aliases:
            here = (*self.path, "root_cause")
            self.problems.append(
                unknown_name(self.document, here, "part", self.record.root_cause, aliases)
            )
        parts = tuple(Part(one.alias, dict(self._where(one))) for one in self.given.values())
        if self.problems:
            return None
        return Correlation(
            pattern=Pattern(self.record.name, parts),
            root=self.record.root_cause,
            within=None if self.record.within is None else float(self.record.within),
            hold=float(self.record.hold),
            source=f"{self.document.file}:{self.document.line(self.path)}",
        )

    def _take(self, path: KeyPath, item: Mapping[str, Mapping[str, Any]]) -> None:
        if len(item) != 1:
            self._tell(
                path,
                f"{len(item)} parts in one entry",
                "one part in each entry, such as - deploy: {on: change, kind: deploy}",
                "begin a new entry with a dash" if item else "",
            )
            return
        [(alias, conditions)] = item.items()
        here = (*path, alias)
        if alias in self.given:
            self._tell(here, f"the part {show(alias)} again", "a name of its own for each part")
            return
        sort = self._sort_of(here, conditions)
        if sort:
            self.given[alias] = _Given(here, alias, sort, conditions)

    def _sort_of(self, path: KeyPath, conditions: Mapping[str, Any]) -> Sort | None:
        given = conditions.get(ON, "alert" if "alert" in conditions else None)
        if given is None:
            expected = "alert: RULE, on: alert, on: change or on: status"
            self._tell(path, "a part that does not say what it is", expected)
            return None
        sort = next((sort for sort in SORTS if sort == given), None)
        if sort is None:
            hint = did_you_mean(given, SORTS) if isinstance(given, str) else ""
            self._tell((*path, ON), show(given), one_of(SORTS), hint)
        elif "alert" in conditions and sort != "alert":
            self._tell(
                (*path, "alert"), f"an alert in a part on {sort}", "one of the two", "split it"
            )
            return None
        return sort

    def _where(self, part: _Given) -> Iterator[tuple[str, tuple[Scalar, ...] | SameAs]]:
        yield ON, (part.sort,)
        for field, wanted in part.conditions.items():
            path = (*part.path, field)
            if field == ON:
                continue
            if not self._has(part.sort, field):
                self._no_field(path, part.sort, field)
            elif isinstance(wanted, dict):
                same = self._same_as(path, part, wanted)
                if same:
                    yield field, same
            else:
                yield field, self._values(path, part.sort, field, wanted)

    def _values(self, path: KeyPath, sort: Sort, field: str, wanted: Any) -> tuple[str, ...]:
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values:
            self._tell(path, "a list of none", "at least one value", "leave the key out")
        for index, value in enumerate(values):
            here = (*path, index) if isinstance(wanted, list) else path
            choices = CHOICES.get((sort, field))
            if not isinstance(value, str):
                expected = "a text, a list of texts, or {same_as: PART.FIELD}"
                self._tell(here, show(value), expected, quoted(value))
            elif choices and value not in choices:
                self._tell(here, show(value), one_of(choices), did_you_mean(value, choices))
            elif field == "alert":
                self.problems += self.rules.unknown(self.document, here, value)
        return tuple(value for value in values if isinstance(value, str))

    def _same_as(self, path: KeyPath, part: _Given, wanted: Mapping[str, Any]) -> SameAs | None:
        text = wanted.get("same_as")
        alias, dot, field = text.partition(".") if isinstance(text, str) else ("", "", "")
        others = [other for other in self.given if other != part.alias]
        form = "{same_as: PART.FIELD}, such as {same_as: deploy.service}"
        if len(wanted) != 1 or not dot or not field:
            found = show(text) if text is not None else "a mapping without same_as"
            self._tell(path, found, form)
        elif alias == part.alias:
            self._tell(path, f"{text}, a field of the part itself", "a field of another part")
        elif alias not in self.given:
            if all(alias not in item for item in self.record.all_):
                here = (*path, "same_as")
                self.problems.append(unknown_name(self.document, here, "part", alias, others))
        elif not self._has(self.given[alias].sort, field):
            self._no_field((*path, "same_as"), self.given[alias].sort, field)
        else:
            return SameAs(alias, field)
        return None

    def _has(self, sort: Sort, field: str) -> bool:
        """An alert may have any label, so that only lints can say more."""
        return sort == "alert" or field in FIELDS[sort] or field.startswith("tags.")

    def _no_field(self, path: KeyPath, sort: Sort, field: str) -> None:
        known = FIELDS[sort]
        hint = did_you_mean(field, known) or f"it has {', '.join(known)}"
        self._tell(path, f"the field {show(field)}", f"a field of a {sort}, or tags.NAME", hint)

    def _tell(self, path: KeyPath, found: str, expected: str, hint: str = "") -> None:
        problem = self.document.problem(
            path, "correlation/bad-part", found=found, expected=expected, hint=hint
        )
        self.problems.append(problem)
