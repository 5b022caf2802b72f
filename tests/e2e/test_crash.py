"""Kills the daemon at random moments under load, and then reads in its database and at those
whom it wrote to whether anything was lost."""

import subprocess
from collections import Counter
from itertools import count
from random import Random
from typing import Any

import pytest

from tests.e2e.connection import report
from tests.e2e.senders import Senders, Sent, a_batch, an_envelope
from tests.e2e.world import World

RULES = """
rules:
  - alert: Page
    on: error
    where: {code: {starts_with: "PAGE_"}}
    by: [code]
    labels: {severity: critical}
    timeframe: 1h
  - alert: Burst
    on: error
    where: {code: {starts_with: "BURST_"}}
    type: frequency
    num_events: 3
    timeframe: 1h
    by: [code]
    labels: {severity: info}
  - alert: Everything
    on: error
    where: {level: error}
    type: frequency
    num_events: 10000
    timeframe: 1s
    labels: {severity: info}
"""
_PAGE_SHARE = 0.03


def test_eight_kills_lose_nothing(world: World) -> None:
    prove(world, kills=8, seed=8)


@pytest.mark.soak
def test_sixty_kills_lose_nothing(world: World) -> None:
    prove(world, kills=60, seed=60)


def prove(world: World, kills: int, seed: int) -> None:
    world.configure(RULES)
    world.daemon.start()
    errors = Errors()
    random = Random(seed)
    with Senders(world.daemon.dsn(), errors.make, connections=4, seed=seed) as senders:
        for _ in range(kills):
            kill_at_random(world, senders, random)
        world.daemon.wait_ready()
        senders.wait_answered(50)
        senders.finish()
    world.wait_sent()
    # The kills did hit requests that were under way, and those were sent again.
    assert senders.broken >= kills / 2
    assert_each_is_stored_once(world, senders)
    assert_each_page_was_delivered(world, errors.pages & senders.answered, kills)
    assert_the_books_balance(world)
    world.assert_sound()
    assert world.daemon.stop() == 0
    world.assert_sound()


def kill_at_random(world: World, senders: Senders, random: Random) -> None:
    """Mostly after some answers more, now and then while it is still starting."""
    if random.random() < 0.2:
        try:
            world.daemon.running.wait(random.uniform(0.0, 1.5))
        except subprocess.TimeoutExpired:
            pass
        else:
            raise AssertionError(f"it ended by itself:\n{world.daemon.tail()}")
    else:
        world.daemon.wait_ready()
        senders.wait_answered(random.randrange(1, 400))
    world.daemon.kill()
    world.daemon.start(wait=False)


class Errors:
    """Makes what the senders send: `pages` are the ids that must page somebody, each alone."""

    def __init__(self) -> None:
        self.pages: set[str] = set()
        self._numbers = count(1)

    def make(self, random: Random) -> Sent:
        number = next(self._numbers)
        if random.random() < _PAGE_SHARE:
            sent = self._page(random, f"PAGE_{number}")
            self.pages.update(sent.ids)
            return sent
        code = random.choice(("BURST_A", "BURST_B", "NOISE_C"))
        if random.random() < 0.3:
            return a_batch(*(report(code, f"row {number} of {n}") for n in range(5)))
        return an_envelope(code, f"order {number} failed", user={"id": f"user-{number % 50}"})

    def _page(self, random: Random, code: str) -> Sent:
        if random.random() < 0.5:
            return an_envelope(code)
        return a_batch(report(code))


def assert_each_is_stored_once(world: World, senders: Senders) -> None:
    rows = world.daemon.ask("SELECT lower(hex(id)), count(*) FROM signals GROUP BY id")
    stored = dict(rows)
    assert senders.answered - stored.keys() == set(), "answered 2xx, and lost"
    assert stored.keys() - senders.answered == set(), "nobody sent this"
    assert set(stored.values()) == {1}


def assert_each_page_was_delivered(world: World, pages: set[str], kills: int) -> None:
    told = world.daemon.ask(
        "SELECT lower(hex(s.id)), d.channel, d.state, d.key FROM signals s"
        " JOIN alerts a ON a.code = s.code JOIN deliveries d ON d.incident_id = a.incident_id"
        " WHERE a.rule = 'Page' AND d.reason = 'firing'"
    )
    assert {(id, channel) for id, channel, _, _ in told} == {
        (id, channel) for id in pages for channel in ("mail", "hook")
    }
    assert len(told) == 2 * len(pages), "an alert was made twice"
    assert {state for _, _, state, _ in told} == {"sent"}
    keys = {channel: {key for _, c, _, key in told if c == channel} for channel in ("mail", "hook")}
    mails = Counter(mail.key for mail in world.mailbox.mails)
    calls = Counter(call.key for call in world.hooks.calls)
    assert mails.keys() == keys["mail"]
    assert calls.keys() == keys["hook"]
    assert world.hooks.forged == []
    twice = (mails.total() - len(mails)) + (calls.total() - len(calls))
    assert twice <= kills, f"{twice} messages came twice in {kills} kills"


def assert_the_books_balance(world: World) -> None:
    ask = world.daemon.ask
    [(signals,)] = ask("SELECT count(*) FROM signals")
    assert ask("SELECT sum(count) FROM groups") == [(signals,)]
    assert ask("SELECT sum(count) FROM codes") == [(signals,)]
    # Every signal that met a rule is accounted for, once, and by that rule's alert.
    for rule, codes in (("Page", "PAGE_*"), ("Burst", "BURST_*"), ("Everything", "*")):
        [(wanted,)] = ask("SELECT count(*) FROM signals WHERE code GLOB ?", (codes,))
        assert ask("SELECT count(*) FROM matches WHERE rule = ?", (rule,)) == [(wanted,)]
    lone = "SELECT count(*) FROM matches WHERE signal NOT IN (SELECT seq FROM signals)"
    assert ask(lone) == [(0,)]
    counts: list[tuple[Any, ...]] = ask(
        "SELECT a.id, json_extract(CAST(a.body AS TEXT), '$.count'), count(m.signal)"
        " FROM alerts a LEFT JOIN matches m ON m.alert_id = a.id GROUP BY a.id"
    )
    # The record leaves out what is the default: a count of one.
    assert [(id, own or 1) for id, own, _ in counts] == [(id, met) for id, _, met in counts]
    fired = "SELECT count(*) FROM decisions WHERE verb = 'alert_fired' GROUP BY alert_id"
    assert set(ask(fired)) == {(1,)}
    assert ask("SELECT count(DISTINCT incident_id) FROM alerts") == ask(
        "SELECT count(*) FROM incidents"
    )
