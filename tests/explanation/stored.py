"""An engine over a store in memory, for explanations of what both made of some signals."""

import sqlite3
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from sentinel import installation
from sentinel.engine.book import Book
from sentinel.engine.commands import Acknowledge, Command, SetSilence
from sentinel.engine.engine import Engine, Input
from sentinel.model.signal import AnySignal, Error
from sentinel.model.silence import Silence
from sentinel.store import engine as engine_store
from sentinel.store import sending, signals
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate
from sentinel.wiring import build_book

# 2027-01-15, 08:00 UTC.
START = 1_800_000_000.0
CONFIG = """
rules_dir: rules
hold: 0s
channels:
  email: {type: email, host: smtp.acme.example, sender: sentinel@acme.example}
  desk: {type: inapp}
"""
RULES = """
rules:
  - alert: Payment
    on: error
    where: {code: [PAYMENT_FAILED, PAYMENT_LOST], environment: production}
    type: frequency
    num_events: 2
    timeframe: 5m
    by: [tenant]
    keep_firing_for: 2m
    labels: {severity: critical, team: payments}
  - alert: Slow
    on: metric
    where: {name: latency, value: {gt: 2}}
    for: 5m
    timeframe: 10m
    labels: {team: platform}
  - alert: Brief
    on: metric
    where: {name: load}
    for: 5m
    timeframe: 1m
  - alert: Unheard
    on: change
routes:
  - name: default
    escalation: desk
    matchers: [team=~".+"]
    routes:
      - {name: databases, matchers: [team="databases"], escalation: desk}
      - {name: payments, matchers: [team="payments"], escalation: people}
      - {name: payments-again, matchers: [team="payments"], escalation: desk}
escalations:
  - name: desk
    steps: [{notify: ["channel:desk"]}]
  - name: people
    steps:
      - notify: [alice]
      - {after: 5m, notify: [bob]}
people:
  alice: {email: alice@acme.example}
  bob: {email: bob@acme.example}
"""


def book_of(folder: Path, rules: str = RULES) -> Book:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "sentinel.yaml").write_text(CONFIG)
    (folder / "rules" / "shop.yaml").write_text(rules)
    found, problems = installation.read(folder / "sentinel.yaml", {})
    assert found, problems
    return build_book(found.config, found.registry, found.catalog)


class Stored:
    def __init__(self, conn: sqlite3.Connection, book: Book, start: float = START) -> None:
        migrate(conn)
        self.conn = conn
        self.book = book
        self.now = start
        self.engine = Engine(book, engine_store.load(conn), start)

    def take(self, *signals_: AnySignal) -> None:
        """All at this moment."""
        kept: list[Input] = []
        for one in signals_:
            signal = replace(one, received=self.now, at=self.now)
            found = keep(self.conn, Draft(signal, signals.pack(signal)))
            assert found is not None
            kept.append(found)
        self._step(kept)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self._step([])

    def ask(self, command: Command) -> None:
        self._step([command])

    def acknowledge(self, incident: int, by: str) -> None:
        self._step([Acknowledge(incident, by, self.now)])

    def silence(self, *matchers: str, seconds: float = 3600.0) -> None:
        end = self.now + seconds
        one = Silence(id=0, matchers=matchers, starts=self.now, ends=end, author="alice")
        self._step([SetSilence(one, self.now)])

    def send(self) -> None:
        """What waits in the outbox goes out now."""
        for row in self.conn.execute("SELECT id FROM deliveries WHERE state = 'pending'"):
            sending.mark_sent(self.conn, row["id"], "taken", self.now)

    def _step(self, inputs: list[Input]) -> None:
        effects = self.engine.step(inputs, self.now)
        counters = engine_store.counters_of(self.engine)
        engine_store.save(self.conn, effects, counters, self.now)


def payment(tenant: str = "acme", **fields: Any) -> Error:
    fields = {"code": "PAYMENT_LOST", "environment": "production", "fingerprint": "f"} | fields
    return Error(project="shop", tenant=tenant, **fields)
