"""A package of somebody else, really built, installed and found by its entry point."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).with_name("third_party")

LISTING = """
import json
from sentinel.plugins import load

registry, problems = load(None, built_in=["sentinel.detectors.any"])
print(json.dumps({
    "listing": [[i.kind, i.type, i.origin, i.status, i.api] for i in registry.listing()],
    "problems": [str(problem) for problem in problems],
    "file": __import__("acme_sentinel").__file__,
}))
"""

CONTRACT = """
from acme_sentinel.pager import AcmePager
from acme_sentinel.silence import Silence
from sentinel.api import Error
from sentinel.testing import params_of
from sentinel.testing.contracts import DetectorContract, HttpNotifierContract


class TestPager(HttpNotifierContract):
    to = "+441632960000"

    def notifier(self, context, url):
        return AcmePager(params_of(AcmePager, url=url, token="t0ken-to-look-for"), context)


class TestSilence(DetectorContract):
    def detector(self):
        return Silence(params_of(Silence, longest="5m"))

    def history(self):
        return [(1000.0, Error()), (1100.0, Error()), (2000.0, Error())]
"""


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed in it; nothing is fetched for that."""
    work = tmp_path_factory.mktemp("third_party")
    source, target = work / "source", work / "target"
    shutil.copytree(SOURCE, source)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, *options, str(source), cwd=work)
    return target


@pytest.fixture(scope="module")
def found(installed: Path) -> dict[str, Any]:
    listing: dict[str, Any] = json.loads(
        run("-c", LISTING, cwd=installed.parent, PYTHONPATH=str(installed))
    )
    return listing


def test_an_installed_package_is_found_by_its_entry_point(
    found: dict[str, Any], installed: Path
) -> None:
    assert found["problems"] == []
    assert Path(found["file"]).is_relative_to(installed)


def test_its_plugins_are_listed_with_its_name_and_version(found: dict[str, Any]) -> None:
    assert found["listing"] == [
        ["detector", "any", "built-in", "ok", "1.0"],
        ["detector", "silence", "acme-sentinel 1.4.2", "ok", "1.0"],
        ["notifier", "acme_pager", "acme-sentinel 1.4.2", "ok", "1.0"],
    ]


def test_its_plugins_pass_the_contracts(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_acme.py").write_text(CONTRACT)
    pytest_ = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py"]
    told = run(*pytest_, cwd=tmp_path, PYTHONPATH=str(installed))
    assert "passed" in told


def test_a_package_that_is_broken_is_named_with_its_version(installed: Path) -> None:
    broken = installed.parent / "broken"
    shutil.copytree(installed, broken)
    (broken / "acme_sentinel" / "pager.py").write_text("raise RuntimeError('out of luck')\n")
    listing = json.loads(
        run(
            "-c",
            LISTING.replace('__import__("acme_sentinel").__file__', '""'),
            cwd=broken.parent,
            PYTHONPATH=str(broken),
        )
    )
    (problem,) = listing["problems"]
    assert "acme_sentinel/pager.py:1: plugin acme (acme-sentinel 1.4.2)" in problem
    assert "out of luck" in problem
    assert ["detector", "any", "built-in", "ok", "1.0"] in listing["listing"]
