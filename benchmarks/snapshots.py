"""The CPU of one health round: 50 components and 200 measured metrics, taken and compared.

.venv/bin/python -m benchmarks.snapshots [--rounds 60]
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeVar

from msgspec.structs import replace

from benchmarks.figures import Figure, percentile, show
from sentinel.config.schema_snapshots import Count, Snapshots
from sentinel.installation import require
from sentinel.model.signal import AnySignal, Error, Metric, Status
from sentinel.model.snapshot import Snapshot
from sentinel.snapshots.compare import compare
from sentinel.snapshots.comparison import usual
from sentinel.snapshots.gathering import Gatherer
from sentinel.snapshots.judging import judged
from sentinel.store import signals
from sentinel.store import snapshots as store
from sentinel.store.connection import connect
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate

_T = TypeVar("_T")
_COMPONENTS, _METRICS, _ERRORS = 50, 200, 100
_BEGIN, _EVERY, _WEEK = 1_800_000_000.0, 60.0, 7 * 86_400.0
_GOAL = 20.0
_TERMS = Snapshots(counts={f"count{n}": Count(metric=f"count{n}") for n in range(20)})


class _Beside:
    """Reads on this thread: what is measured is the work, not the hand-over to a reader."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        return query(self.conn)


def _minute(now: float, random: Random, *, bad: bool) -> list[AnySignal]:
    slow = 5.0 if bad else 1.0
    return [
        *(
            Status(
                component=f"component-{n}",
                status="down" if bad and n < 5 else "up",
                latency=random.lognormvariate(-2, 0.3) * slow,
                received=now,
                project="shop",
            )
            for n in range(_COMPONENTS)
        ),
        *(
            Metric(
                name=f"call{n}.duration",
                unit="s",
                component=f"component-{n % _COMPONENTS}",
                value=random.lognormvariate(-2, 0.3) * slow,
                received=now,
                project="shop",
            )
            for n in range(_METRICS)
        ),
        *(Metric(name=f"count{n}", value=100, received=now, project="shop") for n in range(20)),
        *(
            Error(
                type=f"Boom{random.randrange(300)}",
                fingerprint=str(random.randrange(300)),
                title="Boom",
                received=now,
                project="shop",
            )
            for _ in range(_ERRORS * (4 if bad else 1))
        ),
    ]


async def _run(rounds: int, folder: Path) -> list[Figure]:
    (folder / "sentinel.yaml").touch()
    found, _ = require(folder / "sentinel.yaml", {})
    config = replace(found.config, snapshots=_TERMS)
    conn, random = connect(folder), Random(7)
    migrate(conn)
    gatherer = Gatherer(_Beside(conn), _BEGIN)
    previous: Snapshot | None = None
    took: list[float] = []
    for number in range(rounds):
        now = _BEGIN + _EVERY * (number + 1)
        with conn:
            conn.execute("BEGIN")
            for signal in _minute(now - 1, random, bad=number >= rounds // 2):
                keep(conn, Draft(signal, signals.pack(signal)))
        begun = time.process_time()
        taken = await gatherer.take(now, config, {}, previous)
        good = store.last_good(conn)
        differences = []
        if good is not None:
            differences = compare(good, taken, _TERMS, lambda taken=taken: usual(conn, taken))  # type: ignore[misc]
        snapshot = judged(taken, previous, good, differences, _TERMS)
        took.append((time.process_time() - begun) * 1000)
        snapshot = store.insert(conn, snapshot)
        previous = snapshot
        if number == rounds // 2 - 1:
            store.accept(conn, snapshot.id)
            _fill_a_week_ago(conn, snapshot, now)
    assert previous is not None
    worse = previous.worse
    size = len(store.pack(previous))
    conn.close()
    half = took[rounds // 2 :]
    return [
        Figure(
            "a round, nothing to compare, median",
            statistics.median(took[: rounds // 2]),
            "ms",
            _GOAL,
        ),
        Figure(f"a round, {worse} things worse, median", statistics.median(half), "ms", _GOAL),
        Figure("a round, 95th percentile", percentile(took, 95), "ms", _GOAL),
        Figure("one snapshot as stored", size / 1000, "KB"),
    ]


def _fill_a_week_ago(conn: sqlite3.Connection, like: Snapshot, now: float) -> None:
    for minute in range(60):
        at = now - _WEEK + (minute - 30) * 60
        store.insert(conn, replace(like, at=at))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_run(rounds, Path(folder)))
    show(f"{_COMPONENTS} components, {_METRICS} metrics, {_ERRORS} errors a minute", figures)


if __name__ == "__main__":
    main()
