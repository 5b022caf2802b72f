"""The plugins that come along in plugins/, and the examples at the top of each probe."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sentinel.plugins import BUILT_INS, load_sources
from sentinel.plugins.sources import built_ins
from sentinel.testing import load_plugin, params_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/plugins.md").read_text("utf-8")
DROP_INS = sorted(
    path for path in (ROOT / "plugins").glob("*.py") if not path.name.startswith(("test_", "_"))
)
DATABASES = ["postgresql", "redis", "sql"]
VALUES = {"TWILIO_ACCOUNT_SID": f"AC{'0' * 32}"}
"""What the environment holds, where any text would not do."""


def example(path: Path) -> dict[str, Any]:
    """The entry of `probes:` in the docstring, its references filled in."""
    told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    text = told[told.index("probes:") :].split("\n\n")[0]
    filled = re.sub(r"\$\{(\w+)(?::\w+)?\}", lambda found: VALUES.get(found[1], "s3cret"), text)
    (entry,) = yaml.safe_load(filled)["probes"]
    return {key: value for key, value in entry.items() if key != "name"}


@pytest.mark.parametrize("path", DROP_INS, ids=lambda path: path.name)
class TestDropIn:
    def test_it_stands_in_the_table_with_its_summary(self, path: Path) -> None:
        row = re.search(rf"^\| `{path.name}` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE)
        plugin = load_plugin(path).get("probe", path.stem)
        assert row is not None
        assert plugin is not None
        assert row[1].lower() == plugin.summary.lower()

    def test_its_test_stands_beside_it(self, path: Path) -> None:
        assert path.with_name(f"test_{path.name}").exists()

    def test_the_example_at_its_top_fits_its_parameters(self, path: Path) -> None:
        entry = example(path)
        assert params_of(load_plugin(path).get("probe", entry.pop("type")), **entry)

    def test_it_imports_the_api_alone_of_sentinel(self, path: Path) -> None:
        imported = set(re.findall(r"^\s*(?:from|import) (sentinel[\w.]*)", path.read_text(), re.M))
        assert imported == {"sentinel.api"}


@pytest.mark.parametrize("name", DATABASES)
def test_the_example_of_a_built_in_probe_fits_its_parameters(name: str) -> None:
    entry = example(ROOT / f"src/sentinel/probes/{name}.py")
    registry, _ = load_sources(built_ins(BUILT_INS))
    assert params_of(registry.get("probe", entry.pop("type")), **entry)


@pytest.mark.parametrize("name", re.findall(r"^\| `(\w+\.py)` \|", PAGE, re.MULTILINE))
def test_what_the_table_names_is_there(name: str) -> None:
    assert (ROOT / "plugins" / name).exists()
