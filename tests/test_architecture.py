"""The finer rules of who may import whom; `make lint` holds the coarse ones."""

import grimp
import pytest

PLUGIN_ROOMS = ("actions", "detectors", "ingest", "notifiers", "probes", "rankers")


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("sentinel", cache_dir=None)


def _imported_by(imports: grimp.ImportGraph, package: str) -> set[str]:
    modules = {package, *imports.find_descendants(package)}
    found: set[str] = set()
    for module in modules:
        found |= imports.find_modules_directly_imported_by(module)
    return found - modules


@pytest.mark.parametrize("room", PLUGIN_ROOMS)
def test_built_in_plugins_use_the_door_of_third_parties(
    imports: grimp.ImportGraph, room: str
) -> None:
    assert _imported_by(imports, f"sentinel.{room}") <= {"sentinel.api"}


def test_the_engine_knows_the_records_alone(imports: grimp.ImportGraph) -> None:
    rooms = {module.split(".")[1] for module in _imported_by(imports, "sentinel.engine")}
    assert rooms <= {"model"}


def test_the_records_know_nothing(imports: grimp.ImportGraph) -> None:
    assert not _imported_by(imports, "sentinel.model")
