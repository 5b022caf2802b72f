"""What a backtest finds over signals that a pipeline took."""

import contextlib
from random import Random
from typing import Any

import pytest

from sentinel.backtest.history import recorded
from sentinel.backtest.report import MINUS
from sentinel.errors import Invalid
from sentinel.model.silence import Silence
from sentinel.store import replay
from sentinel.store.connection import connect_readonly
from sentinel.testing.clock import START
from tests.backtest.shop import RULES, Shop, cpu, errors

STRICTER = RULES.replace("num_events: 3", "num_events: 5")
CLASSIFIED = """
classify:
  - {name: ours, where: {code: OUR_CODE}, severity: critical}
"""
BY_SEVERITY = RULES.replace("where: {code: TWILIO_API_FAILURE}", "where: {severity: critical}")


def some_signals(random: Random) -> list[Any]:
    tenant = random.choice(("acme", "globex"))
    level = random.choice((50.0, 90.0))
    return [*errors(tenant, random.randrange(4)), cpu(level, random.choice(("web-1", "web-2")))]


@pytest.mark.parametrize("seed", range(5))
async def test_the_rules_that_ran_make_no_difference_to_what_happened(
    shop: Shop, seed: int
) -> None:
    random = Random(seed)
    async with shop.running():
        for _ in range(25):
            await shop.pass_time(random.choice((5.0, 20.0, 90.0)), *some_signals(random))
    report = shop.backtest()
    assert report.difference.is_empty
    assert report.summary == "no difference"
    assert report.difference.incidents.before > 2
    assert {page.reason for page in report.difference.pages} >= {"firing", "resolved"}


async def test_a_silence_of_that_time_keeps_the_rules_quiet_too(shop: Shop) -> None:
    silence = Silence(
        id=0, matchers=('tenant="acme"',), starts=START, ends=START + 300, author="alice"
    )
    async with shop.running():
        await shop.pipeline.silence(silence)
        await shop.pass_time(120, *errors("acme", 3))
        await shop.pass_time(120, *errors("globex", 3))
    report = shop.backtest()
    assert report.difference.is_empty
    told = [page.messages.after for page in report.difference.pages if page.person == "alice"]
    assert sum(told) == 2, "of globex alone: that it began, and that it is over"


async def test_rules_that_ask_for_more_lose_pages(shop: Shop) -> None:
    async with shop.running():
        await shop.pass_time(120, *errors("acme", 4))
        await shop.pass_time(120, *errors("globex", 5))
    report = shop.backtest(STRICTER)
    found = report.difference
    lost = [(page.who, page.rule, page.key) for page in found.pages_lost]
    assert lost == [
        ("alice", "SmsFailing", {"tenant": "acme"}),
        ("channel:inbox", "SmsFailing", {"tenant": "acme"}),
    ]
    assert found.pages_gained == []
    assert [one.key for one in found.only_before] == [{"tenant": "acme"}]
    assert report.summary.replace(MINUS, "-") == (
        "-2 inbox, -2 mail, -1 alert, "
        "2 pages lost (the first: alice, SmsFailing for tenant acme at 2025-10-09 08:54:00Z)"
    )


async def test_rules_that_ask_for_less_gain_pages(shop: Shop) -> None:
    async with shop.running():
        await shop.pass_time(120, *errors("acme", 2))
    found = shop.backtest(RULES.replace("num_events: 3", "num_events: 2")).difference
    assert {page.who for page in found.pages_gained} == {"alice", "channel:inbox"}
    assert found.pages_lost == []
    assert [one.key for one in found.only_after] == [{"tenant": "acme"}]


async def test_pages_that_come_later_are_told_apart_from_lost_ones(shop: Shop) -> None:
    async with shop.running():
        await shop.pass_time(120, cpu(90.0))
    found = shop.backtest(RULES.replace("group_wait: 5s", "group_wait: 45s")).difference
    assert found.pages_lost == []
    assert [(page.who, page.after - page.before) for page in found.pages_moved] == [
        ("alice", 40.0),
        ("channel:inbox", 40.0),
        ("bob", 40.0),
    ]


async def test_nobody_acknowledges_unless_that_is_asked_for(shop: Shop) -> None:
    async with shop.running():
        await shop.pass_time(60, cpu(90.0))
        await shop.pass_time(300, cpu(90.0))
    told = {page.person for page in shop.backtest(RULES).difference.pages}
    taken = shop.backtest(RULES, acknowledge_after=30.0)
    assert "bob" in told
    assert "bob" not in {page.person for page in taken.difference.pages}
    assert "acknowledges 30s later" in taken.notes[0]


@pytest.mark.parametrize("options", [{}, {"acknowledge_after": 40.0}])
async def test_how_signals_are_cut_into_batches_makes_no_difference(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, options: dict[str, float]
) -> None:
    random = Random(1)
    async with shop.running():
        for _ in range(15):
            await shop.pass_time(random.choice((5.0, 20.0, 90.0)), *some_signals(random))
    whole = shop.backtest(STRICTER, **options)
    monkeypatch.setattr(replay, "_BATCH", 1)
    assert shop.backtest(STRICTER, **options) == whole


async def test_an_alert_that_fired_before_is_none_that_the_rules_alone_have(shop: Shop) -> None:
    async with shop.running():
        await shop.pass_time(120, cpu(90.0))
        await shop.pass_time(120, cpu(95.0))
    cold = shop.backtest(since=START + 60)
    warm = shop.backtest(since=START + 60, warm_up=60.0)
    assert [one.rule for one in cold.difference.only_after] == []
    assert cold.difference.rules[0].fired.change == 1
    assert warm.difference.rules[0].fired.change == 0
    assert warm.warm_up == 12


async def test_a_page_about_an_incident_from_before_is_known_by_its_root(shop: Shop) -> None:
    async with shop.running():
        await shop.pass_time(120, cpu(90.0))
    with contextlib.closing(connect_readonly(shop.state_dir)) as conn:
        found = recorded(conn, START + 30, START + 30, shop.clock.now())
    assert list(found.paged) == [("bob", ("CpuHigh", '{"host":"web-1"}'))]


async def test_the_severity_is_given_anew_by_each_side(shop: Shop) -> None:
    write = (shop.current_rules / "rules.yaml").write_text
    write(BY_SEVERITY + CLASSIFIED)
    shop.pipeline.reconfigure(shop.installation().setup(b"key"))
    async with shop.running():
        await shop.pass_time(60, *errors("acme", 3, code="OUR_CODE"))
    assert shop.backtest().difference.is_empty
    found = shop.backtest(BY_SEVERITY).difference
    assert [one.rule for one in found.only_before] == ["SmsFailing"]


async def test_a_time_of_which_nothing_is_stored_is_refused(shop: Shop) -> None:
    with pytest.raises(Invalid, match="none is stored at all"):
        shop.backtest()
    async with shop.running():
        await shop.pass_time(0, cpu(1.0))
        shop.clock.advance(100)
    with pytest.raises(Invalid, match="came from 2025-10-09 08:53:20Z to 2025-10-09 08:53:20Z"):
        shop.backtest(since=START + 50)


async def test_progress_ends_with_all_of_the_signals(shop: Shop) -> None:
    told: list[tuple[int, int]] = []
    async with shop.running():
        await shop.pass_time(10, *errors("acme", 2))
    shop.backtest(progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 4)]
