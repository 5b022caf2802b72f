"""Asking the rankers, well-behaved and otherwise."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from sentinel.api import Candidate, Evidence, Metric, Ranker, Status
from sentinel.causes import CauseFinder
from sentinel.causes.asking import Panel
from sentinel.data import shipped
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.intelligence.causes import combine
from sentinel.model.snapshot import ComponentState, Snapshot
from sentinel.plugins import load
from sentinel.rankers.evidence import EvidenceRanker
from sentinel.store import alerts, components, signals, snapshots
from sentinel.testing.evidence import an_incident
from tests.causes.stored import DAY, NOW, fix, learn, memory, put


class Broken(Ranker):
    type = "broken"

    def rank(self, evidence: Evidence) -> Sequence[Candidate]:
        raise RuntimeError("no idea")


class Witness(Ranker):
    type = "witness"
    seen: Evidence

    def rank(self, evidence: Evidence) -> Sequence[Candidate]:
        Witness.seen = evidence
        return [Candidate(kind="component", name="moon", score=0.4, reasons=("it is full",))]


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = memory()
    yield conn
    conn.close()


def test_a_ranker_that_raises_is_logged_once_and_the_others_count(
    conn: sqlite3.Connection,
) -> None:
    incident = put(conn, 1, lasted=None)
    finder = CauseFinder(Catalog(), (Broken, Witness))
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            found = finder.findings(conn, incident, NOW)
    assert [one.name for one in found.candidates] == ["moon"]
    assert [entry["type"] for entry in logs if entry["event"] == "a ranker failed"] == ["broken"]


def asked(ranker: type[Ranker], patience: float = 5.0) -> list[str]:
    """Twice, with another one behind it. Returns what was logged."""
    panel = Panel((ranker, Witness), patience)
    evidence = Evidence(incident=an_incident())
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            assert [one.name for one in combine(panel.candidates(evidence))] == ["moon"]
    return [entry["event"] for entry in logs]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        5,
        [1],
        [{"kind": "code"}],
        [Candidate(kind="code", name="A", score="high", reasons=("b",))],  # type: ignore[arg-type]
        [Candidate(kind="star", name="A", score=0.9, reasons=("b",))],  # type: ignore[arg-type]
        [Candidate(kind="code", name=None, score=0.9, reasons=("b",))],  # type: ignore[arg-type]
    ],
)
def test_an_answer_that_is_no_list_of_candidates_counts_for_nothing(answer: Any) -> None:
    class Odd(Ranker):
        type = "odd"

        def rank(self, evidence: Evidence) -> Sequence[Candidate]:
            found: Sequence[Candidate] = answer
            return found

    assert asked(Odd) == ["a ranker failed"]


def test_a_ranker_that_wants_to_end_the_program_ends_nothing() -> None:
    class Leaving(Ranker):
        type = "leaving"

        def rank(self, evidence: Evidence) -> Sequence[Candidate]:
            raise SystemExit(1)

    assert asked(Leaving) == ["a ranker failed"]


def test_a_ranker_that_was_slow_is_asked_again_once_it_has_ended() -> None:
    let_go = threading.Event()

    class Slow(Ranker):
        type = "slow"

        def rank(self, evidence: Evidence) -> Sequence[Candidate]:
            let_go.wait(30)
            return [Candidate(kind="code", name="sun", score=0.9, reasons=("so",))]

    panel = Panel((Slow,), 0.05)
    evidence = Evidence(incident=an_incident())
    assert list(panel.candidates(evidence)) == []
    let_go.set()
    for thread in threading.enumerate():
        if thread.name == "ranker slow":
            thread.join(10)
    assert [one.name for one in panel.candidates(evidence)] == ["sun"]


def test_a_ranker_that_hangs_is_waited_for_once() -> None:
    ended = threading.Event()

    class Hanging(Ranker):
        type = "hanging"

        def rank(self, evidence: Evidence) -> Sequence[Candidate]:
            ended.wait(30)
            return ()

    logged = asked(Hanging, patience=0.05)
    ended.set()
    assert logged == ["a ranker did not answer"]


def test_of_an_endless_answer_the_first_hundred_count() -> None:
    class Endless(Ranker):
        type = "endless"

        def rank(self, evidence: Evidence) -> Sequence[Candidate]:
            found: Any = (
                Candidate(kind="code", name=f"C{n}", score=0.5, reasons=("so",)) for n in count()
            )
            return found  # type: ignore[no-any-return]

    panel = Panel((Endless,))
    assert len(list(panel.candidates(Evidence(incident=an_incident())))) == 100


def test_the_built_in_ranker_uses_the_door_of_all_others() -> None:
    registry, _ = load(None)
    assert registry.get("ranker", "evidence") is EvidenceRanker


def test_a_ranker_of_the_plugins_folder_is_asked_too(
    conn: sqlite3.Connection, tmp_path: Path
) -> None:
    (tmp_path / "moon.py").write_text(
        "from sentinel.api import Candidate, Ranker, hook\n"
        "class Moon(Ranker):\n"
        "    type = 'moon'\n"
        "    def rank(self, evidence):\n"
        "        why = ('it is full',)\n"
        "        return [Candidate(kind='component', name='moon', score=0.9, reasons=why)]\n"
        "@hook\n"
        "def register_rankers(register):\n"
        "    register(Moon)\n"
    )
    registry, problems = load(tmp_path)
    assert problems == []
    finder = CauseFinder(Catalog(), registry.all("ranker"))
    found = finder.findings(conn, put(conn, 1, lasted=None), NOW)
    assert (found.candidates[0].name, found.candidates[0].confidence) == ("moon", "likely")


def evidence(conn: sqlite3.Connection, incident: Any, **more: Any) -> Evidence:
    CauseFinder(Catalog(), (Witness,), **more).findings(conn, incident, NOW)
    return Witness.seen


def test_what_an_incident_that_goes_on_is_judged_by_is_the_health_of_now(
    conn: sqlite3.Connection,
) -> None:
    status = Status(component="db", status="down", message="no answer", received=NOW - 30, at=NOW)
    components.note(conn, status, signals.pack(status))
    (fact,) = evidence(conn, put(conn, 1, lasted=None)).components
    assert (fact.name, fact.state, fact.since) == ("db", "down", NOW - 30)


def test_one_that_is_over_is_judged_by_the_health_of_then(conn: sqlite3.Connection) -> None:
    part = ComponentState(name="db", state="degraded", since=NOW - 90)
    snapshots.insert(conn, Snapshot(at=NOW + 30, overall="degraded", components=(part,)))
    after = replace(part, state="up", since=NOW + 300)
    snapshots.insert(conn, Snapshot(at=NOW + 400, overall="healthy", components=(after,)))
    (fact,) = evidence(conn, put(conn, 1)).components
    assert (fact.name, fact.state) == ("db", "degraded")


def test_alerts_of_other_incidents_count_only_near_in_time_and_by_related_codes(
    conn: sqlite3.Connection,
) -> None:
    catalog, _ = load_catalog([shipped("catalog")])
    assert catalog is not None
    put(conn, 1, "TWILIO_GREETING_FAILURE", opened=NOW - 100)
    put(conn, 2, "TWILIO_GREETING_FAILURE", opened=NOW - 400)
    put(conn, 3, "COOKIE_BANNER_ODD", opened=NOW - 10)
    incident = put(conn, 4, lasted=None)
    CauseFinder(catalog, (Witness,)).findings(conn, incident, NOW)
    elsewhere = {one.incident for one in Witness.seen.symptoms} - {4}
    assert elsewhere == {1}


def test_dependencies_and_the_past_are_in_the_evidence(conn: sqlite3.Connection) -> None:
    put(conn, 1, opened=NOW - 30 * DAY)
    fix(conn, 1, "A restart")
    learn(conn)
    seen = evidence(conn, put(conn, 2, lasted=None), depends_on={"shop": ("db",)})
    assert seen.depends_on == {"shop": ("db",)}
    assert [(one.fix, one.held) for one in seen.past] == [("A restart", True)]


@pytest.mark.parametrize(("kind", "subject"), [("status", "twilio"), ("metric", None)])
def test_an_alert_on_a_status_tells_whose_state_it_is(
    conn: sqlite3.Connection, kind: str, subject: str | None
) -> None:
    incident = put(conn, 1, code=None, lasted=None)
    values: dict[str, Any] = {"component": "twilio", "received": NOW, "at": NOW}
    signal = (
        Status(status="down", **values)
        if kind == "status"
        else Metric(name="queue", value=9.0, **values)
    )
    number = signals.insert(conn, signal, signals.pack(signal))
    root = alerts.get(conn, 100)
    assert root is not None
    alerts.save(conn, [replace(root, signal=number)])
    CauseFinder(Catalog(), (Witness,)).findings(conn, incident, NOW)
    assert [one.subject for one in Witness.seen.own] == [subject]
