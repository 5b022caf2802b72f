"""What one error costs: envelopes of 13.7 KB with two chained exceptions (18 frames), compressed
as the SDK does, over 4 connections, against 100 rules.

    .venv/bin/python -m benchmarks.ingest

CPU is that of the whole daemon, from the request to the commit, by event.
"""

import argparse
from random import Random

import msgspec

from benchmarks import events, load, rules
from benchmarks.daemon import Daemon, folder
from benchmarks.figures import Figure, percentile, show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=15_000)
    parser.add_argument("--groups", type=int, default=400)
    parser.add_argument("--rules", type=int, default=100)
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    size = len(msgspec.json.encode(events.event(0, Random(0))))
    title = f"{options.events} events of {size} bytes in {options.groups} groups, "
    title += f"{options.rules} rules, {options.connections} connections"
    show(title, measure(options))


def measure(options: argparse.Namespace) -> list[Figure]:
    book = rules.book(options.rules)
    with folder() as path, Daemon(path, config=rules.CONFIG, rules=book) as daemon:
        order = load.Order(
            port=daemon.port,
            key=daemon.key(),
            requests=options.groups * 5,
            groups=options.groups,
            connections=options.connections,
        )
        warm = load.send(order)
        before = daemon.cpu()
        order.requests, order.seed = options.events, 1
        sent = load.send(order)
        spent = daemon.cpu() - before
        stored = daemon.number_of("SELECT count(*) FROM signals WHERE kind = 'error'")
        return [
            Figure("CPU an event", spent / sent.accepted * 1e3, "ms", goal=1.0),
            Figure("events a second", sent.accepted / sent.seconds),
            Figure("answer, median", percentile(sent.latencies, 50) * 1e3, "ms"),
            Figure("answer, 99th percentile", percentile(sent.latencies, 99) * 1e3, "ms"),
            Figure("lost after 2xx", warm.accepted + sent.accepted - stored, goal=0),
            Figure("refused", warm.refused + sent.refused, goal=0),
            Figure("groups", daemon.number_of("SELECT count(*) FROM groups")),
            Figure("matches an event", daemon.number_of("SELECT count(*) FROM matches") / stored),
        ]


if __name__ == "__main__":
    main()
