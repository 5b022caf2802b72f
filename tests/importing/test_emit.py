"""What is written reads back the same, with Sentinel's own reader of YAML."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sentinel.config.document import parse
from sentinel.importing.emit import Noted, emit

KEYS = st.text("abcdefgh._", min_size=1, max_size=8) | st.just("on")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["yes", "08:00", "007", "1e3", "null", "~", "true", "- a", "a: b", "a #b", "'", '"', "${X}"]
)
SCALARS = TEXTS | st.integers(-(10**20), 10**20) | st.booleans() | st.floats(-1e6, 1e6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_every_value_reads_back_the_same(data: dict[str, Any]) -> None:
    document, problems = parse(emit(data), "a.yaml")
    assert document is not None
    assert problems == []
    assert (document.data or {}) == data


@pytest.mark.parametrize("text", ["08:00", "on", "No", "1_000", "person:alice", "monday:friday"])
def test_editors_of_older_yaml_read_texts_as_texts_too(text: str) -> None:
    assert yaml.safe_load(emit({"a": [text]})) == {"a": [text]}


@given(st.text())
def test_a_comment_never_becomes_content(text: str) -> None:
    written = emit({"a": [Noted({"b": Noted(1, [text])}, [text])]})
    document, problems = parse(written, "a.yaml")
    assert document is not None
    assert problems == []
    assert document.data == {"a": [{"b": 1}]}


def test_it_is_written_as_people_write_it() -> None:
    data = {
        "rules": [
            Noted({"alert": "A", "on": "metric", "by": ["tags.a", "host"]}, ["a.yml:1"]),
            {"matchers": ['team="shop"'], "where": {"x": {"not": "b c"}}},
        ]
    }
    assert emit(data) == (
        "rules:\n"
        "  # a.yml:1\n"
        "  - alert: A\n"
        "    on: metric\n"
        "    by: [tags.a, host]\n"
        "  - matchers: ['team=\"shop\"']\n"
        "    where:\n"
        "      x:\n"
        "        not: b c\n"
    )
