"""Runs the benchmarks, all or those that are named, each in a process of its own.

    .venv/bin/python -m benchmarks [NAME ...]

What each measures and what it found: benchmarks/README.md.
"""

import argparse
import subprocess
import sys

# A million errors take some minutes: `python -m benchmarks.memory` sends them all.
_BENCHMARKS = {
    "ingest": [],
    "page_latency": [],
    "clients": [],
    "status_page": [],
    "probes": [],
    "memory": ["--errors", "200000"],
    "engine": [],
    "groups": [],
    "virtual_time": ["--hours", "12"],
    "scrub_and_group": [],
    "backtest": [],
    "snapshots": [],
    "causes": [],
    "client_overhead": [],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_BENCHMARKS))
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in _BENCHMARKS]:
        parser.error(f"found {', '.join(unknown)}, expected some of {', '.join(_BENCHMARKS)}")
    for name in names or _BENCHMARKS:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *_BENCHMARKS[name]]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
