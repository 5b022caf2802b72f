"""What a change looks like when it arrives, and that it waits and is kept as an error is."""

import json
from pathlib import Path
from typing import Any

import sentinel.client
from sentinel.api import Change, Request
from sentinel.ingest.changes import ChangesReceiver


def received(collector: Any) -> list[Change]:
    """As the server's own receiver understands them."""
    body = json.dumps({"changes": collector.changes}).encode()
    intake = ChangesReceiver().decode(Request(path={}, query={}, headers={}, body=body))
    return [item for item in intake.items if isinstance(item, Change)]


def test_a_change_carries_the_fields_it_was_given(collector: Any, make_client: Any) -> None:
    client = make_client(environment="production", service="web")
    id = client.change(
        "flag",
        "new checkout on",
        service="checkout",
        component="shop",
        tenant="acme",
        author="alice",
        url="https://flags.example/7",
        tags={"share": 5},
    )
    collector.wait_for_changes(1)
    [change] = received(collector)
    assert (change.id, change.kind, change.summary) == (id, "flag", "new checkout on")
    assert (change.service, change.component) == ("checkout", "shop")
    assert (change.tenant, change.author, change.url) == (
        "acme",
        "alice",
        "https://flags.example/7",
    )
    assert change.environment == "production"
    assert change.tags == {"share": "5"}
    assert change.at > 1.7e9


def test_only_a_deploy_is_of_the_release_that_reports_it(collector: Any, make_client: Any) -> None:
    client = make_client(service="web", release="shop@1.4.2")
    client.change("deploy")
    client.change("flag")
    collector.wait_for_changes(2)
    found = {change.kind: (change.service, change.release) for change in received(collector)}
    assert found == {"deploy": ("web", "shop@1.4.2"), "flag": ("web", None)}


def test_errors_and_changes_travel_side_by_side(collector: Any, make_client: Any) -> None:
    client = make_client(linger=5.0)
    client.change("deploy")
    client.report("broken by it")
    client.change("config")
    assert client.flush(10)
    assert [change["kind"] for change in collector.changes] == ["deploy", "config"]
    assert [error["message"] for error in collector.accepted] == ["broken by it"]
    assert client.stats().sent == 3


def test_a_change_waits_on_disk_for_the_next_process(
    collector: Any, make_client: Any, tmp_path: Path
) -> None:
    collector.stop()
    first = make_client(spool_dir=tmp_path)
    first.change("deploy", "shop 1.4.2")
    first.report("broken by it")
    first.close(5)
    collector.start()
    make_client(spool_dir=tmp_path)
    assert [change["summary"] for change in collector.wait_for_changes(1)] == ["shop 1.4.2"]
    assert [error["message"] for error in collector.wait_for(1)] == ["broken by it"]


def test_a_change_that_is_refused_costs_no_other(collector: Any, make_client: Any) -> None:
    collector.poison = lambda change: change["kind"] == ""
    client = make_client(linger=5.0)
    client.change("")
    client.change("deploy")
    client.flush(10)
    assert [change["kind"] for change in collector.wait_for_changes(1)] == ["deploy"]
    assert client.stats().dropped == 1


def test_what_can_not_be_written_as_text_does_not_reach_the_application(
    collector: Any, make_client: Any
) -> None:
    class Odd:
        def __str__(self) -> str:
            raise ValueError("no")

    client = make_client()
    assert client.change("flag", Odd())
    [change] = collector.wait_for_changes(1)
    assert change["summary"] == "<unprintable Odd: ValueError>"


def test_a_full_queue_and_an_ended_client_take_no_change(collector: Any, make_client: Any) -> None:
    client = make_client(queue_size=1, linger=5.0)
    client.report("first")
    taken = [client.change("flag") for _ in range(3)]
    assert None in taken
    client.close(5)
    assert client.change("flag") is None


def test_without_a_client_a_change_is_not_reported() -> None:
    sentinel.client.close()
    assert sentinel.client.change("deploy") is None
