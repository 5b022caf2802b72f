from pathlib import Path
from typing import Any

import pytest

from sentinel.config.document import Document
from sentinel.config.problem import Problem
from sentinel.config.references import resolve


def resolved(value: str, env: dict[str, str] | None = None) -> tuple[Any, list[Problem]]:
    document = Document(file="a.yaml", data={"x": [value]}, lines={("x",): 3, ("x", 0): 4})
    found, problems = resolve(document, env or {})
    return found.data["x"][0], problems


def test_a_variable_is_put_in() -> None:
    assert resolved("${HOST}:${PORT}", {"HOST": "db", "PORT": "5432"}) == ("db:5432", [])


def test_a_missing_variable_is_told_by_name_and_line_and_the_text_stays() -> None:
    value, [problem] = resolved("a ${NOT_SET}")
    assert value == "a ${NOT_SET}"
    assert (problem.line, problem.path, problem.id) == (4, "x[0]", "reference/variable")
    assert problem.found == "no environment variable NOT_SET"
    assert problem.hint == "set NOT_SET, or give a default: ${NOT_SET:-…}"


@pytest.mark.parametrize("env", [{}, {"A": ""}])
def test_a_default_stands_in_for_a_variable_that_is_not_set_or_empty(env: dict[str, str]) -> None:
    assert resolved("${A:-b:c}", env) == ("b:c", [])


def test_a_variable_that_is_set_goes_before_its_default() -> None:
    assert resolved("${A:-b}", {"A": "c"}) == ("c", [])


def test_an_empty_default_is_a_default() -> None:
    assert resolved("${A:-}") == ("", [])


def test_two_dollars_make_a_plain_reference_mark_and_other_dollars_are_themselves() -> None:
    assert resolved("$${A} ${A} $5 a$$b ^x$", {"A": "1"}) == ("${A} 1 $5 a$$b ^x$", [])


def test_a_value_that_was_put_in_is_not_looked_through_again() -> None:
    assert resolved("${A}", {"A": "${B}", "B": "no"}) == ("${B}", [])


def test_a_credential_is_the_content_of_its_file_without_the_last_newline(tmp_path: Path) -> None:
    (tmp_path / "smtp-password").write_text("s3cret\nline two\n")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolved("${credential:smtp-password}", env) == ("s3cret\nline two", [])


def test_a_missing_credential_says_how_to_give_it(tmp_path: Path) -> None:
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    _, [problem] = resolved("${credential:token}", env)
    assert problem.found == "credential token, which can't be read: no such file or directory"
    assert problem.hint == "add LoadCredential=token:/path/to/file to the unit"


def test_without_a_credentials_directory_that_is_what_is_told() -> None:
    _, [problem] = resolved("${credential:token}")
    assert problem.expected == "$CREDENTIALS_DIRECTORY to be set, as systemd does"


@pytest.mark.parametrize("name", ["../x", "a/b", "", "."])
def test_a_credential_is_never_looked_for_elsewhere(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("outside")
    inside = tmp_path / "inside"
    inside.mkdir()
    value, problems = resolved(f"${{credential:{name}}}", {"CREDENTIALS_DIRECTORY": str(inside)})
    assert [p.id for p in problems] == ["reference/credential"]
    assert value.startswith("${")


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc\n")
    assert resolved(f"${{file:{tmp_path}/key}}") == ("abc", [])


@pytest.mark.parametrize(
    ("name", "content"), [("missing", None), ("binary", b"\xff\xfe"), ("large", b"x" * 70_000)]
)
def test_a_file_that_is_no_short_text_is_a_problem(
    name: str, content: bytes | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    _, [problem] = resolved(f"${{file:{tmp_path}/{name}}}")
    assert problem.id == "reference/file"


def test_a_device_is_not_read() -> None:
    _, [problem] = resolved("${file:/dev/zero}")
    assert problem.found == "file /dev/zero, which is no regular file"


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A B}", "a${hunter2", "${A:default}"])
def test_what_begins_no_reference_is_told_without_being_shown(text: str) -> None:
    value, [problem] = resolved(text)
    assert value == text
    assert problem.id == "reference/syntax"
    assert problem.hint == "write $${ where ${ itself is meant"
    assert "hunter2" not in str(problem)


def test_every_missing_reference_is_told_at_once() -> None:
    _, problems = resolved("${A} ${B} ${credential:C}")
    assert len(problems) == 3


def test_the_document_remembers_how_a_value_was_written() -> None:
    document = Document(file="a.yaml", data={"a": "x-${A}", "b": "plain"})
    found, _ = resolve(document, {"A": "1"})
    assert found.references == {("a",): "x-${A}"}
