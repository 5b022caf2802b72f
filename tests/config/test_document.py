import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.config import document
from sentinel.config.document import Document, parse, show_path
from sentinel.config.problem import Problem


def read(text: str | bytes) -> Document:
    found, problems = parse(text, "a.yaml")
    assert problems == []
    assert found is not None
    return found


def only(text: str | bytes) -> Problem:
    _, problems = parse(text, "a.yaml")
    assert len(problems) == 1
    return problems[0]


def test_on_as_a_key_stays_the_text_on() -> None:
    assert read("on: error").data == {"on": "error"}


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "Yes", "True", "FALSE", "y"])
def test_only_true_and_false_are_booleans(word: str) -> None:
    assert read(f"a: {word}\nb: true\nc: false").data == {"a": word, "b": True, "c": False}


@pytest.mark.parametrize(
    "text", ["12:30", "2026-01-01", "+4412345", "007", "0x1F", "1_000", ".5", ".inf", "1e999"]
)
def test_what_json_does_not_call_a_number_is_text(text: str) -> None:
    assert read(f"a: {text}").data == {"a": text}


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("-7", -7), ("1.50", 1.5), ("2e3", 2000.0)])
def test_numbers_are_numbers(text: str, number: float) -> None:
    value = read(f"a: {text}").data["a"]
    assert value == number
    assert type(value) is type(number)


def test_quotes_make_text_of_anything() -> None:
    assert read("a: '5'\nb: \"true\"\nc: !!str 5").data == {"a": "5", "b": "true", "c": "5"}


def test_an_empty_file_and_an_empty_value_are_nothing() -> None:
    assert read("").data is None
    assert read("# only a comment\n").data is None
    assert read("a:\nb: ~\nc: null").data == {"a": None, "b": None, "c": None}


def test_every_key_and_item_knows_its_line() -> None:
    found = read("a: 1\nb:\n  - c: 2\n    d:\n      e: 3\n  - x\n")
    assert found.line(("b",)) == 2
    assert found.line(("b", 0)) == 3
    assert found.line(("b", 0, "d")) == 4
    assert found.line(("b", 0, "d", "e")) == 5
    assert found.line(("b", 1)) == 6


def test_a_path_that_is_not_there_has_the_line_of_its_nearest_ancestor() -> None:
    assert read("a: 1\nb:\n  c: 2\n").line(("b", "missing", 3)) == 2


def test_paths_are_shown_as_people_write_them() -> None:
    assert show_path(("rules", 2, "where", "tags.region")) == "rules[2].where.tags.region"


def test_a_key_given_twice_is_told_with_both_lines_and_the_first_is_kept() -> None:
    found, problems = parse("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", "a.yaml")
    assert [(p.id, p.line, p.path, p.found) for p in problems] == [
        ("yaml/duplicate-key", 4, "b.c", "the key 'c' again (first on line 3)"),
        ("yaml/duplicate-key", 5, "a", "the key 'a' again (first on line 1)"),
    ]
    assert found is not None
    assert found.data == {"a": 1, "b": {"c": 1}}


def test_an_alias_is_a_copy_of_its_anchor() -> None:
    data = read("a: &x [1, 2]\nb: *x").data
    assert data == {"a": [1, 2], "b": [1, 2]}
    assert data["a"] is not data["b"]


def test_a_few_lines_of_nested_aliases_do_not_fill_the_memory() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    started = time.process_time()
    problem = only("\n".join(lines))
    assert problem.id == "yaml/too-large"
    assert problem.expected == "at most 200,000, aliases expanded"
    assert time.process_time() - started < 10


@pytest.mark.parametrize("text", ["a: &a [*a]", "[" * 100_000, "- " * 5_000 + "x", "{a: " * 500])
def test_endless_and_deep_nesting_is_refused(text: str) -> None:
    assert only(text).id == "yaml/too-large"


def test_a_file_over_the_limit_is_refused() -> None:
    assert only("a: " + "x" * document.MAX_BYTES).id == "yaml/too-large"


def test_text_that_is_not_utf_8_is_told_with_its_line() -> None:
    problem = only(b"a: 1\nb: \xff\n")
    assert (problem.id, problem.line) == ("yaml/encoding", 2)
    assert problem.found == "a byte that is not UTF-8 (0xff)"


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert read("a: 1".encode("utf-8-sig")).data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a:\n\tb: 1", 2, "indent with spaces, not with tabs"),
        ("a: b: c", 1, "put quotes around a value that holds a colon"),
        ("a: 1\nb: @x", 2, "put quotes around a value that starts with a special character"),
        ("a: {b: ${X}, c: 1}", 1, 'put quotes around a reference inside { } or [ ]: "${NAME}"'),
    ],
)
def test_broken_yaml_is_told_with_line_and_hint(text: str, line: int, hint: str) -> None:
    problem = only(text)
    assert (problem.id, problem.line, problem.hint) == ("yaml/syntax", line, hint)


def test_a_second_document_in_the_file_is_refused() -> None:
    problem = only("a: 1\n---\nb: 2")
    assert (problem.id, problem.line) == ("yaml/syntax", 2)


@pytest.mark.parametrize("text", ["p: !hunter2 x", "p: *hunter2", "p: !<hunter2> x", "p: @hunter2"])
def test_what_yaml_takes_for_a_tag_or_an_alias_is_not_shown(text: str) -> None:
    assert "hunter2" not in str(only(text))


def test_a_merge_key_is_refused_by_name() -> None:
    problem = only("a: &a {x: 1}\nb:\n  <<: *a\n")
    assert (problem.id, problem.line) == ("yaml/merge-key", 3)


def test_a_list_as_a_key_is_refused() -> None:
    assert only("? [a]\n: 1").id == "yaml/key"


def test_a_missing_file_and_a_folder_are_problems(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        found, problems = document.load(path)
        assert found is None
        assert [p.id for p in problems] == ["file/unreadable"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    _, problems = document.load(tmp_path / "pipe.yaml")
    assert problems[0].found == "something that is not a regular file"


@given(st.one_of(st.text(), st.binary()))
def test_no_content_raises(content: str | bytes) -> None:
    found, problems = parse(content, "a.yaml")
    assert found is not None or problems


@given(st.text(alphabet="ab:-[]{}&*!|>'\"\n\t #?,%@`$~<0", max_size=40))
def test_no_punctuation_raises(content: str) -> None:
    found, problems = parse(content, "a.yaml")
    assert found is not None or problems
