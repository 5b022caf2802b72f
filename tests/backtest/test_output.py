"""How a report is shown. The golden files are what a person has looked at and found right."""

from pathlib import Path

import msgspec
import pytest

from sentinel.backtest.difference import (
    Counts,
    Difference,
    Moved,
    OneSided,
    Page,
    PageCounts,
    RuleCounts,
)
from sentinel.backtest.page import render_html
from sentinel.backtest.report import Report, Side, summary_of
from sentinel.backtest.sections import sections
from sentinel.cli.backtest import show
from sentinel.testing.clock import START

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = '<script>alert("\u202e[red]")</script>\x1b[31m'


def report(tenant: str = "acme") -> Report:
    key = {"tenant": tenant}
    found = Difference(
        rules=[
            RuleCounts("CpuHigh", Counts(3, 3), Counts(3, 3)),
            RuleCounts("SmsFailing", Counts(50, 9), Counts(49, 9)),
        ],
        incidents=Counts(53, 12),
        pages=[
            PageCounts(None, "inbox", "firing", Counts(53, 12)),
            PageCounts("alice", "mail", "firing", Counts(53, 12)),
            PageCounts("bob", "webhook", "firing", Counts(0, 3)),
        ],
        only_before=[OneSided("SmsFailing", key, 2, START, START + 3600)],
        only_after=[OneSided("CpuHigh", {}, 1, START + 60, START + 60)],
        pages_lost=[Page("alice", "SmsFailing", key, START)],
        pages_gained=[Page("bob", "CpuHigh", {}, START + 90)],
        pages_moved=[Moved("alice", "CpuHigh", {}, START, START + 600)],
    )
    return Report(
        since=START,
        until=START + 7 * 86_400,
        signals=123_456,
        warm_up=1_000,
        before=Side("current", "the rules of rules", {}),
        after=Side("new", "the rules of new", {"Odd": "odd raised ValueError; the rule is off"}),
        summary=summary_of(found),
        difference=found,
        notes=["Under the rules nobody acknowledges, so that they page and remind to the end."],
    )


def shown(one: Report, capsys: pytest.CaptureFixture[str]) -> str:
    show(one)
    return "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines())


def test_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(report(), capsys) == (GOLDEN / "report.txt").read_text()


def test_the_page() -> None:
    assert render_html(report()) == (GOLDEN / "report.html").read_text()


def test_the_json() -> None:
    text = msgspec.json.format(msgspec.json.encode(report()), indent=2).decode()
    assert f"{text}\n" == (GOLDEN / "report.json").read_text()


def test_text_from_outside_is_no_markup_of_the_page() -> None:
    page = render_html(report(HOSTILE))
    assert "<script" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page


def test_text_from_outside_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(report(HOSTILE), capsys)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text


def test_a_long_table_says_what_it_leaves_out() -> None:
    one = report()
    lost = [Page("alice", "SmsFailing", {"tenant": str(n)}, START) for n in range(30)]
    many = msgspec.structs.replace(
        one, difference=msgspec.structs.replace(one.difference, pages_lost=lost)
    )
    found = {section.title: section for section in sections(many, 20)}
    assert len(found["Pages lost"].rows) == 20
    assert found["Pages lost"].more == "… and 10 more"


def test_as_many_alerts_of_others_are_a_difference() -> None:
    empty = Difference([], Counts(1, 1), [], [], [], [], [], [])
    assert summary_of(empty) == "no difference"
    other = [OneSided("CpuHigh", {}, 1, START, START)]
    moved = msgspec.structs.replace(empty, only_before=other, only_after=other)
    assert summary_of(moved) == "as many messages and alerts, but others"
