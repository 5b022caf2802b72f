"""`sentinel health` and `sentinel drill`, beside a daemon and without one."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sentinel.cli import app
from sentinel.cli.health import _result
from sentinel.errors import StoreError
from sentinel.model.signal import State, Status
from sentinel.store import components, drills, signals
from sentinel.store.connection import connect, transaction
from sentinel.store.drills import Plan
from sentinel.store.migrations import migrate

CONFIG = "components: {shop: {depends_on: [database]}, database: {slo: 99.5}}"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "sentinel.yaml").write_text(CONFIG)
    connection = connect(tmp_path / "state")
    migrate(connection)
    connection.close()
    return tmp_path / "state"


def say(state: Path, ago: float = 0.0, /, **states: State) -> None:
    connection = connect(state)
    with transaction(connection):
        for name, found in states.items():
            received = time.time() - ago
            status = Status(status=found, component=name, received=received, message="said so")
            components.note(connection, status, signals.pack(status))
    connection.close()


def run(state: Path, *arguments: str) -> tuple[int, str]:
    config = ["--config", str(state.parent / "sentinel.yaml")] if arguments[0] == "health" else []
    result = CliRunner().invoke(app, [*arguments, *config, "--state-dir", str(state)])
    return result.exit_code, result.output or str(result.exception)


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ({"shop": "up", "database": "up"}, 0),
        ({"shop": "degraded", "database": "up"}, 1),
        ({"shop": "down", "database": "down"}, 1),
        ({}, 0),
    ],
)
def test_the_exit_status_says_how_it_is(state: Path, states: dict[str, State], status: int) -> None:
    say(state, **states)
    assert run(state, "health")[0] == status


def test_the_table_has_what_the_configuration_names_and_what_was_heard_of(state: Path) -> None:
    say(state, shop="down", search="up")
    _, text = run(state, "health")
    assert "Overall: degraded" in text
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["down", "unknown", "up"]


def test_the_table_says_of_how_much_time_anything_is_known(state: Path) -> None:
    # What a probe said holds for an hour.
    say(state, 7_200, shop="up")
    _, text = run(state, "health")
    head, *rows = text.splitlines()[1:]
    shop = next(row for row in rows if " shop " in row)
    assert shop[head.index("KNOWN") :].startswith("1 h ")


def test_programs_get_json(state: Path) -> None:
    say(state, shop="down", database="down")
    _, text = run(state, "health", "--json")
    found = json.loads(text)
    assert found["components"][0]["because"] == ["database"]
    assert found["components"][1]["budget"]["slo"] == 99.5


def test_a_drill_that_is_not_there_is_named_with_those_that_are(state: Path) -> None:
    connection = connect(state)
    with transaction(connection):
        drills.put_plan(connection, Plan(name="weekly", schedule="{}", due=1e12))
    connection.close()
    status, text = run(state, "drill", "weekley", "--author", "bob")
    assert status == 1
    assert "found no fire drill 'weekley', expected one of: weekly" in text


def test_a_drill_without_a_daemon_says_so(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentinel.cli.health._TAKEN_WITHIN", 0.0)
    connection = connect(state)
    with transaction(connection):
        drills.put_plan(connection, Plan(name="weekly", schedule="{}", due=1e12))
    status, text = run(state, "drill", "weekly", "--author", "bob")
    assert status == 1
    assert "no daemon has taken it" in text
    assert drills.plans(connection)["weekly"].asked_by == "bob"
    connection.close()


def test_a_drill_says_what_it_waits_for_and_that_the_daemon_is_gone(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = connect(state)
    plan = Plan(name="weekly", schedule="{}", due=1e12)
    with transaction(connection):
        drills.begin(connection, plan, [1, 2], 1_800_000_000.0, 1_800_000_300.0)
    held = iter([True, False])
    monkeypatch.setattr("sentinel.cli.health.is_held", lambda folder: next(held))
    with pytest.raises(StoreError, match="the daemon ended before the receipts came"):
        _result(connection, state, "weekly", 0)
    connection.close()
    said = "2 messages under way: waiting for the receipts, until 2027-01-15 08:05:00Z at most\n"
    assert capsys.readouterr().err == said
