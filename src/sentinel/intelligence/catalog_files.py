"""Reads the catalog's YAML files, the shipped ones first and the installation's own over them,
and tells every problem at once."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from sentinel.config.document import Document, KeyPath, load
from sentinel.config.problem import Problem
from sentinel.config.suggest import did_you_mean, one_of, show
from sentinel.config.validation import check, schema_of
from sentinel.intelligence.catalog import (
    PLACEHOLDERS,
    Catalog,
    Code,
    Entry,
    catalog_of,
)

_REQUIRED = ("title", "category", "severity", "fix")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class CatalogFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the catalog."""

    codes: Annotated[dict[Code, Entry], Meta(description="Entries by their error code.")] = {}


class _Source(Struct, frozen=True):
    """One entry as it stands in one file. `layer` counts the folders: the shipped one is 0."""

    document: Document
    code: str
    data: dict[str, Any]
    layer: int

    def problem(self, path: KeyPath, id: str, **texts: str) -> Problem:
        return self.document.problem(
            ("codes", self.code, *path),
            id,
            found=texts["found"],
            expected=texts["expected"],
            hint=texts.get("hint", ""),
        )


def catalog_schema() -> dict[str, Any]:
    """The JSON Schema of a catalog file. No key is required, since an entry in an
    installation's own file gives only what it changes."""
    schema = deepcopy(dict(schema_of(CatalogFile)))
    del schema["$defs"]["CatalogFile"]
    for definition in schema["$defs"].values():
        definition.pop("required", None)
    del schema["$defs"]["Entry"]["properties"]["code"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def load_catalog(folders: Iterable[Path]) -> tuple[Catalog | None, list[Problem]]:
    """Reads `*.yaml` in each folder, later folders over earlier ones, field by field.

    A folder that does not exist, or that was named before, counts as empty. The catalog is
    None if there is any problem that is no warning.
    """
    reader = _Reader()
    for layer, folder in enumerate(dict.fromkeys(folder.resolve() for folder in folders)):
        reader.read(folder, layer)
    merged = {code: _merge(sources) for code, sources in reader.sources.items()}
    problems = [
        *reader.problems,
        *_missing_keys(reader.sources, merged),
        *_broken_references(reader.named),
        *_circles(reader.sources, merged),
    ]
    if any(not problem.warning for problem in problems):
        return None, sorted(problems)
    entries = [msgspec.convert({**data, "code": code}, Entry) for code, data in merged.items()]
    return catalog_of(entries), sorted(problems)


class _Reader:
    """`named` are all entries, `sources` those that the schema has nothing against, by code and
    in reading order."""

    def __init__(self) -> None:
        self.named: list[_Source] = []
        self.sources: dict[str, list[_Source]] = {}
        self.problems: list[Problem] = []
        self._schema = catalog_schema()

    def read(self, folder: Path, layer: int) -> None:
        seen: dict[str, Document] = {}
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            document, problems = load(path)
            self.problems += problems
            if document is None or document.data is None:
                continue
            found = check(document, (), self._schema)
            self.problems += found
            for source in _sources(document, layer):
                self.named.append(source)
                if source.code in seen:
                    self.problems.append(_twice(source, seen[source.code]))
                    continue
                seen[source.code] = document
                if not _concerns(found, source.code):
                    self.sources.setdefault(source.code, []).append(source)


def _sources(document: Document, layer: int) -> Iterator[_Source]:
    for code, data in document.section("codes").items():
        if isinstance(data, dict):
            yield _Source(document, code, data, layer)


def _concerns(problems: Sequence[Problem], code: str) -> bool:
    start = f"codes.{code}"
    return any(p.path == start or p.path.startswith((f"{start}.", f"{start}[")) for p in problems)


def _twice(source: _Source, first: Document) -> Problem:
    line = first.line(("codes", source.code))
    return source.problem(
        (),
        "catalog/duplicate-code",
        found=f"{source.code} again (first in {first.file}:{line})",
        expected="it once in a folder",
        hint="put the two together, or override it from the folder that catalog_dir names",
    )


def _merge(sources: Sequence[_Source]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for source in sources:
        impact = {**merged.get("impact", {}), **source.data.get("impact", {})}
        merged = {**merged, **source.data, "impact": impact}
    return merged


def _missing_keys(
    sources: Mapping[str, Sequence[_Source]], merged: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    for code, data in merged.items():
        missing = [key for key in _REQUIRED if key not in data]
        if missing:
            yield sources[code][-1].problem(
                (),
                "config/missing-key",
                found=", ".join(f"no {key}" for key in missing),
                expected=f"{', '.join(_REQUIRED)} in an entry of its own",
                hint=did_you_mean(code, merged.keys() - {code}),
            )


def _broken_references(named: Sequence[_Source]) -> Iterator[Problem]:
    codes = {source.code for source in named}
    for source in named:
        for key in ("causes", "related_codes"):
            listed = source.data.get(key)
            for index, code in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(code, str):
                    yield from _broken_reference(source, (key, index), code, codes)
        for key in ("fix_url", "ui_fix_url"):
            page = source.data.get(key)
            yield from _unknown_placeholders(source, key, page if isinstance(page, str) else "")


def _unknown_placeholders(source: _Source, key: str, page: str) -> Iterator[Problem]:
    for name in _PLACEHOLDER.findall(page):
        if name not in PLACEHOLDERS:
            yield source.problem(
                (key,),
                "catalog/unknown-placeholder",
                found=f"the placeholder {{{name}}}",
                expected=one_of(PLACEHOLDERS),
                hint=did_you_mean(name, PLACEHOLDERS),
            )


def _broken_reference(
    source: _Source, path: KeyPath, code: str, codes: set[str]
) -> Iterator[Problem]:
    if code not in codes:
        yield source.problem(
            path,
            "catalog/unknown-code",
            found=f"the code {show(code)}",
            expected="a code of the catalog",
            hint=did_you_mean(code, codes) or f"add an entry for {code}",
        )
    elif code == source.code:
        yield source.problem(
            path,
            "catalog/own-code",
            found=f"{code} itself",
            expected="another code",
            hint="take it out",
        )


def _circles(
    sources: Mapping[str, Sequence[_Source]], merged: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    """One problem for each circle of causes, at an edge that closes it: the installation's own
    rather than a shipped one."""
    edges = {code: {*data.get("causes", ())} - {code} for code, data in merged.items()}
    while True:
        try:
            TopologicalSorter(edges).prepare()
        except CycleError as error:
            # The sorter lists each node before the one it is a predecessor of: effect, cause.
            circle: list[str] = error.args[1][::-1]
            steps = [
                (_of_edge(sources[cause], effect), effect) for cause, effect in pairwise(circle)
            ]
            source, effect = max(reversed(steps), key=lambda step: step[0].layer)
            edges[source.code].discard(effect)
            at = circle.index(source.code) + 1
            yield _circle(source, effect, [*circle[at:-1], *circle[:at], effect])
        else:
            return


def _of_edge(sources: Sequence[_Source], effect: str) -> _Source:
    return next(one for one in reversed(sources) if effect in one.data.get("causes", ()))


def _circle(source: _Source, effect: str, circle: Sequence[str]) -> Problem:
    return source.problem(
        ("causes", source.data["causes"].index(effect)),
        "catalog/circle",
        found=f"a circle of causes: {' → '.join(circle)}",
        expected="causes that lead one way",
        hint="keep the edge that happens first in practice, and make the others related_codes",
    )
