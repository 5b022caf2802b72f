from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from sentinel.config.loader import load_config
from sentinel.config.model import Config
from sentinel.config.problem import Problem
from tests.config.toys import Toys

Loaded = tuple[Config | None, list[Problem]]
Load = Callable[..., Loaded]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads `sentinel.yaml` with this text, and `rules/NAME.yaml` for each further argument."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(
        main: str, env: dict[str, str] | None = None, now: float | None = None, **rules: str
    ) -> Loaded:
        Path("sentinel.yaml").write_text(dedent(main))
        Path("rules").mkdir(exist_ok=True)
        for name, text in rules.items():
            Path("rules", f"{name}.yaml").write_text(dedent(text))
        return load_config(Path("sentinel.yaml"), Toys(), env or {}, now)

    return write_and_load


@pytest.fixture
def config(load: Load) -> Callable[..., Config]:
    """As `load`, for what is right."""

    def right(main: str, env: dict[str, str] | None = None, **rules: str) -> Config:
        found, problems = load(main, env, **rules)
        assert [str(problem) for problem in problems] == []
        assert found is not None
        return found

    return right
