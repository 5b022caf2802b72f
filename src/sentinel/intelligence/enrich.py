"""What the operator, the catalog and the grouping know of an error, put on the error itself."""

from msgspec import Struct
from msgspec.structs import replace

from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.classify import Classifier
from sentinel.intelligence.grouping import group
from sentinel.model.signal import Error, Level, Severity

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
    """On severity, the operator's word goes before the catalog's, and that before the level that
    the application gave."""
    entry = catalog.get(error.code)
    own = classifier.answers(error)
    found = group(error, own.fingerprint or None)
    known = replace(
        error,
        severity=own.severity or (entry.severity if entry else _SEVERITY_OF[error.level]),
        category=own.category or (entry.category if entry else None),
        title=found.title,
        fingerprint=found.fingerprint,
    )
    return Enriched(known, found.culprit, found.basis, entry is not None)
