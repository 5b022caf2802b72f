"""How many stored signals a second a backtest reads, and runs through rules, on one core.

.venv/bin/python -m benchmarks.backtest
"""

import argparse
import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from benchmarks.events import event
from benchmarks.figures import Figure, show
from benchmarks.rules import CONFIG, book
from sentinel import backtest
from sentinel.ingest.event import to_error
from sentinel.installation import Installation, require
from sentinel.intelligence.enrich import enrich
from sentinel.model.signal import Error
from sentinel.store import replay, signals
from sentinel.store.connection import connect, connect_readonly, transaction
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate
from sentinel.wiring import build_classifier

_GOAL = 20_000
_GROUPS = 400
_RULES = 100
_AT_ONCE = 500
_SINCE = 1_800_000_000.0
_SPAN = 86_400.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=100_000)
    number = parser.parse_args().signals
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="sentinel-backtest-") as folder:
        current = _install(Path(folder))
        with contextlib.closing(connect(Path(folder))) as conn:
            migrate(conn)
            size = _store(conn, number, current)
        with contextlib.closing(connect_readonly(Path(folder))) as conn:
            plan = backtest.Plan(since=_SINCE, until=_SINCE + _SPAN, current=current)
            against = msgspec.structs.replace(plan, other=current)
            figures = [
                Figure("read alone", _speed(number, _read, conn), "a second", _GOAL, True),
                *(
                    Figure(name, _speed(number, _run, conn, plan), "a second")
                    for name, plan in {
                        f"{_RULES} rules against what happened": plan,
                        f"{_RULES} rules against {_RULES} others": against,
                    }.items()
                ),
            ]
    show(f"{number:,} errors of one day, {_GROUPS} groups, bodies of {size:,.0f} bytes", figures)


def _install(folder: Path) -> Installation:
    """Configurations are YAML, of which JSON is a part."""
    rules = folder / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_bytes(msgspec.json.encode(book(_RULES)))
    (folder / "sentinel.yaml").write_bytes(msgspec.json.encode({**CONFIG, "rules_dir": "rules"}))
    return require(folder / "sentinel.yaml", os.environ)[0]


def _store(conn: sqlite3.Connection, number: int, current: Installation) -> float:
    """Returns how large a body is before it is compressed, in bytes on average."""
    random, classifier = Random(1), build_classifier(current.config)
    size = 0
    for first in range(0, number, _AT_ONCE):
        with transaction(conn):
            for place in range(first, min(first + _AT_ONCE, number)):
                error = _error(place, _SINCE + _SPAN * place / number, random)
                found = enrich(error, current.catalog, classifier)
                size += len(msgspec.json.encode(found.error))
                body = signals.pack(found.error)
                keep(conn, Draft(found.error, body, found.culprit, found.basis, found.catalogued))
    return size / number


def _error(place: int, at: float, random: Random) -> Error:
    found = to_error(event(place % _GROUPS, random), id=f"{place:032x}", size=14_000)
    return msgspec.structs.replace(found, received=at, at=at, project="shop")


def _read(conn: sqlite3.Connection) -> None:
    within = replay.extent(conn, _SINCE, _SINCE + _SPAN)
    for _ in replay.signals(conn, _SINCE, _SINCE + _SPAN, within):
        pass


def _run(conn: sqlite3.Connection, plan: backtest.Plan) -> None:
    backtest.run(conn, plan, lambda done, total: None)


def _speed(number: int, run: Callable[..., object], *given: object) -> float:
    begun = time.process_time()
    run(*given)
    return number / (time.process_time() - begun)


if __name__ == "__main__":
    main()
