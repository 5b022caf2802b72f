"""`sentinel explain` and `sentinel books`, as text and as JSON."""

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel import cli
from sentinel.clock import SystemClock
from sentinel.store.connection import connect
from tests.explanation.stored import Stored, book_of, payment

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The exit status and what was written, over a store in which one alert fires."""
    with contextlib.closing(connect(tmp_path)) as conn:
        stored = Stored(conn, book_of(tmp_path), SystemClock().now() - 600)
        stored.take(payment(), payment(environment="staging"), payment())
        stored.send()

    def run(*words: str) -> tuple[int, str, str]:
        command = ["sentinel", *words, "--state-dir", str(tmp_path)]
        command += ["--config", str(tmp_path / "sentinel.yaml")]
        monkeypatch.setattr(sys, "argv", command)
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        found = capsys.readouterr()
        return status, found.out, found.err

    return run


def test_the_answer_comes_first(run: Run) -> None:
    status, text, _ = run("explain", "1")
    assert status == 0
    assert text.splitlines()[0].startswith("Alert 1 paged alice by email at")
    for part in ("What happens next", "Which routes take it", "shop.yaml:3", "bob by email"):
        assert part in text


def test_a_signal_is_explained(run: Run) -> None:
    _, text, _ = run("explain", "--signal", "2")
    assert text.splitlines()[0].startswith("Signal 2 met no rule. The nearest, Payment, wanted")
    assert "1 of 2 conditions hold" in text


def test_a_rule_is_explained(run: Run) -> None:
    _, text, _ = run("explain", "--rule", "Payment")
    assert text.splitlines()[0] == "Payment fires for 1 group."
    assert "frequency: num_events 2, timeframe 5m" in text


def test_the_past_is_explained(run: Run) -> None:
    _, text, _ = run("explain", "1", "--at", "9m ago")
    assert "This is how it was at" in text
    status, _, error = run("explain", "1", "--at", "1h")
    assert (status, "there is no alert 1 at that time" in error) == (1, True)


def test_a_rule_is_meant_by_its_name_alone(run: Run) -> None:
    status, text, _ = run("explain", "Payment")
    assert (status, text.splitlines()[0]) == (0, "Payment fires for 1 group.")


@pytest.mark.parametrize("words", [("1",), ("--signal", "1"), ("--rule", "Payment")])
def test_programs_get_json(run: Run, words: tuple[str, ...]) -> None:
    _, text, _ = run("explain", *words, "--json")
    assert {"headline", "at", "notes"} <= json.loads(text).keys()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "expected one of"),
        (("",), "expected one of"),
        (("1", "--rule", "Payment"), "expected one of"),
        (("1", "--at", "soon"), "expected a time such as"),
    ],
)
def test_a_wrong_question_is_refused(run: Run, words: tuple[str, ...], expected: str) -> None:
    status, _, error = run("explain", *words)
    assert (status, expected in " ".join(error.split())) == (2, True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("9",), "there is no alert 9: `sentinel alerts` lists them"),
        (("--signal", "9"), "there is no signal 9"),
        (("9" * 30,), "there is nothing with so large a number"),
        (("--rule", "Paiment"), "did you mean Payment?"),
        (("Paiment",), "there is no rule Paiment: did you mean Payment?"),
    ],
)
def test_what_is_not_there_is_said(run: Run, words: tuple[str, ...], expected: str) -> None:
    status, _, error = run("explain", *words)
    assert (status, expected in error) == (1, True)


def test_books_that_balance_say_so(run: Run) -> None:
    status, text, _ = run("books")
    assert status == 0
    assert "Signals that met a rule: 1 opened, 1 waiting" in text
    assert "the books balance" in text


def test_books_that_do_not_balance_are_an_error(run: Run, tmp_path: Path) -> None:
    with contextlib.closing(connect(tmp_path)) as conn:
        conn.execute("DELETE FROM pagings")
    status, text, _ = run("books")
    assert status == 1
    assert "no route will tell anybody of it (incident_untold)" in text
    _, text, _ = run("books", "--json")
    assert json.loads(text)["imbalances"][0]["what"] == "incident_untold"
