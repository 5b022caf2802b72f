"""Inhibitions: alerts that keep others quiet."""

from collections.abc import Sequence

from sentinel.config.document import Document
from sentinel.config.matchers import read_matchers
from sentinel.config.model import InhibitConfig
from sentinel.config.names import Names
from sentinel.config.problem import Problem
from sentinel.config.schema_routing import InhibitRule
from sentinel.config.validation import read_record


def read_inhibitions(documents: Sequence[Document]) -> tuple[list[InhibitConfig], list[Problem]]:
    """In order. One without a name is called by its number, counted over all files. The schema's
    own problems are not told."""
    found: list[InhibitConfig] = []
    problems: list[Problem] = []
    names = Names("inhibition")
    for document in documents:
        for index in range(len(document.items("inhibit_rules"))):
            path = ("inhibit_rules", index)
            record, _ = read_record(document, path, InhibitRule)
            if record is None:
                continue
            problems += names.add(document, (*path, "name"), record.name)
            found.append(
                InhibitConfig(
                    name=record.name or f"inhibit-{len(found) + 1}",
                    source=read_matchers(
                        document, (*path, "source_matchers"), "inhibit/bad-matcher", problems
                    ),
                    target=read_matchers(
                        document, (*path, "target_matchers"), "inhibit/bad-matcher", problems
                    ),
                    equal=tuple(dict.fromkeys(record.equal)),
                    file=document.file,
                    line=document.line(path),
                )
            )
    return found, problems
