"""`sentinel plugins new`: what it writes works, and it overwrites nothing."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from sentinel.api import Kind
from sentinel.errors import Invalid
from sentinel.plugins import load
from sentinel.plugins.scaffold import write

KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_loads_without_a_problem(kind: Kind, tmp_path: Path) -> None:
    write(kind, f"acme_{kind}", tmp_path)
    registry, problems = load(tmp_path, built_in=())
    assert problems == []
    assert registry.types(kind) == [f"acme_{kind}"]
    assert registry.listing()[0].summary


def test_the_tests_that_are_written_pass(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, f"acme_{kind}", tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_is_written_is_tidy(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, "acme_of_globex", tmp_path / kind)
    root = Path(__file__).parents[2]
    settings = ["--config", str(root / "pyproject.toml"), "--no-cache", str(tmp_path)]
    for command in (["check", "--ignore", "S,INP"], ["format", "--check"]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *settings], capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    "name", ["", "Acme", "acme-pager", "../acme", "acme.py", "1st", "class", "test_it", "a" * 41]
)
def test_a_name_that_can_not_be_used_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        write("probe", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("existing", ["acme.py", "test_acme.py", "acme"])
def test_nothing_is_overwritten(existing: str, tmp_path: Path) -> None:
    (tmp_path / existing).write_text("mine")
    with pytest.raises(Invalid, match="exists already"):
        write("probe", "acme", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "mine"


def test_an_unknown_kind_is_refused_with_the_kind_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="did you mean probe"):
        write("prob", "acme", tmp_path)
