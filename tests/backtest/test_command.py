"""`sentinel backtest`."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sentinel import cli
from sentinel.cli.moments import moment
from sentinel.testing.clock import START
from tests.backtest.shop import RULES, Shop, errors, write_rules

Run = Callable[..., int]
SPAN = ("--from", "2025-10-09T08:53Z", "--to", "2025-10-09T09:00Z")


@pytest.fixture
def run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Run:
    places = ("--config", str(shop.config), "--state-dir", str(shop.state_dir))

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["sentinel", "backtest", *places, *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return run


@pytest.fixture
async def stored(shop: Shop) -> None:
    async with shop.running():
        await shop.pass_time(120, *errors("acme", 4))


@pytest.fixture
def stricter(shop: Shop) -> str:
    text = RULES.replace("num_events: 3", "num_events: 5")
    return str(write_rules(shop.folder / "stricter", text))


@pytest.mark.usefixtures("stored")
def test_without_new_rules_the_current_ones_meet_what_happened(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*SPAN) == 0
    told = capsys.readouterr()
    assert told.out.startswith("no difference\n")
    assert "HAPPENED: what really happened\n" in told.out
    assert told.err == ""


@pytest.mark.usefixtures("stored")
def test_new_rules_meet_the_current_ones(
    run: Run, stricter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*SPAN, "--rules", stricter) == 0
    out = capsys.readouterr().out
    assert "2 pages lost (the first: alice, SmsFailing for tenant acme at" in out.splitlines()[0]
    assert f"NEW: the rules of {stricter}\n" in out


@pytest.mark.usefixtures("stored")
def test_json_is_one_document(run: Run, stricter: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*SPAN, "--rules", stricter, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["difference"]["incidents"] == {"before": 1, "after": 0}
    assert told["summary"].endswith("08:54:00Z)")


@pytest.mark.usefixtures("stored")
def test_a_page_is_written_beside_the_table(
    run: Run, stricter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert run(*SPAN, "--rules", stricter, "--html", str(page)) == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert capsys.readouterr().err == f"wrote {page}\n"


@pytest.mark.usefixtures("stored")
def test_rules_that_are_refused_are_told_as_check_does(
    run: Run, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = write_rules(shop.folder / "broken", RULES.replace("num_events: 3", "num_evnts: 3"))
    assert run(*SPAN, "--rules", str(broken)) == 1
    told = capsys.readouterr().err
    assert "the configuration was refused" in told
    assert f"{broken}/rules.yaml:" in told
    assert "num_events" in told


def test_a_folder_that_is_not_there_is_told(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--rules", "/nowhere") == 1
    assert "--rules: found no folder /nowhere, expected" in capsys.readouterr().err


@pytest.mark.usefixtures("stored")
def test_a_time_without_signals_is_told(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--from", "2025-11-01", "--to", "2025-11-02") == 1
    told = capsys.readouterr().err
    assert "found no signal from 2025-11-01 00:00:00Z to 2025-11-02 00:00:00Z" in told
    assert "came from 2025-10-09" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "'yesterday'"),
        (("--from", "2025-10-09", "--to", "2025-10-08"), "--from to be before --to"),
        (("--from", "2999-01-01"), "not in the future"),
        (("--warm-up", "soon"), "--warm-up"),
        (("--acknowledge-after", "0s"), "expected 1s or more"),
    ],
)
def test_wrong_usage_is_told(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(*arguments) == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert said in told


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-01T08:00Z", "2026-11-01T08:00:00+00:00"),
        ("2026-11-01T08:00:30+02:00", "2026-11-01T06:00:30+00:00"),
        ("2026-11-01 08:00", "2026-11-01T08:00:00+00:00"),
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
    ],
)
def test_a_time_without_a_zone_is_in_utc(text: str, iso: str) -> None:
    found = moment(text, "--from", START)
    assert datetime.fromtimestamp(found, UTC).isoformat() == iso


def test_a_duration_is_so_long_ago() -> None:
    assert moment("1h30m", "--from", START) == START - 5400
