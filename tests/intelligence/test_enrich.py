from sentinel.intelligence.catalog import Catalog, Entry, catalog_of
from sentinel.intelligence.classify import Classifier, make_entry
from sentinel.intelligence.enrich import Enriched, enrich
from sentinel.model.signal import Error

CATALOG = catalog_of(
    [
        Entry(
            code="REDIS_SLOW",
            title="Redis is slow",
            category="infrastructure",
            severity="medium",
            fix=("Look at the slow log.",),
        )
    ]
)


def enriched(classifier: Classifier | None = None, **fields: object) -> Enriched:
    return enrich(Error(**fields), CATALOG, classifier or Classifier())  # type: ignore[arg-type]


def test_the_catalog_tells_severity_and_category_of_its_codes() -> None:
    found = enriched(code="REDIS_SLOW", level="fatal")
    assert (found.error.severity, found.error.category) == ("medium", "infrastructure")
    assert found.catalogued


def test_without_an_entry_the_level_tells_the_severity() -> None:
    found = enriched(code="NEVER_HEARD_OF", level="fatal")
    assert (found.error.severity, found.error.category) == ("critical", None)
    assert not found.catalogued


def test_the_operators_word_goes_before_the_catalogs() -> None:
    own = Classifier([make_entry({"code": "REDIS_SLOW"}, severity="low", category="system")])
    found = enriched(own, code="REDIS_SLOW")
    assert (found.error.severity, found.error.category) == ("low", "system")


def test_for_each_answer_the_first_entry_that_gives_it_wins() -> None:
    own = Classifier(
        [
            make_entry({"tenant": "acme"}, category="data"),
            make_entry({"message": {"contains": "time"}}, severity="low", category="system"),
        ]
    )
    found = enriched(own, tenant="acme", message="time-out")
    assert (found.error.severity, found.error.category) == ("low", "data")


def test_errors_with_the_same_custom_fingerprint_are_one_group() -> None:
    own = Classifier([make_entry({"type": {"matches": "Time"}}, fingerprint=["time-outs"])])
    first = enriched(own, type="TimeoutError", message="reading")
    second = enriched(own, type="ConnectTimeout", message="connecting to db-3")
    assert first.error.fingerprint == second.error.fingerprint
    assert first.basis == "custom"
    assert enriched(own, type="ValueError").error.fingerprint != first.error.fingerprint


def test_an_empty_catalog_knows_nothing() -> None:
    assert not enrich(Error(code="REDIS_SLOW"), Catalog(), Classifier()).catalogued
