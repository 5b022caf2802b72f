"""A monitor as people look at it: how it is, its latest runs, and its ping address."""

import sqlite3
from typing import Literal

from msgspec import Struct

from sentinel.intelligence.wording import span
from sentinel.model.monitor import Cron, Every, Run, Schedule
from sentinel.store import monitors as store
from sentinel.store.monitors import Kept, Source

MonitorState = Literal["waiting", "running", "ok", "late", "failed", "missed", "timeout"]
SHOWN_RUNS = 30


class Overview(Struct, frozen=True, kw_only=True):
    """`state` is that of the latest run, `waiting` before the first. `next` is when the next run is
    expected, `due` when something will be overdue. `runs` are the latest ones, oldest first. An
    empty project or environment stands for any."""

    id: int
    name: str
    project: str
    environment: str
    tenant: str | None
    source: Source
    state: MonitorState
    schedule: str
    grace: float
    max_duration: float | None
    fault: str
    seen: float | None
    next: float | None
    due: float | None
    ping_url: str
    runs: list[Run]

    @property
    def last(self) -> Run | None:
        return self.runs[-1] if self.runs else None


def listing(conn: sqlite3.Connection, public_url: str) -> list[Overview]:
    """All monitors, by name."""
    return [_overview(conn, kept, public_url) for kept in store.listing(conn)]


def get(conn: sqlite3.Connection, number: int, public_url: str) -> Overview | None:
    kept = store.get(conn, number)
    return None if kept is None or kept.source == "gone" else _overview(conn, kept, public_url)


def _overview(conn: sqlite3.Connection, kept: Kept, public_url: str) -> Overview:
    monitor, watch = kept.monitor, kept.watch
    runs = store.runs(conn, kept.id, SHOWN_RUNS)
    return Overview(
        id=kept.id,
        name=monitor.name,
        project=monitor.project,
        environment=monitor.environment,
        tenant=monitor.tenant,
        source=kept.source,
        state="running" if watch.open else runs[-1].status if runs else "waiting",
        schedule=schedule_text(monitor.schedule),
        grace=monitor.grace,
        max_duration=monitor.max_duration,
        fault=monitor.fault,
        seen=None if watch.seen is None else watch.seen.at,
        next=watch.next,
        due=kept.due,
        ping_url=f"{public_url}/ping/{kept.key}",
        runs=runs,
    )


def schedule_text(schedule: Schedule | None) -> str:
    """`30 2 * * * (Europe/London)`, `every 1 h`, or nothing."""
    match schedule:
        case Cron(expression=expression, zone=zone):
            return f"{expression} ({zone})"
        case Every(seconds=seconds):
            return f"every {span(seconds)}"
    return ""
