"""What an error looks like when it arrives."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from sentinel.client import Client, tenant_scope


class PaymentFailed(Exception):
    pass


def charge(secret: str) -> None:
    raise PaymentFailed("card refused")


def pay() -> None:
    try:
        charge("correct horse battery staple")
    except PaymentFailed as problem:
        raise RuntimeError("order 7 not paid") from problem


def caught(function: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - any will do
        function()
    return raised.value


def test_an_error_carries_the_fields_it_was_given(collector: Any, make_client: Any) -> None:
    client = make_client(environment="production", release="shop@1.4.2", service="web", host="h1")
    id = client.report(
        "SMS not sent", code="SMS_DELIVERY_FAILURE", tenant="acme", user="alice", tags={"n": 3}
    )
    [error] = collector.wait_for(1)
    assert error["id"] == id
    assert len(id) == 32
    assert error["at"] > 1.7e9
    found = {key: error[key] for key in ("code", "message", "level", "tenant", "user", "tags")}
    assert found == {
        "code": "SMS_DELIVERY_FAILURE",
        "message": "SMS not sent",
        "level": "error",
        "tenant": "acme",
        "user": "alice",
        "tags": {"n": "3"},
    }
    assert [error[key] for key in ("environment", "release", "service", "host", "platform")] == [
        "production",
        "shop@1.4.2",
        "web",
        "h1",
        "python",
    ]


def test_the_key_travels_in_its_header_to_the_errors_endpoint(
    collector: Any, client: Client
) -> None:
    client.report("x")
    collector.wait_for(1)
    [(path, headers, _)] = collector.requests
    assert path == "/api/v1/errors"
    assert headers["x-sentinel-key"] == "0123456789abcdef0123456789abcdef"
    assert headers["content-encoding"] == "gzip"


def test_a_chain_of_exceptions_arrives_with_the_first_cause_first(
    collector: Any, client: Client
) -> None:
    client.report(caught(pay))
    [error] = collector.wait_for(1)
    cause, raised = error["exception"]["values"]
    assert (cause["type"], cause["value"]) == ("PaymentFailed", "card refused")
    assert (raised["type"], raised["value"]) == ("RuntimeError", "order 7 not paid")
    assert cause["mechanism"] == {
        "type": "chained",
        "exception_id": 1,
        "parent_id": 0,
        "source": "__cause__",
    }
    assert (error["type"], error["message"]) == ("RuntimeError", "order 7 not paid")


def test_a_suppressed_context_is_no_part_of_the_chain(collector: Any, client: Client) -> None:
    def fails() -> None:
        try:
            charge("")
        except PaymentFailed:
            raise RuntimeError("clean") from None

    client.report(caught(fails))
    [error] = collector.wait_for(1)
    assert [value["type"] for value in error["exception"]["values"]] == ["RuntimeError"]


def test_a_chain_that_bites_its_tail_ends(collector: Any, client: Client) -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    client.report(first)
    [error] = collector.wait_for(1)
    assert len(error["exception"]["values"]) == 2


def test_the_members_of_an_exception_group_arrive_with_it(collector: Any, client: Client) -> None:
    client.report(ExceptionGroup("both failed", [ValueError("a"), KeyError("b")]))
    [error] = collector.wait_for(1)
    values = error["exception"]["values"]
    assert [value["type"] for value in values] == ["KeyError", "ValueError", "ExceptionGroup"]
    assert values[-1]["mechanism"]["is_exception_group"] is True
    assert values[0]["mechanism"]["source"] == "exceptions[1]"


def test_frames_run_from_the_oldest_call_and_show_their_source(
    collector: Any, client: Client
) -> None:
    client.report(caught(pay))
    [error] = collector.wait_for(1)
    frames = error["exception"]["values"][0]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["pay", "charge"]
    raised = frames[-1]
    assert raised["context_line"] == '    raise PaymentFailed("card refused")'
    assert raised["pre_context"][-1] == "def charge(secret: str) -> None:"
    assert len(raised["post_context"]) == 5
    assert raised["abs_path"] == __file__
    assert raised["in_app"] is True
    assert (error["file"], error["line"], error["function"]) == (
        raised["filename"],
        error["exception"]["values"][-1]["stacktrace"]["frames"][-1]["lineno"],
        "pay",
    )


def test_frames_of_libraries_are_not_in_app(collector: Any, client: Client) -> None:
    client.report(caught(lambda: json.loads("{")))
    [error] = collector.wait_for(1)
    frames = error["exception"]["values"][0]["stacktrace"]["frames"]
    assert [frame["in_app"] for frame in frames] == [True, True, False, False, False]
    assert frames[-1]["filename"] == "json/decoder.py"
    assert error["function"].endswith("<lambda>")


def test_local_variables_never_travel(collector: Any, client: Client) -> None:
    client.report(caught(pay))
    [error] = collector.wait_for(1)
    frames = [f for v in error["exception"]["values"] for f in v["stacktrace"]["frames"]]
    assert not any("vars" in frame for frame in frames)


def test_of_a_deep_recursion_both_ends_arrive(collector: Any, client: Client) -> None:
    def dive(depth: int) -> None:
        if depth == 0:
            raise ValueError("ground")
        dive(depth - 1)

    client.report(caught(lambda: dive(400)))
    [error] = collector.wait_for(1)
    assert len(error["exception"]["values"][0]["stacktrace"]["frames"]) == 100


def test_a_message_names_the_place_that_reported_it(collector: Any, client: Client) -> None:
    client.report("disk is full")
    [error] = collector.wait_for(1)
    assert error["file"].endswith("test_report.py")
    assert error["function"] == "test_a_message_names_the_place_that_reported_it"


def test_an_exception_that_can_not_be_printed_still_arrives(collector: Any, client: Client) -> None:
    class Rude(Exception):
        def __str__(self) -> str:
            raise ValueError("no")

    client.report(Rude())
    [error] = collector.wait_for(1)
    assert error["message"] == "<unprintable Rude: ValueError>"


def test_a_lone_surrogate_in_a_message_does_not_cost_the_error(
    collector: Any, client: Client
) -> None:
    client.report("file \udcff is gone")
    [error] = collector.wait_for(1)
    assert error["message"] == "file ? is gone"


def test_of_unknown_objects_in_extra_only_the_type_is_told(collector: Any, client: Client) -> None:
    class Account:
        def __repr__(self) -> str:
            raise AssertionError("could be a query, or hold a secret")

    client.report("x", extra={"account": Account(), "ratio": float("nan"), "deep": [[[[[1]]]]]})
    [error] = collector.wait_for(1)
    assert error["extra"]["account"].endswith(".Account>")
    assert error["extra"]["ratio"] == "nan"
    assert error["extra"]["deep"] == [[["<builtins.list>"]]]


def test_an_oversized_error_arrives_with_less(collector: Any, client: Client) -> None:
    client.report("x" * 100_000, extra={str(n): ["y" * 1000] * 50 for n in range(50)})
    [error] = collector.wait_for(1)
    assert len(error["message"]) == 8192
    assert "extra" not in error


def test_a_tenant_scope_flows_into_what_is_reported_inside(collector: Any, client: Client) -> None:
    with tenant_scope("acme", user="alice", tags={"plan": "gold"}):
        client.report("inside")
        with tenant_scope("globex"):
            client.report("deeper")
    client.report("outside")
    inside, deeper, outside = collector.wait_for(3)
    assert (inside["tenant"], inside["user"], inside["tags"]) == ("acme", "alice", {"plan": "gold"})
    assert (deeper["tenant"], deeper["user"]) == ("globex", "alice")
    assert "tenant" not in outside
    assert "user" not in outside


async def test_a_tenant_scope_flows_through_tasks(collector: Any, client: Client) -> None:
    async def work(tenant: str) -> None:
        with tenant_scope(tenant):
            await asyncio.sleep(0)
            client.report("failed")

    await asyncio.gather(*(work(tenant) for tenant in ("acme", "globex", "acme")))
    errors = await asyncio.to_thread(collector.wait_for, 3)
    assert sorted(error["tenant"] for error in errors) == ["acme", "acme", "globex"]


@pytest.mark.parametrize(
    "url",
    ["", "not a url", "ftp://key@host/1", "http://host:8420", "http://k@host", "http://k@h:x/1"],
)
def test_a_url_that_can_not_be_understood_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="expected http"):
        Client(url)


def test_a_refused_url_does_not_show_the_key() -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        Client("http://s3cret@host:notaport/1")
    assert "s3cret" not in str(refused.value)


def test_a_base_url_with_a_key_keeps_the_prefix_of_a_proxy(collector: Any) -> None:
    client = Client(f"{collector.url}/sentinel/", "k1", linger=0)
    client.report("x")
    collector.wait_for(1)
    client.close()
    [(path, headers, _)] = collector.requests
    assert path == "/sentinel/api/v1/errors"
    assert headers["x-sentinel-key"] == "k1"


def test_nonsense_in_a_call_never_raises_into_the_application(
    collector: Any, client: Client
) -> None:
    nonsense: Any = ["unhashable"]
    assert client.report("x", level=nonsense) is None
    assert client.report("x", tags=nonsense) is None
    assert client.report(nonsense, tenant=nonsense, user=nonsense, code=nonsense) is not None
    assert client.stats().dropped == 2
