import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Error, Invalid
from sentinel.ingest.event import hex_id, timestamp, to_error

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def error_of(**event: Any) -> Error:
    return to_error(event, id=ID, size=len(json.dumps(event)))


def frame(function: str, **fields: Any) -> dict[str, Any]:
    return {"function": function, "filename": f"{function}.py", "lineno": 7, **fields}


def raised(type: str, value: Any, *frames: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": type, "value": value, "stacktrace": {"frames": list(frames)}, **fields}


def test_the_flat_fields_are_filled() -> None:
    error = error_of(
        timestamp=1_700_000_000.5,
        level="fatal",
        platform="python",
        environment="production",
        release="shop@1.2.3",
        server_name="web-1",
        transaction="/checkout",
        user={"id": 42, "email": "alice@example.com"},
        request={"url": "https://shop.example.com/checkout"},
        contexts={"trace": {"trace_id": "0AF7651916CD43DD8448EB211C80319C"}},
        tags={"tenant": "acme", "service": "shop", "component": "cart", "session": "s-1"},
        exception={
            "values": [raised("ValueError", "bad row", frame("load", in_app=True), frame("lib"))]
        },
    )
    assert (error.id, error.at, error.level, error.platform) == (
        ID,
        1_700_000_000.5,
        "fatal",
        "python",
    )
    assert (error.environment, error.release, error.host) == ("production", "shop@1.2.3", "web-1")
    assert (error.transaction, error.user, error.session) == ("/checkout", "42", "s-1")
    assert error.url == "https://shop.example.com/checkout"
    assert error.trace == "0af7651916cd43dd8448eb211c80319c"
    assert (error.tenant, error.service, error.component) == ("acme", "shop", "cart")
    assert (error.type, error.message) == ("ValueError", "bad row")
    assert (error.file, error.line, error.function) == ("load.py", 7, "load")
    assert "_trimmed" not in error.payload


def test_of_chained_exceptions_the_one_raised_last_speaks() -> None:
    cause = raised("ConnectionError", "refused", frame("connect", in_app=True))
    error = error_of(exception=[cause, raised("OrderError", "not saved", frame("save"))])
    assert (error.type, error.message, error.function) == ("OrderError", "not saved", "save")
    assert [found["type"] for found in error.payload["exception"]["values"]] == [
        "ConnectionError",
        "OrderError",
    ]


def test_without_in_app_marks_the_innermost_frame_is_the_culprit() -> None:
    assert error_of(exception=[raised("E", "x", frame("a"), frame("b"))]).function == "b"


def test_an_exception_without_frames_takes_the_culprit_of_its_cause() -> None:
    error = error_of(exception=[raised("A", "x", frame("deep")), {"type": "B", "value": "y"}])
    assert (error.type, error.function) == ("B", "deep")


@pytest.mark.parametrize(
    "given",
    [
        {"message": "it broke"},
        {"message": {"formatted": "it broke", "message": "it %s"}},
        {"logentry": {"formatted": "it broke"}},
        {"logentry": {"message": "it broke", "params": []}},
        {"exception": {"values": [{"type": "E", "value": "it broke"}]}, "message": "oops"},
        {"exception": {"type": "E", "value": "it broke"}},
    ],
)
def test_the_message_is_found_in_every_form(given: dict[str, Any]) -> None:
    assert error_of(**given).message == "it broke"


@pytest.mark.parametrize(
    "tags",
    [
        {"tenant": "acme", "empty": None, "n": 1, "on": True},
        [["tenant", "acme"], ["n", 1], ["on", True], ["odd"], None, 7],
        [
            {"key": "tenant", "value": "acme"},
            {"key": "n", "value": 1},
            {"key": "on", "value": True},
        ],
    ],
)
def test_tags_are_taken_as_object_pairs_or_key_values(tags: Any) -> None:
    error = error_of(tags=tags)
    assert error.tags == {"tenant": "acme", "n": "1", "on": "true"}
    assert error.tenant == "acme"


@pytest.mark.parametrize("name", ["tenant", "company", "organization"])
def test_the_tenant_is_the_tag_of_one_of_three_names(name: str) -> None:
    assert error_of(tags={name: "globex"}).tenant == "globex"


@pytest.mark.parametrize(
    "given",
    [
        {"tags": {"code": "DB_DOWN"}, "message": "OTHER_CODE: x"},
        {"tags": {"error_code": "DB_DOWN"}},
        {"extra": {"code": "DB_DOWN"}},
        {"message": "DB_DOWN: no answer"},
        {"message": "DB_DOWN"},
        {"exception": [{"type": "DatabaseError", "value": "DB_DOWN: no answer"}]},
        {"exception": [{"type": "E", "value": "DB_DOWN: cause"}, {"type": "E", "value": "outer"}]},
        {"exception": [{"type": "DB_DOWN", "value": "no answer"}]},
        {
            "exception": [{"type": "DatabaseError", "value": "x"}],
            "contexts": {"DatabaseError": {"code": "DB_DOWN"}},
        },
    ],
)
def test_the_code_is_found_wherever_an_application_may_put_it(given: dict[str, Any]) -> None:
    assert error_of(**given).code == "DB_DOWN"


@pytest.mark.parametrize(
    "message", ["it says DB_DOWN: x", "ERROR: x", "db_down: x", "DB_DOWN x", ""]
)
def test_what_only_resembles_a_code_is_none(message: str) -> None:
    assert error_of(message=message).code is None


@pytest.mark.parametrize(
    "given",
    [
        {"extra": {"query": "SELECT 1"}},
        {"contexts": {"trace": {"data": {"db.query.text": "SELECT 1"}}}},
        {"contexts": {"trace": {"op": "db.sql", "description": "SELECT 1"}}},
        {"breadcrumbs": {"values": [{"category": "query", "message": "SELECT 1"}]}},
        {"breadcrumbs": [{"type": "query", "message": "SELECT 1"}]},
    ],
)
def test_the_query_is_taken_where_it_plainly_stands(given: dict[str, Any]) -> None:
    assert error_of(**given).query == "SELECT 1"


def test_an_older_query_is_not_blamed() -> None:
    crumbs = [{"category": "query", "message": "SELECT 1"}, {"category": "http", "message": "GET"}]
    assert error_of(breadcrumbs=crumbs).query is None


def test_an_unhandled_exception_anywhere_in_the_chain_makes_the_error_unhandled() -> None:
    handled = {"type": "E", "value": "x", "mechanism": {"handled": True}}
    unhandled = {"type": "E", "value": "x", "mechanism": {"handled": False}}
    assert error_of(exception=[handled]).handled is True
    assert error_of(exception=[unhandled, handled]).handled is False
    assert error_of(exception=[{"type": "E"}]).handled is None


@pytest.mark.parametrize(
    ("level", "kept"),
    [("warn", "warning"), ("CRITICAL", "fatal"), ("log", "info"), ("loud", "error"), (7, "error")],
)
def test_levels_of_other_names_are_understood(level: Any, kept: str) -> None:
    assert error_of(level=level).level == kept


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000_500, 1_700_000_000.5),
        ("1700000000.25", 1_700_000_000.25),
        ("2023-11-14T22:13:20Z", 1_700_000_000.0),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000.123456),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000.0),
        ("2023-11-14T22:13:20", 1_700_000_000.0),
        ("yesterday", 0.0),
        ("nan", 0.0),
        (-5, 0.0),
        (10**400, 0.0),
        (True, 0.0),
        (None, 0.0),
        ([], 0.0),
    ],
)
def test_times_are_read_in_every_form(value: Any, seconds: float) -> None:
    assert timestamp(value) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (ID, ID),
        (ID.upper(), ID),
        ("9ec79c33-ec99-42ab-8353-589fcb2e04dc", ID),
        ("9ec7", None),
        ("z" * 32, None),
        ("", None),
        (7, None),
    ],
)
def test_an_event_id_is_32_hexadecimal_digits(value: Any, digits: str | None) -> None:
    assert hex_id(value) == digits


