"""How long a week of ten signals a second takes in the simulation that rule tests and backtests
run on, on one core: the shipped rules and 90 more.

.venv/bin/python -m benchmarks.virtual_time
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from msgspec.structs import replace

from benchmarks import rules
from benchmarks.events import CODES, TENANTS
from benchmarks.figures import Figure, show
from sentinel import installation
from sentinel.data import shipped
from sentinel.engine.book import Book
from sentinel.model.signal import AnySignal, Error, Metric, Status
from sentinel.simulation import Simulation
from sentinel.wiring import build_book

_GOAL = 60.0
_WEEK = 7 * 24
_A_SECOND = 10
_STEP = 500
_START = 1_800_000_000.0
_RULES = 90
_MAIN = {"channels": {"inbox": {"type": "inapp"}, "console": {"type": "console"}}}
# Ten minutes of every twelve hours are bad: then all CPUs are busy, one component is down and
# every signal that else would be a metric of memory is an error.
_BETWEEN_BAD, _BAD = 12 * 3600, 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=_WEEK)
    hours = parser.parse_args().hours
    number = hours * 3600 * _A_SECOND
    simulation = Simulation(_book(), _START)
    making = _time_of_making(number)
    begun = time.process_time()
    deliveries = _run(simulation, number)
    seconds = time.process_time() - begun
    week = seconds * _WEEK / hours
    show(
        f"{hours} hours, {number:,} signals, {len(simulation.book.rules.by_name)} rules",
        [
            Figure("a week", week, "s of CPU", goal=_GOAL),
            Figure("of which making the signals", making * _WEEK / hours, "s of CPU"),
            Figure("signals a second", number / seconds, "a second"),
            Figure("virtual hours a second", hours / seconds, "hours"),
            Figure("alerts", len(simulation.alerts)),
            Figure("deliveries", deliveries),
        ],
    )


def _book() -> Book:
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "sentinel.yaml")
        main.write_text(json.dumps(_MAIN))
        Path(folder, "rules").mkdir()
        for file in shipped("rules").glob("*.yaml"):
            Path(folder, "rules", file.name).write_bytes(file.read_bytes())
        # A file of JSON is one of YAML.
        more = json.dumps({"rules": rules.book(_RULES)["rules"]})
        Path(folder, "rules", "more.yaml").write_text(more)
        found, problems = installation.read(main, {})
    if found is None:
        raise SystemExit(installation.listed(problems))
    return build_book(found.config, found.registry, found.catalog)


def _run(simulation: Simulation, number: int) -> int:
    deliveries = 0
    batch: list[AnySignal] = []
    for signal in _signals(number):
        batch.append(signal)
        if len(batch) == _STEP:
            deliveries += len(simulation.run(batch).deliveries)
            batch.clear()
    return deliveries + len(simulation.run(batch).deliveries)


def _time_of_making(number: int) -> float:
    begun = time.process_time()
    for _ in _signals(number):
        pass
    return time.process_time() - begun


def _signals(number: int) -> Iterator[AnySignal]:
    """Of ten: six metrics of hosts, two of components' states, two errors."""
    good, bad = _kinds(busy=False), _kinds(busy=True)
    for seq in range(number):
        at = _START + seq / _A_SECOND
        kinds = bad if (at - _START) % _BETWEEN_BAD < _BAD else good
        yield replace(kinds[seq % len(kinds)], seq=seq + 1, at=at, received=at)


def _kinds(*, busy: bool) -> list[AnySignal]:
    random = Random(7)
    kinds: list[AnySignal] = []
    for number in range(200):
        host = f"web-{number % 8}"
        cpu = 95.0 if busy else random.uniform(5, 60)
        kinds += [
            Metric(name="host.cpu.percent", value=cpu, host=host),
            Metric(name="host.disk.percent", value=40.0, host=host, tags={"mount": "/"}),
            Metric(name="host.load", value=random.uniform(0, 4), host=host),
            Metric(name="shop.orders", value=random.uniform(0, 9), host=host),
            Metric(name="shop.latency", value=random.uniform(0, 1), host=host),
            _error(number) if busy else Metric(name="host.memory.percent", value=50.0, host=host),
            Status(status="up", component=f"api-{number % 5}"),
            Status(status="down" if busy else "up", component="database"),
            _error(number),
            _error(number * 7 + 3),
        ]
    return kinds


def _error(number: int) -> Error:
    return Error(
        project="shop",
        tenant=f"tenant-{number % TENANTS}",
        environment="production",
        code=f"SHOP_ERROR_{number % CODES}",
        type="OrderFailed",
        message=f"order {number} could not be settled",
        severity="high",
        fingerprint=f"{number % 500:032x}",
        group=number % 500 + 1,
    )


if __name__ == "__main__":
    main()
