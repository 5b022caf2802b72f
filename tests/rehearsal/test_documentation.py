"""The examples of docs/rule-tests.md do what it says."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from sentinel import installation
from sentinel.config.schema_tests import EXPECTED_STATES, Expect, ExpectedIncident, RuleTest
from sentinel.rehearsal import Rehearsal, Result, render_result
from sentinel.testing.clock import FakeClock
from tests.rehearsal.conftest import MAIN

PAGE = (Path(__file__).parents[2] / "docs" / "rule-tests.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
REPORT = re.search(r"```\n(✗.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Result]]:
    def run(rules: str) -> list[Result]:
        monkeypatch.chdir(tmp_path)
        Path("sentinel.yaml").write_text(MAIN)
        Path("rules").mkdir()
        Path("rules/example.yaml").write_text(rules)
        found, problems = installation.read(Path("sentinel.yaml"), {})
        assert problems == []
        assert found is not None
        rehearsal = Rehearsal(found, FakeClock())
        return [rehearsal.run(test) for test in found.config.tests]

    return run


@pytest.mark.parametrize("number", range(len(EXAMPLES) - 1))
def test_the_examples_pass(number: int, run: Callable[[str], list[Result]]) -> None:
    results = run(EXAMPLES[number])
    assert results
    assert [render_result(one) for one in results if not one.passed] == []


def test_the_example_that_fails_is_reported_as_shown(
    run: Callable[[str], list[Result]],
) -> None:
    assert REPORT is not None
    (result,) = run(EXAMPLES[-1])
    assert _untimed(render_result(result)) == _untimed(REPORT[1])


def _untimed(text: str) -> str:
    return re.sub(r"\(\d+ ms\)", "", text).strip()


def _keys() -> Iterator[str]:
    for record in (RuleTest, Expect, ExpectedIncident):
        yield from (field.encode_name for field in msgspec.structs.fields(record))
    yield from EXPECTED_STATES


@pytest.mark.parametrize("key", sorted({*_keys()} - {"name", "expect"}))
def test_every_key_is_explained(key: str) -> None:
    assert re.search(rf"`{key}[`:]", PAGE)
