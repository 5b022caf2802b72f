"""What looking costs, and whether each look begins at its time.

    .venv/bin/python -m benchmarks.probes

500 probes of type `http` ask a server on this machine every 10 s, each over a connection of its
own. What each finds goes through rules and into the store, as ever.
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.daemon import Daemon, folder
from benchmarks.figures import Figure, percentile, show
from benchmarks.targets import Asked, targets
from sentinel.scheduler import FIRST_RUNS_WITHIN, phase


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--probes", type=int, default=500)
    parser.add_argument("--interval", type=int, default=10, help="seconds")
    options = parser.parse_args()
    title = f"{options.probes} HTTP probes every {options.interval} s, {options.seconds} s"
    show(title, measure(options.seconds, options.probes, options.interval))


def measure(seconds: int, probes: int, interval: int) -> list[Figure]:
    with (
        folder() as path,
        targets() as server,
        Daemon(path, config=_config(server.port, probes, interval), rules=_RULES) as daemon,
    ):
        # The first looks, and the rest of the first round, are another matter.
        time.sleep(FIRST_RUNS_WITHIN + interval)
        begun, cpu = time.monotonic(), daemon.cpu()
        time.sleep(seconds)
        ended, cpu = time.monotonic(), daemon.cpu() - cpu
        asked = [(name, at) for name, at in server.asked() if begun <= at < ended]
        resident, _ = daemon.memory()
        states = "SELECT count(*) FROM signals WHERE kind = 'status'"
        stored = daemon.number_of(states)
    late = _lateness(asked, interval)
    return [
        Figure("CPU of the daemon", 100 * cpu / (ended - begun), "% of a core", goal=25),
        Figure("CPU for one look", 1e3 * cpu / len(asked), "ms"),
        Figure("looks a second", len(asked) / (ended - begun)),
        Figure("request after its time, median", 1e3 * percentile(late, 50), "ms"),
        Figure("request after its time, 99th percentile", 1e3 * percentile(late, 99), "ms"),
        Figure("request after its time, longest", 1e3 * max(late), "ms", goal=250),
        Figure("resident memory", resident, "MB"),
        Figure("statuses stored", stored),
    ]


def _lateness(asked: Asked, interval: int) -> Sequence[float]:
    """Seconds from the moment at which a probe was due to its request.

    The grids of all probes begin together; that beginning is found as the one by which none is
    early, so that what even the fastest takes to connect is not counted.
    """
    begun = [at - phase(name.removeprefix("/")) * interval for name, at in asked]
    offsets = [(one - begun[0] + interval / 2) % interval for one in begun]
    return [offset - min(offsets) for offset in offsets]


def _config(port: int, probes: int, interval: int) -> dict[str, Any]:
    return {
        "probes": [
            {
                "name": f"shop-{number}",
                "type": "http",
                "url": f"http://127.0.0.1:{port}/shop-{number}",
                "interval": f"{interval}s",
            }
            for number in range(probes)
        ]
    }


_RULES: dict[str, Any] = {
    "rules": [
        {
            "alert": "Down",
            "on": "status",
            "where": {"status": "down"},
            "by": ["component"],
            "for": "1m",
        },
        {
            "alert": "Slow",
            "on": "metric",
            "where": {"name": "http.latency"},
            "type": "threshold",
            "above": 2,
            "over": "5m",
            "by": ["component"],
        },
    ]
}


if __name__ == "__main__":
    main()
