"""docs/plugins.md says what is, and its snippets run."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from sentinel import hookspecs, isolation, testing
from sentinel.api import Kind
from sentinel.plugins import checks as plugin_checks
from sentinel.plugins import hooks as plugin_hooks
from sentinel.plugins import registry as plugins
from sentinel.scheduler import MOST_SIGNALS
from sentinel.testing import contracts, load_plugin, params_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def named(file: str) -> str:
    return next(text for text in snippets("python") if text.startswith(f"# {file}\n"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("spool.py", "test_spool.py"):
        (tmp_path / name).write_text(named(f"plugins/{name}"))
    return tmp_path


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("register")])
def test_each_hook_is_documented(hook: str) -> None:
    assert f"`{hook}`" in PAGE


@pytest.mark.parametrize("kind", get_args(Kind))
def test_what_each_kind_must_give_is_documented(kind: Kind) -> None:
    base = plugin_checks.BASES[kind]
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{base.__name__}` |"))
    own = [name for name in base.__abstractmethods__ if name in vars(base)]
    assert [name for name in own if f"{name}(" not in row] == []
    declared = {"type", "summary", "Params"}
    attributes = [
        name for name in base.__annotations__ if name not in declared and not name.startswith("_")
    ]
    assert [name for name in attributes if f"`{name}`" not in row] == []


@pytest.mark.parametrize("name", testing.__all__)
def test_the_kit_for_tests_is_documented(name: str) -> None:
    internal = {"FakeProvider", "context_for", "example_message"}
    assert name in internal or f"`{name}" in PAGE


@pytest.mark.parametrize("name", contracts.__all__)
def test_each_contract_is_documented(name: str) -> None:
    assert f"`contracts.{name}`" in PAGE


def test_each_problem_is_documented_and_no_other() -> None:
    sources = "".join(
        Path(module.__file__ or "").read_text("utf-8")
        for module in (plugins, plugin_checks, plugin_hooks)
    )
    ids = {id.removeprefix("plugin/") for id in re.findall(r'\bid="([a-z/-]+)"', sources)}
    assert len(ids) > 10
    assert set(re.findall(r"\| `plugin/([a-z-]+)` \|", PAGE)) == ids


def test_the_figures_of_quarantine_are_those_of_the_code() -> None:
    assert isolation.FAULTS_TO_QUARANTINE == 3
    assert "three faults in a row" in PAGE
    assert f"not called for {isolation.FIRST_BACK_OFF:g} s" in PAGE
    assert isolation.LONGEST_BACK_OFF == 3600
    assert "up to an hour" in PAGE
    assert f"at most {MOST_SIGNALS}" in PAGE


def test_the_first_plugin_passes_its_test(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_its_configuration_fits_its_parameters(folder: Path) -> None:
    (probe,) = yaml.safe_load(snippets("yaml")[0])["probes"]
    spool = load_plugin(folder / "spool.py").get("probe", probe.pop("type"))
    del probe["name"]
    params: Any = params_of(spool, **probe)
    assert params.most == 50


def test_every_other_python_snippet_runs(tmp_path: Path) -> None:
    for number, text in enumerate(snippets("python")):
        if not text.startswith("# plugins/"):
            file = tmp_path / f"snippet_{number}.py"
            file.write_text(text)
            run = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
            assert run.returncode == 0, text + run.stderr
