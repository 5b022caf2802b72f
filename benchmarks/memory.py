"""Memory after many errors, and how long a start takes when they are stored.

    .venv/bin/python -m benchmarks.memory [--errors 200000]

Errors of 1.4 KB in 500 groups, sent as envelopes of 20: memory depends on how many there are, not
on how large they are, and a million of the full size would take an hour and 4 GB of disk.
"""

import argparse
import statistics
from pathlib import Path

from benchmarks import load, rules
from benchmarks.daemon import Daemon, folder
from benchmarks.figures import Figure, show

_IN_ONE_REQUEST = 20
_GROUPS = 500
_STARTS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", type=int, default=1_000_000)
    errors = parser.parse_args().errors
    show(f"{errors} errors in {_GROUPS} groups, 100 rules", measure(errors))


def measure(errors: int) -> list[Figure]:
    with folder() as path:
        daemon = Daemon(path, config=rules.CONFIG, rules=rules.book(100))
        with daemon:
            empty, _ = daemon.memory()
            order = load.Order(
                port=daemon.port,
                key=daemon.key(),
                requests=errors // _IN_ONE_REQUEST,
                groups=_GROUPS,
                events=_IN_ONE_REQUEST,
                small=True,
            )
            sent = load.send(order)
            now, most = daemon.memory()
            stored = daemon.number_of("SELECT count(*) FROM signals WHERE kind = 'error'")
        starts = [_start(daemon) for _ in range(_STARTS)]
        return [
            Figure("errors stored", stored),
            Figure("errors a second", stored / sent.seconds),
            Figure("resident memory before", empty, "MB"),
            Figure("resident memory after", now, "MB", goal=150),
            Figure("resident memory at the most", most, "MB", goal=150),
            Figure("start to ready, median", statistics.median(starts), "s", goal=2.0),
            Figure("database", _size(daemon.state_dir), "MB"),
        ]


def _start(daemon: Daemon) -> float:
    with daemon:
        return daemon.started


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6


if __name__ == "__main__":
    main()
