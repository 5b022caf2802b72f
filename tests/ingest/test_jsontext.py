import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Invalid
from sentinel.ingest.jsontext import decode, decode_object

any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(any_json)
def test_valid_json_comes_back_as_it_was(value: object) -> None:
    assert decode(json.dumps(value).encode(), "it") == value


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_invalid(text: bytes) -> None:
    with contextlib.suppress(Invalid):
        json.dumps(decode(text, "it"))


def test_nan_and_infinity_become_null() -> None:
    text = b'{"a": NaN, "b": [Infinity, -Infinity, 1e999], "c": 1.5}'
    assert decode(text, "it") == {"a": None, "b": [None, None, None], "c": 1.5}


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    assert decode(b'{"a": "caf\xe9"}', "it") == {"a": "caf�"}


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_kept() -> None:
    assert decode(rb'["cut \ud83d", "whole \ud83d\ude00"]', "it") == ["cut ?", "whole 😀"]


def test_an_integer_of_thousands_of_digits_is_kept_as_far_as_a_number_can() -> None:
    assert decode(b"[1" + b"0" * 200 + b", NaN]", "it") == [1e200, None]
    assert decode(b"[1" + b"0" * 5000 + b"]", "it") == [None]


def test_a_byte_order_mark_is_skipped() -> None:
    assert decode(b'\xef\xbb\xbf{"a": 1}', "it") == {"a": 1}


@pytest.mark.parametrize("levels", [10_000, 400_000])
@pytest.mark.parametrize("start", [b"[", b'{"a":', b'[NaN,{"a":'])
def test_hostile_nesting_is_invalid(levels: int, start: bytes) -> None:
    with pytest.raises(Invalid, match="nested too deeply"):
        decode(start * levels, "it")


@pytest.mark.parametrize("text", [b"", b"{", b"{'a': 1}", b'{"a": 1} x', b"\x00", b"nan"])
def test_what_is_not_json_is_invalid_and_named(text: bytes) -> None:
    with pytest.raises(Invalid, match="item 3 is not valid JSON"):
        decode(text, "item 3")


@pytest.mark.parametrize(
    ("text", "found"),
    [(b"[]", "an array"), (b"null", "null"), (b'"x"', "a string"), (b"1", "a number")],
)
def test_where_an_object_is_wanted_other_json_is_invalid(text: bytes, found: str) -> None:
    with pytest.raises(Invalid, match=f"found {found}, expected a JSON object"):
        decode_object(text, "the event")


def test_a_large_float_is_still_finite() -> None:
    assert math.isfinite(decode(b"[1.7e308, NaN]", "it")[0])
