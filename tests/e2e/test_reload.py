"""Reloading: by signal and by saving, refused whole where it is wrong, and forgetting nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.connection import event, send_once
from tests.e2e.polling import until
from tests.e2e.world import World

BURST = """
rules:
  - alert: Burst
    on: error
    where: {{code: {code}}}
    type: frequency
    num_events: 3
    by: [code]
    timeframe: 10m
    labels: {{severity: critical}}
"""
SLOW = """
  - alert: Slow
    on: error
    where: {code: SLOW_THING}
    for: 2s
    labels: {severity: critical}
    annotations: {summary: "still slow"}
"""
OWN_ENTRY = """
codes:
  OWN_CODE:
    title: Something of our own
    category: system
    severity: high
    fix: [Mend it.]
"""
WRONG = """
rules:
  - alert: Burst
    on: errors
    where: {code: [}
  - alert: Burst
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("reload")) as world:
        world.configure(BURST.format(code="OLD_CODE"))
        world.daemon.start()
        yield world


@contextmanager
def reloaded(world: World) -> Iterator[None]:
    """What happens inside makes the daemon reload; waits for that."""
    before = len(world.daemon.logged("reloaded"))
    yield
    until(lambda: len(world.daemon.logged("reloaded")) > before, "it has reloaded")


def pages_about(world: World, code: str) -> int:
    return sum(code in str(mail.parsed["Subject"]) for mail in world.mailbox.mails)


def fired(world: World, code: str) -> list[tuple[str]]:
    query = "SELECT id FROM alerts WHERE code = ? AND state = 'firing'"
    return world.daemon.ask(query, (code,))


def send(world: World, code: str, times: int = 1) -> None:
    dsn = world.daemon.dsn()
    for _ in range(times):
        assert send_once(dsn, event(code)).status == 200


def test_a_rule_that_is_saved_holds_at_once(running: World) -> None:
    with reloaded(running):
        running.configure(BURST.format(code="SAVED_CODE"))
    send(running, "SAVED_CODE", 3)
    assert fired(running, "SAVED_CODE")


def test_a_signal_reloads_what_nobody_watches(running: World) -> None:
    """The folder of the catalog did not exist when the daemon started."""
    catalog = running.folder / "catalog"
    catalog.mkdir()
    (catalog / "own.yaml").write_text(OWN_ENTRY)
    with reloaded(running):
        running.daemon.reload()
    send(running, "OWN_CODE")
    query = "SELECT severity FROM groups WHERE code = 'OWN_CODE'"
    assert running.daemon.ask(query) == [("high",)]


def test_a_wrong_configuration_is_refused_whole_and_what_runs_stays(running: World) -> None:
    with reloaded(running):
        running.configure(BURST.format(code="GOOD_CODE"))
    send(running, "GOOD_CODE", 2)
    before = len(running.daemon.logged("reload refused"))
    running.write("rules/default.yaml", WRONG)
    refused = until(
        lambda: running.daemon.logged("reload refused")[before:], "the wrong one is refused"
    )
    assert "rules/default.yaml:" in refused[0]["problems"]
    assert running.daemon.get("/readyz")[0] == 200
    # The window of the rule that runs has kept its first two.
    send(running, "GOOD_CODE")
    assert fired(running, "GOOD_CODE")


def test_all_problems_are_told_at_once(running: World) -> None:
    before = len(running.daemon.logged("reload refused"))
    two = BURST.format(code="X_Y").replace("num_events", "num_event").replace("on: error", "on: x")
    running.configure(two, more="retention: {signals: soon}\n")
    refused = until(lambda: running.daemon.logged("reload refused")[before:], "it is refused")
    problems = refused[0]["problems"]
    assert "num_event" in problems
    assert "sentinel.yaml:" in problems
    assert "soon" in problems


@pytest.fixture(scope="module", params=["reload", "kill"])
def interrupted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """After two of three errors of a burst, and while a slow alert is pending."""
    with World(tmp_path_factory.mktemp("interrupted")) as world:
        world.configure(BURST.format(code="WINDOW") + SLOW)
        world.daemon.start()
        send(world, "WINDOW", 2)
        send(world, "SLOW_THING")
        assert world.daemon.ask("SELECT state FROM alerts") == [("pending",)]
        if request.param == "reload":
            with reloaded(world):
                world.daemon.reload()
        else:
            world.daemon.kill()
            world.daemon.start()
        assert not fired(world, "WINDOW")
        yield world


def test_a_pending_alert_fires_once_it_has_held_for_its_time(interrupted: World) -> None:
    assert until(lambda: pages_about(interrupted, "SLOW_THING"), "the page has arrived") == 1
    [(started, at)] = interrupted.daemon.ask(
        "SELECT started, json_extract(CAST(body AS TEXT), '$.fired') FROM alerts"
        " WHERE code = 'SLOW_THING'"
    )
    assert at - started >= 2.0


def test_a_window_still_holds_what_it_had_seen(interrupted: World) -> None:
    send(interrupted, "WINDOW")
    assert fired(interrupted, "WINDOW")
    assert until(lambda: pages_about(interrupted, "WINDOW"), "the page has arrived") == 1


def test_it_does_not_start_on_a_wrong_configuration(world: World) -> None:
    world.configure("rules: {}\n")
    world.daemon.start(wait=False)
    assert world.daemon.ended() == 1
    assert "rules/default.yaml:" in world.daemon.tail()
