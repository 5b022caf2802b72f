from pathlib import Path

from sentinel.config.loader import load_config
from sentinel.config.problem import Problem
from sentinel.plugins import BUILT_INS, load_sources
from sentinel.plugins.sources import built_ins

REGISTRY, _ = load_sources(built_ins(BUILT_INS))


def problems_of(folder: Path, rules: str, main: str = "") -> list[Problem]:
    (folder / "rules").mkdir()
    (folder / "rules" / "own.yaml").write_text(rules)
    (folder / "sentinel.yaml").write_text(main)
    return load_config(folder / "sentinel.yaml", REGISTRY, {})[1]


def test_an_entry_that_says_nothing_is_refused(tmp_path: Path) -> None:
    found = problems_of(tmp_path, "classify:\n  - name: idle\n    where: {code: A_CODE}\n")
    assert [(p.id, p.line) for p in found] == [("classify/says-nothing", 2)]


def test_a_misspelt_field_is_told_with_a_suggestion(tmp_path: Path) -> None:
    rules = "classify:\n  - name: one\n    where: {mesage: x}\n    severity: low\n"
    (found,) = problems_of(tmp_path, rules)
    assert found.line == 3
    assert "message" in found.hint


def test_a_severity_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    rules = "classify:\n  - name: one\n    where: {code: A_CODE}\n    severity: warning\n"
    (found,) = problems_of(tmp_path, rules)
    assert found.path.endswith("severity")


def test_a_name_used_twice_is_refused(tmp_path: Path) -> None:
    entry = "  - name: one\n    where: {code: A_CODE}\n    severity: low\n"
    (found,) = problems_of(tmp_path, f"classify:\n{entry}{entry}")
    assert found.line == 5


def test_a_projects_own_scrubbing_is_checked_as_the_common_one(tmp_path: Path) -> None:
    main = "projects:\n  shop:\n    scrub:\n      patterns: {employee number: '['}\n"
    (found,) = problems_of(tmp_path, "", main)
    assert (found.id, found.line) == ("scrub/bad-pattern", 4)