def test_a_long_message_is_cut_to_8_kb_in_the_field() -> None:
    message = error_of(message="x" * 90_000).message
    assert len(message) == 8_192
    assert message.endswith("…")


def test_more_tags_than_200_are_left_out_and_noted() -> None:
    error = error_of(tags={f"tag{n}": "x" for n in range(300)})
    assert len(error.tags) == 200
    assert error.payload["_trimmed"] == ["tags: kept 200 of 300"]


def test_a_recursion_keeps_both_ends_of_its_frames() -> None:
    error = error_of(exception=[raised("RecursionError", "x", *map(frame, map(str, range(999))))])
    kept = error.payload["exception"]["values"][0]["stacktrace"]["frames"]
    assert [len(kept), kept[0]["function"], kept[-1]["function"]] == [250, "0", "998"]
    assert "frames: kept 250 of 999" in error.payload["_trimmed"]


def test_the_latest_breadcrumbs_are_kept() -> None:
    error = error_of(breadcrumbs=[{"message": str(n)} for n in range(500)])
    kept = error.payload["breadcrumbs"]["values"]
    assert [len(kept), kept[-1]["message"]] == [200, "499"]


def test_nesting_beyond_40_levels_is_cut_and_noted() -> None:
    deep: Any = "bottom"
    for _ in range(300):
        deep = {"in": deep}
    error = error_of(extra=deep, message="kept")
    assert error.message == "kept"
    assert "nested deeper than 40 levels" in error.payload["_trimmed"][0]
    assert "bottom" not in str(error.payload)


