"""Many rules and many groups alive: how fast the engine is, what a group costs in memory, and how
long the pipeline stands still to save the state.

.venv/bin/python -m benchmarks.groups
"""

import gc
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine import _foreign
from benchmarks.figures import Figure, show
from sentinel.detectors.frequency import Frequency, FrequencyParams
from sentinel.engine.book import Book
from sentinel.engine.engine import Engine
from sentinel.engine.routing import Route
from sentinel.engine.rules import Rule, RuleIndex, make_rule
from sentinel.engine.saved import Saved
from sentinel.joins import open_joins
from sentinel.model.signal import Error
from sentinel.model.values import Duration
from sentinel.store import engine as engine_store
from sentinel.store.connection import connect
from sentinel.store.migrations import migrate

_START = 1_800_000_000.0
_RULES, _ALIVE = 1_000, 10_000
_MANY = 100_000
_STEP = 500


def main() -> None:
    foreign = [_foreign(n) for n in range(_RULES - 1)]
    speed = _speed([*foreign, _by_tenant(num_events=50)])
    memory, reread = _memory([_by_tenant(num_events=5)])
    works, flushes = _stalls([_by_tenant(num_events=5)])
    show(
        f"{_RULES} rules, {_ALIVE:,} groups alive; {_MANY:,} groups for memory and saving",
        [
            Figure(
                "signals, each met by a rule by tenant", speed, "a second", goal=50_000, least=True
            ),
            Figure("memory of a group", memory, "bytes", goal=1_024),
            Figure(
                f"engine and store for {_STEP} signals in as many groups, median",
                statistics.median(works) * 1e3,
                "ms",
                goal=20,
            ),
            Figure("the same, longest", max(works) * 1e3, "ms", goal=20),
            Figure("the flush that follows, off the loop, longest", max(flushes) * 1e3, "ms"),
            Figure(f"reading {_MANY:,} groups back (start, reload)", reread * 1e3, "ms"),
        ],
    )


def _by_tenant(num_events: int) -> Rule:
    params = FrequencyParams(num_events=num_events, timeframe=Duration(3600))
    return make_rule(
        name="Burst",
        kind="error",
        where={"level": "error"},
        detector=Frequency(params),
        by=["tenant"],
    )


def _book(rules: Sequence[Rule]) -> Book:
    return Book(rules=RuleIndex(rules), routes=Route(name=""), open_joins=open_joins)


def _errors(number: int, groups: int, first: int = 0) -> list[Error]:
    return [
        Error(
            seq=n + 1,
            received=_START + n / 1000,
            project="bench",
            tenant=f"tenant-{n % groups}",
            code="A",
        )
        for n in range(first, first + number)
    ]


def _run(engine: Engine, errors: Sequence[Error]) -> None:
    for first in range(0, len(errors), _STEP):
        batch = errors[first : first + _STEP]
        engine.step(batch, batch[-1].received)


def _speed(rules: Sequence[Rule]) -> float:
    engine = Engine(_book(rules), Saved(), _START)
    _run(engine, _errors(_ALIVE, _ALIVE))
    errors = _errors(100_000, _ALIVE, first=_ALIVE)
    begun = time.process_time()
    _run(engine, errors)
    return len(errors) / (time.process_time() - begun)


def _memory(rules: Sequence[Rule]) -> tuple[float, float]:
    """Bytes a group in an engine that reads them back, and how long the reading takes."""
    engine = Engine(_book(rules), Saved(), _START)
    saved = Saved(now=_START)
    for first in range(0, 3 * _MANY, _STEP):
        batch = _errors(_STEP, _MANY, first)
        effects = engine.step(batch, batch[-1].received)
        saved.windows.update({k: v for k, v in effects.windows.items() if v is not None})
        saved.now = engine.now
    del engine
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = Engine(_book(rules), saved, saved.now)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    begun = time.perf_counter()
    Engine(_book(rules), saved, saved.now)
    return (after - before) / _MANY, time.perf_counter() - begun


def _stalls(rules: Sequence[Rule]) -> tuple[list[float], list[float]]:
    """How long the engine and its store take for each batch, with all groups alive, and how long
    the flush to the disk takes then."""
    with tempfile.TemporaryDirectory() as folder:
        conn = connect(Path(folder))
        migrate(conn)
        engine = Engine(_book(rules), Saved(), _START)
        works, flushes = [], []
        for first in range(0, _MANY + 100 * _STEP, _STEP):
            batch = _errors(_STEP, _MANY, first)
            begun = time.perf_counter()
            conn.execute("BEGIN IMMEDIATE")
            effects = engine.step(batch, batch[-1].received)
            engine_store.save(conn, effects, engine_store.counters_of(engine), engine.now)
            worked = time.perf_counter()
            conn.execute("COMMIT")
            if first >= _MANY:
                works.append(worked - begun)
                flushes.append(time.perf_counter() - worked)
        conn.close()
    return works, flushes


if __name__ == "__main__":
    main()
