"""Reads files of either kind together, and writes what they become."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from sentinel.config.document import Document, KeyPath, load
from sentinel.errors import ConfigError
from sentinel.importing.alertmanager import Configuration, is_configuration, read_configuration
from sentinel.importing.emit import Noted, comment, emit
from sentinel.importing.notes import Note, Notes
from sentinel.importing.prometheus import Vocabulary, read_rules


class Imported(Struct, frozen=True, kw_only=True):
    """`rules` is the text of a file for `rules_dir`, `main` a part for `sentinel.yaml`: empty
    where there is none."""

    rules: str
    main: str
    notes: tuple[Note, ...]

    @property
    def understood(self) -> bool:
        return all(note.outcome != "not understood" for note in self.notes)


def import_files(paths: Sequence[Path]) -> Imported:
    """Raises ConfigError for a file that can't be read, or is of neither kind.

    Rules are read before configurations, whatever the order: what a matcher's label is called
    depends on them.
    """
    read = [_load(path) for path in paths]
    documents = [document for document, _ in read]
    words = Vocabulary()
    notes = [note for _, broken in read for note in broken]
    rules: list[Noted] = []
    for document in documents:
        if (groups := _groups_of(document.data)) is not None:
            own = Notes(document)
            rules += read_rules(document, groups, words, own)
            notes += own.found
    configurations = [d for d in documents if _groups_of(d.data) is None]
    if len(configurations) > 1:
        raise ConfigError("found two configurations of Alertmanager, expected one at a time")
    found: Configuration | None = None
    for document in configurations:
        own = Notes(document)
        found = read_configuration(document, words, own)
        notes += own.found
    sources = ", ".join(document.file for document in documents)
    return Imported(
        rules=_rules_text(rules, found, sources),
        main=_main_text(found, sources) if found else "",
        notes=tuple(sorted(notes, key=lambda note: (note.file, note.line))),
    )


def _load(path: Path) -> tuple[Document, list[Note]]:
    document, problems = load(path)
    if document is None:
        raise ConfigError("\n".join(map(str, problems)))
    if _groups_of(document.data) is None and not is_configuration(document.data):
        keys = list(document.data)[:10] if isinstance(document.data, dict) else []
        found = f"the keys {', '.join(keys)}" if keys else "no mapping"
        raise ConfigError(
            f"{path}: found {found}, expected `groups` (rules of Prometheus) or `route` and "
            "`receivers` (a configuration of Alertmanager)"
        )
    broken = [
        Note(
            outcome="not understood",
            file=problem.file,
            line=problem.line,
            what=problem.path or "the file",
            why=f"found {problem.found}, expected {problem.expected}",
        )
        for problem in problems
    ]
    return document, broken


def _groups_of(data: Any) -> KeyPath | None:
    """Where the groups of rules stand: also in the operator's resource `PrometheusRule`."""
    if not isinstance(data, dict):
        return None
    if "groups" in data:
        return ("groups",)
    spec = data.get("spec")
    return ("spec", "groups") if isinstance(spec, dict) and "groups" in spec else None


def _rules_text(rules: list[Noted], found: Configuration | None, sources: str) -> str:
    sections: dict[str, Any] = {"rules": rules}
    if found is not None:
        sections |= {
            "routes": found.routes,
            "inhibit_rules": found.inhibit_rules,
            "time_intervals": found.time_intervals,
            "escalations": found.escalations,
        }
    return _text(f"Imported from {sources}.", sections)


def _main_text(found: Configuration, sources: str) -> str:
    head = f"For sentinel.yaml. Imported from {sources}."
    lines = []
    if found.secrets:
        lines = [comment("Secrets were not copied. Set these in the environment:")]
        lines += [comment(f"  {secret}") for secret in found.secrets]
    sections = {"channels": found.channels, "people": found.people}
    stubs = [f"# {line}" for line in found.stubs]
    if stubs:
        stubs.insert(0, comment("Channels that only you can complete:"))
    return "".join([_text(head, sections, lines), *(f"{line}\n" for line in stubs)])


def _text(head: str, sections: dict[str, Any], lines: Sequence[str] = ()) -> str:
    full = {name: section for name, section in sections.items() if section}
    parts = [emit({name: section}) for name, section in full.items()]
    return "\n".join(["".join(f"{line}\n" for line in (comment(head), *lines)), *parts])
