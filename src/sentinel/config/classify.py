"""The operator's own word on errors: how they are grouped, how severe they are."""

from collections.abc import Sequence

from sentinel.config.conditions import check_where
from sentinel.config.document import Document
from sentinel.config.model import ClassifyConfig
from sentinel.config.names import Names
from sentinel.config.problem import Problem
from sentinel.config.schema import Classify
from sentinel.config.validation import read_record

_SAYS = ("fingerprint", "severity", "category")


def read_classify(documents: Sequence[Document]) -> tuple[list[ClassifyConfig], list[Problem]]:
    """Those that are right in themselves, in order. The schema's own problems are not told."""
    found: list[ClassifyConfig] = []
    problems: list[Problem] = []
    names = Names("classify")
    for document in documents:
        for index, item in enumerate(document.items("classify")):
            path = ("classify", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, Classify)
            if record is None:
                continue
            problems += check_where(document, (*path, "where"), "error")
            if not any(item.get(key) for key in _SAYS):
                problems.append(
                    document.problem(
                        path,
                        "classify/says-nothing",
                        found="none of them",
                        expected="at least one of fingerprint, severity and category",
                    )
                )
            found.append(
                ClassifyConfig(
                    name=record.name,
                    where=record.where,
                    fingerprint=tuple(record.fingerprint),
                    severity=record.severity,
                    category=record.category,
                )
            )
    return found, problems