def test_a_large_event_is_trimmed_to_its_bounds() -> None:
    error = error_of(
        extra={"long": "x" * 200_000, "wide": list(range(50_000))},
        exception=[raised("E", "kept", frame("f"))],
    )
    assert len(error.payload["extra"]["long"]) == 16_384
    assert len(error.payload["extra"]["wide"]) == 1_000
    assert error.message == "kept"
    assert error.payload["_trimmed"] == [
        "event.extra.long: kept 16384 of 200000 characters",
        "event.extra.wide: kept 1000 of 50000 entries",
    ]


def test_the_exception_survives_a_flood_of_other_values() -> None:
    flood = {f"k{n}": [n] * 900 for n in range(900)}
    error = error_of(extra=flood, exception=[raised("E", "kept", frame("f"))])
    assert error.payload["exception"]["values"][0]["stacktrace"]["frames"] == [frame("f")]
    assert len(msgspec.json.encode(error.payload)) < 500_000


def test_a_thrown_value_that_is_no_text_is_kept_as_json() -> None:
    assert error_of(exception=[raised("E", {"status": 502})]).message == '{"status":502}'


def test_nul_characters_do_not_reach_the_fields() -> None:
    assert error_of(message="a\0b").message == "a\ufffdb"


def test_what_is_not_an_object_is_invalid() -> None:
    with pytest.raises(Invalid, match="found an array"):
        to_error([], id=ID, size=2)


KEYS = [
    "event_id",
    "timestamp",
    "level",
    "platform",
    "logger",
    "server_name",
    "release",
    "environment",
    "tags",
    "extra",
    "user",
    "request",
    "contexts",
    "exception",
    "threads",
    "breadcrumbs",
    "stacktrace",
    "logentry",
    "message",
    "transaction",
    "culprit",
    "modules",
    "sdk",
    "fingerprint",
    "values",
    "frames",
    "type",
    "value",
    "mechanism",
    "handled",
    "function",
    "filename",
    "lineno",
    "in_app",
    "trace",
    "trace_id",
    "data",
    "op",
    "query",
    "code",
    "vars",
    "pre_context",
    "_trimmed",
    "otel",
    "resource",
    "url",
    "id",
    "key",
    "formatted",
    "category",
]
hostile = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from([*KEYS, "A_B: x", "\0", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=40,
)
events = st.dictionaries(st.sampled_from(KEYS), hostile)


@given(events)
def test_no_shape_of_event_is_too_odd(event: dict[str, Any]) -> None:
    error = to_error(event, id=ID, size=100)
    assert msgspec.json.decode(msgspec.json.encode(error), type=Error).message == error.message


@given(events)
def test_what_follows_may_rely_on_the_shape(event: dict[str, Any]) -> None:
    payload = to_error(event, id=ID, size=100).payload
    for key in ("exception", "threads", "breadcrumbs"):
        for entry in payload.get(key, {"values": []})["values"]:
            assert isinstance(entry, dict)
            for found in (
                entry.get("stacktrace", {}).get("frames", []) if key != "breadcrumbs" else []
            ):
                assert isinstance(found.get("function", ""), str)
                assert isinstance(found.get("lineno", 0), int)
    for exception in payload.get("exception", {"values": []})["values"]:
        assert isinstance(exception.get("type", ""), str)
        assert isinstance(exception.get("value", ""), str | None)
    for context in payload.get("contexts", {}).values():
        assert isinstance(context, dict)


@given(events)
def test_the_bounds_of_large_events_hold_for_every_shape(event: dict[str, Any]) -> None:
    error = to_error(event, id=ID, size=1_000_000)
    assert isinstance(error.payload, dict)
