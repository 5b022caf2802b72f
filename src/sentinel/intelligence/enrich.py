"""What the operator, the catalog and the grouping know of an error, put on the error itself."""

from msgspec import Struct
from msgspec.structs import replace

from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.classify import Answers, Classifier
from sentinel.intelligence.grouping import group
from sentinel.model.signal import Category, Error, Level, Severity

_SEVERITY_OF: dict[Level, Severity] = {
    "fatal": "critical",
    "error": "high",
    "warning": "medium",
    "info": "low",
    "debug": "low",
}


class Enriched(Struct, frozen=True):
    """An error with its severity, category, title and fingerprint, and what its group is told."""

    error: Error
    culprit: str
    basis: str
    catalogued: bool


def enrich(error: Error, catalog: Catalog, classifier: Classifier) -> Enriched:
    own = classifier.answers(error)
    found = group(error, own.fingerprint or None)
    severity, category = weigh(error, catalog, own)
    known = replace(
        error,
        severity=severity,
        category=category,
        title=found.title,
        fingerprint=found.fingerprint,
    )
    return Enriched(known, found.culprit, found.basis, catalog.get(error.code) is not None)


def weigh(error: Error, catalog: Catalog, own: Answers) -> tuple[Severity, Category | None]:
    """How severe an error is, and of which category. The operator's word goes before the
    catalog's, and that before the level that the application gave."""
    entry = catalog.get(error.code)
    severity = own.severity or (entry.severity if entry else _SEVERITY_OF[error.level])
    return severity, own.category or (entry.category if entry else None)
