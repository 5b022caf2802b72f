import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Credentials, Error, Intake, Invalid, Request, TooLarge, Unauthorized
from sentinel.ingest.errors import ErrorsReceiver

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def request(body: bytes = b"", **fields: Any) -> Request:
    return Request(**{"path": {}, "query": {}, "headers": {}, "body": body, **fields})


def decode(found: Any) -> Intake:
    return ErrorsReceiver().decode(request(json.dumps(found).encode()))


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"x-sentinel-key": "abc"}},
        {"headers": {"authorization": "Bearer abc"}},
        {"headers": {"authorization": "bearer  abc "}},
        {"query": {"key": "abc"}},
    ],
)
def test_the_key_is_found_in_every_form(given: dict[str, Any]) -> None:
    assert ErrorsReceiver().credentials(request(**given)) == Credentials(None, "abc")


def test_a_request_without_a_key_is_refused() -> None:
    with pytest.raises(Unauthorized, match="X-Sentinel-Key"):
        ErrorsReceiver().credentials(request(headers={"authorization": "Basic abc"}))


FLAT: dict[str, Any] = {
    "id": ID,
    "code": "DB_DOWN",
    "type": "ValueError",
    "message": "bad row",
    "level": "fatal",
    "tenant": "acme",
    "environment": "production",
    "release": "1.2.3",
    "service": "shop",
    "component": "cart",
    "host": "web-1",
    "tags": {"a": "b"},
    "file": "load.py",
    "line": 7,
    "function": "load",
    "query": "SELECT 1",
    "user": "alice",
    "session": "s-1",
    "url": "https://shop.example.com/",
    "transaction": "/checkout",
    "trace": "0af7651916cd43dd8448eb211c80319c",
    "platform": "python",
    "handled": False,
}


@pytest.mark.parametrize("name", FLAT)
def test_each_field_arrives_under_its_own_name(name: str) -> None:
    error = decode({name: FLAT[name]}).items[0]
    assert getattr(error, name) == FLAT[name]


@pytest.mark.parametrize("name", ["at", "timestamp"])
@pytest.mark.parametrize("value", [1_700_000_000, "2023-11-14T22:13:20Z"])
def test_the_time_has_two_names_and_two_forms(name: str, value: Any) -> None:
    error = decode({name: value}).items[0]
    assert isinstance(error, Error)
    assert error.at == 1_700_000_000


def test_stated_fields_overrule_what_the_interfaces_say() -> None:
    error = decode(
        {
            "exception": [{"type": "A", "value": "x", "stacktrace": {"frames": [{"lineno": 1}]}}],
            "type": "B",
            "line": 2,
            "message": "y",
        }
    ).items[0]
    assert isinstance(error, Error)
    assert (error.type, error.line, error.message) == ("B", 2, "y")
    assert error.payload["exception"]["values"][0]["type"] == "A"


def test_the_interfaces_of_sentry_are_kept() -> None:
    interfaces: dict[str, Any] = {
        "breadcrumbs": {"values": [{"message": "x"}]},
        "contexts": {"os": {"name": "Linux"}},
        "extra": {"n": 1},
        "request": {"url": "/x"},
        "modules": {"a": "1"},
    }
    error = decode(interfaces).items[0]
    assert isinstance(error, Error)
    assert error.payload == interfaces


@pytest.mark.parametrize("wrap", [list, lambda errors: {"errors": list(errors)}])
def test_several_errors_are_answered_with_their_ids_in_order(wrap: Any) -> None:
    found = decode(wrap([{"id": ID}, {"message": "x"}]))
    assert len(found.items) == 2
    assert found.reply == {"ids": [item.id for item in found.items]}
    assert found.reply["ids"][0] == ID


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"mesage": "x"}, r"error\.mesage: no such field \(did you mean message\?\)"),
        ([{}, {"tenent": "x"}], r"errors\[1\]\.tenent: .*did you mean tenant"),
        ([{}, {"line": "7"}], r"Expected `int \| null`, got `str` - at `errors\[1\]\.line`"),
        ({"line": "7"}, r"at `error\.line`"),
        ({"level": "fatall"}, r"error\.level: found 'fatall'.*did you mean fatal"),
        ({"at": "yesterday"}, r"error\.at: found 'yesterday'.*2026-01-31T12:00:00Z"),
        ({"id": "7"}, r"error\.id: found '7', expected a UUID"),
        ([{"id": ID}, {"id": ID}], r"errors\[1\]\.id: found the id of errors\[0\] again"),
        ([7], r"errors\[0\]: found a number, expected an object"),
        ([], "found 0 errors"),
        ([{}] * 1001, "found 1001 errors"),
        ({"errors": 7}, "found a number"),
        ({"errors": [{}], "message": "x"}, r"error\.errors: no such field"),
        (7, "found a number"),
        (None, "found null"),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_a_hint(found: Any, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        decode(found)


def test_a_body_beyond_two_megabytes_is_too_large() -> None:
    with pytest.raises(TooLarge):
        ErrorsReceiver().decode(request(b" " * 2_000_001))


def test_a_long_message_is_cut_rather_than_refused() -> None:
    error = decode({"message": "x" * 9_000}).items[0]
    assert isinstance(error, Error)
    assert len(error.message) == 8_192


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.booleans(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*FLAT, "errors", "exception", "at", "x"]), inner)
        ),
        max_leaves=10,
    )
)
def test_any_json_is_taken_or_invalid(found: Any) -> None:
    with contextlib.suppress(Invalid):
        assert decode(found).items
