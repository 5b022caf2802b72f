"""What a person reads who made a mistake. The golden files hold each mistake and its text."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sentinel.config.problem import Problem
from tests.config.conftest import Load

GOLDEN = Path(__file__).parent / "golden"
RULES = ("rules.txt", "routing.txt", "people.txt", "correlations.txt", "tests.txt")
NOW = datetime(2026, 11, 26, tzinfo=UTC).timestamp()
MAIN = """\
channels:
  printer: {type: printer}
  mail: {type: mail, host: localhost}
  text: {type: text}
people:
  alice: {email: alice@example.com}
"""


def mistakes(name: str) -> list[tuple[str, str]]:
    """The YAML and the problems of each block."""
    blocks = (GOLDEN / name).read_text("utf-8").split("=== ")[1:]
    halves = [re.split(r"--- \w+:\n", block.partition("\n")[2]) for block in blocks]
    return [(yaml, told.strip()) for yaml, told in halves]


@pytest.mark.parametrize(("yaml", "told"), mistakes("main.txt"))
def test_a_mistake_in_the_main_file_is_told_in_these_words(
    yaml: str, told: str, load: Load
) -> None:
    config, problems = load(yaml)
    assert "\n".join(map(str, problems)) == told
    assert config is None


@pytest.mark.parametrize(
    ("yaml", "told"), [mistake for name in RULES for mistake in mistakes(name)]
)
def test_a_mistake_in_a_rules_file_is_told_in_these_words(yaml: str, told: str, load: Load) -> None:
    config, problems = load(MAIN, a=yaml)
    assert "\n".join(map(str, problems)) == told
    assert config is None


@pytest.mark.parametrize(("yaml", "told"), mistakes("lints.txt"))
def test_what_is_right_but_hardly_meant_is_warned_of_in_these_words(
    yaml: str, told: str, load: Load
) -> None:
    config, problems = load(MAIN, now=NOW, a=yaml)
    assert "\n".join(map(str, problems)) == told
    assert config is not None


def test_a_person_and_a_channel_of_one_name_have_to_be_told_apart(load: Load) -> None:
    main = "channels: {ops: {type: printer}}\npeople: {ops: {email: ops@example.com}}"
    _, [found] = load(main, a="escalations: [{name: e, steps: [{notify: [ops]}]}]")
    assert (found.found, found.expected) == ("'ops', which is both", "person:ops or channel:ops")


def test_names_are_unique_across_files(load: Load) -> None:
    text = """\
        rules: [{alert: A, on: error}]
        escalations: [{name: e, steps: [{notify: [printer]}]}]
        routes: [{name: r, escalation: e}]
        people: {bob: {email: bob@example.com}}
    """
    _, problems = load(MAIN, a=text, b=text)
    assert {(p.file, p.id, p.found) for p in problems} == {
        ("rules/b.yaml", "config/duplicate-name", "rule 'A' again"),
        ("rules/b.yaml", "config/duplicate-name", "escalation 'e' again"),
        ("rules/b.yaml", "config/duplicate-name", "route 'r' again"),
        ("rules/b.yaml", "config/duplicate-name", "person 'bob' again"),
    }


def test_a_mistake_is_not_told_again_through_what_refers_to_it(load: Load) -> None:
    main = "channels: {mail: {type: mail}}\npeople: {alice: {email: alice@example.com}}"
    text = """\
        escalations: [{name: e, steps: [{notify: [person:alice, channel:mail], by: pager}]}]
        routes: [{name: r, escalation: e}]
    """
    _, problems = load(main, a=text)
    assert [(p.id, p.path) for p in problems] == [("config/missing-key", "channels.mail")]


def test_all_mistakes_in_all_files_are_told_at_once(load: Load) -> None:
    main = "lisen: x\nlog: {level: loud}\nchannels: {a: {type: '${NO}'}, b: {type: mial}}\n"
    config, problems = load(
        main,
        a="rules: [{alert: A, on: eror}]\nroutes: [{name: r, escalation: none}]",
        b="a: [1,\n",
        c="escalations: []\nescalations: []",
    )
    assert config is None
    assert [(p.file, p.id) for p in problems] == [
        ("rules/a.yaml", "config/wrong-value"),
        ("rules/a.yaml", "config/unknown-name"),
        ("rules/b.yaml", "yaml/syntax"),
        ("rules/c.yaml", "yaml/duplicate-key"),
        ("sentinel.yaml", "config/unknown-key"),
        ("sentinel.yaml", "config/wrong-value"),
        ("sentinel.yaml", "config/unknown-type"),
        ("sentinel.yaml", "reference/variable"),
    ]


def test_a_key_of_the_other_kind_of_file_is_sent_there(load: Load) -> None:
    _, problems = load("broadcasts: []", a="channels: {}")
    assert [(p.file, p.hint) for p in problems] == [
        ("rules/a.yaml", "it belongs in the main file, sentinel.yaml"),
        ("sentinel.yaml", "it belongs in a file of rules, which stand in rules_dir"),
    ]


def test_a_pattern_of_more_than_a_thousand_characters_is_refused(load: Load) -> None:
    where = f"{{message: {{matches: '{'a' * 1001}'}}}}"
    _, [found] = load(MAIN, a=f"rules: [{{alert: A, on: error, where: {where}}}]")
    assert found.expected == "a regular expression: it is longer than 1000 characters"


def test_what_is_found_is_cut_short(load: Load) -> None:
    _, [found] = load(f"log: {{level: {'x' * 1000}}}")
    assert found.found == f"'{'x' * 80}…'"


def test_a_problem_reads_as_one_line_and_a_hint() -> None:
    told = Problem(
        file="a.yaml", line=3, id="x/y", path="a.b", found="5", expected="text", hint="quote it"
    )
    assert str(told) == "a.yaml:3: a.b: found 5, expected text  [x/y]\n    hint: quote it"


def test_a_wrong_value_does_not_hide_what_else_is_wrong_with_the_same_rule(load: Load) -> None:
    _, problems = load(
        MAIN,
        a="rules:\n- alert: A\n  on: error\n  on_missing: sometimes\n  by: [tenat]\n"
        "  where: {colour: red}\n",
    )
    assert [problem.id for problem in problems] == [
        "config/wrong-value",
        "rule/unknown-field",
        "rule/unknown-field",
    ]
