"""`sentinel test` at the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from sentinel.cli.app import app
from sentinel.errors import ConfigError, Invalid
from tests.rehearsal.conftest import THREE_ERRORS

Write = Callable[..., None]

TESTS = f"""
- name: SMS failures page Alice
  signals: [{THREE_ERRORS}]
  expect: [{{between: [50s, 1m], delivered: {{to: alice, by: email}}}}]
- name: nobody minds a full disk
  signals: [{{at: 0s, metric: {{name: disk, value: 95, host: web-1}}}}]
  expect: [{{until: 1m, not_delivered: {{to: ops-hook}}}}]
"""


def sentinel(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["test", *arguments])


def refused(*arguments: str) -> str:
    error = sentinel(*arguments).exception
    assert isinstance(error, ConfigError | Invalid)
    return str(error)


def test_each_test_has_its_line_and_the_last_one_counts_them(write: Write) -> None:
    write(TESTS)
    done = sentinel()
    assert done.exit_code == 1
    signs = [line for line in done.output.split("\n") if line[:1] in ("✓", "✗")]
    assert [line.rpartition(" (")[0] for line in signs] == [
        "✓ SMS failures page Alice",
        "✗ nobody minds a full disk",
    ]
    assert done.output.endswith("1 passed, 1 failed\n")


def test_it_succeeds_where_every_test_passes(write: Write) -> None:
    write(TESTS)
    done = sentinel("sms")
    assert done.exit_code == 0
    assert done.output.endswith("1 passed, 0 failed\n")


def test_several_names_choose_all_of_theirs(write: Write) -> None:
    write(TESTS)
    assert sentinel("alice", "FULL DISK").output.endswith("1 passed, 1 failed\n")


def test_a_name_of_no_test_is_refused_with_those_that_there_are(write: Write) -> None:
    write(TESTS)
    assert refused("sms", "e-mail") == (
        "no test has 'e-mail' in its name; there are:\n"
        "  SMS failures page Alice\n"
        "  nobody minds a full disk"
    )


def test_without_tests_nothing_has_passed(write: Write) -> None:
    write("")
    assert refused() == (
        "no tests: found no `tests:` in the files of rules; docs/rule-tests.md shows how to "
        "write one"
    )


def test_a_configuration_that_is_refused_tells_its_problems(write: Write) -> None:
    write(TESTS.replace("SMS_DOWN, tenant", "SMS_DOWN, tennant"))
    assert "did you mean tenant?" in refused()


def test_coverage_follows_where_it_is_asked_for(write: Write) -> None:
    write(TESTS)
    assert "no test touches" not in sentinel().output
    assert sentinel("--coverage").output.endswith(
        "tested: 2 of 2 rules, 2 of 2 routes, 2 of 3 steps\n"
        "no test touches:\n"
        "  step   platform, step 2 (rules/shop.yaml:26)\n"
    )


def test_json_is_one_document_with_all_that_is_told(write: Write) -> None:
    write(TESTS)
    done = sentinel("--json", "--coverage")
    assert done.exit_code == 1
    told: dict[str, Any] = json.loads(done.output)
    assert (told["ok"], told["passed"], told["failed"]) == (False, 1, 1)
    assert [one["passed"] for one in told["tests"]] == [True, False]
    failed = told["tests"][1]
    assert failed["failures"] == [
        {
            "line": 40,
            "expected": "{until: 1m, not_delivered: {to: ops-hook}}",
            "found": "1 such message: ops-hook at 0s (firing)",
            "at": 0.0,
        }
    ]
    assert [one["type"] for one in failed["timeline"]] == ["decision"] * 3 + ["mismatch"]
    assert told["coverage"]["untried"] == [
        {"kind": "step", "name": "platform, step 2", "file": "rules/shop.yaml", "line": 26}
    ]


def test_text_of_the_rules_does_not_steer_the_terminal(write: Write) -> None:
    write(TESTS.replace("page Alice", "\\e[31mpage Alice").replace("name: SMS", 'name: "SMS', 1))
    text = Path("rules/shop.yaml").read_text().replace("Alice\n", 'Alice"\n', 1)
    Path("rules/shop.yaml").write_text(text)
    assert "\x1b" not in sentinel().output
