"""The time that it takes to rank the causes of an incident: what every page and message waits for.

.venv/bin/python -m benchmarks.causes [--past 10000] [--rounds 200]

The codes, titles and errors are those of the shipped catalog; each incident has a root, one or two
effects, and a deploy before it, and every third one a sentence on what fixed it.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from benchmarks.figures import Figure, percentile, show
from sentinel.causes import CauseFinder
from sentinel.data import shipped
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.model.alert import Alert, Incident
from sentinel.model.resolution import Resolution
from sentinel.model.signal import AnySignal, Change, State, Status
from sentinel.rankers.evidence import EvidenceRanker
from sentinel.store import alerts, past, resolutions, signals
from sentinel.store.connection import connect, transaction
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate

_DAY, _HOUR = 86_400.0, 3_600.0
_NOW = 1_800_000_000.0
_SPREAD = 730 * _DAY
_COMPONENTS, _TENANTS, _OPEN = 50, 200, 20
_GOAL = 50.0
_FIXES = ("Rotated the token", "Rolled back the deploy of", "Restarted", "Added memory to")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--past", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    catalog, _ = load_catalog([shipped("catalog")])
    assert catalog is not None
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        conn = connect(Path(folder))
        migrate(conn)
        _fill(conn, catalog, options.past, Random(1))
        took = _rank(conn, catalog, options.rounds)
        conn.close()
    show(
        f"{options.past:,} past incidents, {_OPEN} open ones, {_COMPONENTS} components:",
        [
            Figure("probable causes of an incident, median", percentile(took, 50), "ms"),
            Figure("99th percentile", percentile(took, 99), "ms", goal=_GOAL),
            Figure("longest", max(took), "ms"),
        ],
    )


def _fill(conn: sqlite3.Connection, catalog: Catalog, count: int, random: Random) -> None:
    roots = sorted(code for code, entry in catalog.entries.items() if entry.causes)
    for first in range(0, count, 500):
        with transaction(conn):
            for number in range(first, min(first + 500, count)):
                opened = _NOW - _SPREAD + _SPREAD * number / count - _DAY
                incident = _put(conn, catalog, number + 1, random.choice(roots), opened, random)
                if number % 3 == 0:
                    text = f"{random.choice(_FIXES)} service-{random.randrange(_COMPONENTS)}"
                    fix = Resolution(incident=incident.id, text=text, author="alice", at=opened)
                    resolutions.put(conn, fix)
                past.remember(conn, incident)
    with transaction(conn):
        for number in range(_OPEN):
            code = roots[number % len(roots)]
            _put(conn, catalog, count + 1 + number, code, _NOW - number, random, lasts=True)
        for number in range(_COMPONENTS):
            state: State = "down" if number < 5 else "up"
            _keep(
                conn,
                Status(component=f"service-{number}", status=state, received=_NOW, at=_NOW),
            )


def _put(
    conn: sqlite3.Connection,
    catalog: Catalog,
    number: int,
    code: str,
    opened: float,
    random: Random,
    *,
    lasts: bool = False,
) -> Incident:
    effects = catalog.direct_effects(code)[: random.randint(1, 2)]
    tenant = f"tenant-{random.randrange(_TENANTS)}"
    service = f"service-{random.randrange(_COMPONENTS)}"
    resolved = None if lasts else opened + random.uniform(60, _HOUR)
    incident = Incident(
        id=number,
        state="open" if lasts else "resolved",
        severity="critical",
        title=f"{catalog.entries[code].title} for {tenant}",
        root=number * 10,
        rule="CriticalError",
        size=1 + len(effects),
        code=code,
        tenant=tenant,
        opened=opened,
        resolved=resolved,
    )
    alerts.save_incidents(conn, [incident])
    alerts.save(
        conn,
        [
            _alert(incident, number * 10 + place, one, service, cascade=code if place else None)
            for place, one in enumerate((code, *effects))
        ],
    )
    _keep(
        conn,
        Change(
            kind="deploy",
            service=service,
            release=f"1.{number}",
            received=opened - 200,
            at=opened - 200,
        ),
    )
    return incident


def _alert(incident: Incident, number: int, code: str, service: str, cascade: str | None) -> Alert:
    return Alert(
        id=number,
        rule=incident.rule,
        key={"code": code},
        state="firing" if incident.resolved is None else "resolved",
        severity="critical",
        labels={"environment": "production"},
        started=incident.opened,
        resolved=incident.resolved,
        last=incident.opened,
        code=code,
        tenant=incident.tenant,
        incident=incident.id,
        cascade=cascade,
        about={"service": service},
    )


def _keep(conn: sqlite3.Connection, signal: AnySignal) -> None:
    keep(conn, Draft(signal, signals.pack(signal)))


def _rank(conn: sqlite3.Connection, catalog: Catalog, rounds: int) -> Sequence[float]:
    needs = {f"service-{number}": (f"service-{number // 5}",) for number in range(5, _COMPONENTS)}
    finder = CauseFinder(catalog, [EvidenceRanker], needs)
    lasting = alerts.unresolved_incidents(conn)
    took = []
    for number in range(rounds):
        incident = lasting[number % len(lasting)]
        began = time.perf_counter()
        found = finder.findings(conn, incident, _NOW + 60)
        took.append((time.perf_counter() - began) * 1000)
        assert found.candidates
        assert found.similar
    return took


if __name__ == "__main__":
    main()
