import json
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from sentinel import installation
from sentinel.rehearsal import Rehearsal, render_result
from sentinel.testing import FakeClock

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return ZipFile(next(out.glob("*.whl")))


def test_the_wheel_carries_the_browser_files_that_its_manifest_names(wheel: ZipFile) -> None:
    static = "sentinel/web/static/"
    manifest = json.loads(wheel.read(static + "manifest.json"))
    scripts, styles = ("app", "push-worker", "theme"), ("public", "public-inner", "style")
    icons = {name for name in manifest if name.startswith("icon-")}
    assert manifest.keys() - icons == {f"{one}.js" for one in scripts} | {
        f"{one}.css" for one in styles
    }
    for name, built in manifest.items():
        stem, suffix = name.split(".")
        assert re.fullmatch(rf"{stem}-[A-Z0-9]{{8}}\.{suffix}", built)
        assert wheel.read(static + built)


def test_the_wheel_carries_the_shipped_catalog_rules_and_example(wheel: ZipFile) -> None:
    held = set(wheel.namelist())
    shipped = [
        path.relative_to(ROOT)
        for path in (*ROOT.glob("catalog/*"), *ROOT.glob("rules/*"), ROOT / "config.example.yaml")
    ]
    assert shipped
    assert {f"sentinel/_data/{path}" for path in shipped} <= held


def test_the_rules_in_the_wheel_pass_their_own_tests(wheel: ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    found, problems = installation.read(tmp_path / "sentinel/_data/config.example.yaml", {})
    assert problems == []
    assert found is not None
    assert found.config.tests
    rehearsal = Rehearsal(found, FakeClock())
    results = [rehearsal.run(test) for test in found.config.tests]
    assert [render_result(one) for one in results if not one.passed] == []


def test_the_wheel_carries_the_licence_and_no_tests(wheel: ZipFile) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
    assert not any(name.startswith(("tests", "benchmarks")) for name in wheel.namelist())
