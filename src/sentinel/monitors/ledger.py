"""What check-ins, the configuration and the passing of time do to the monitors that are stored.

Everything here runs within the transaction that also keeps the signals, so a run is told to be
missed exactly if that is what is stored of it, and once.
"""

import sqlite3
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from sentinel.model.group import OWN_PROJECT
from sentinel.model.monitor import Monitor, Run, RunStatus
from sentinel.model.signal import Checkin
from sentinel.monitors import turn
from sentinel.monitors.sentry_config import monitor_of
from sentinel.monitors.turn import Turn
from sentinel.store import monitors as store
from sentinel.store.monitors import Kept

_MOST_AT_ONCE = 200
_FOUND: dict[RunStatus, Literal["missed", "timeout", "overlap"]] = {
    "missed": "missed",
    "timeout": "timeout",
    "running": "overlap",
}


def overdue(conn: sqlite3.Connection, now: float) -> list[Checkin]:
    """What nobody sent: a check-in for each run that was missed or takes too long by now."""
    told: list[Checkin] = []
    for kept in store.overdue(conn, now, _MOST_AT_ONCE):
        told += _settle(conn, kept, now)[1]
    return told


def before(conn: sqlite3.Connection, checkin: Checkin) -> list[Checkin]:
    """What was overdue on its monitor when this check-in came."""
    kept = _find(conn, checkin)
    return [] if kept is None else _settle(conn, kept, checkin.received)[1]


def take(conn: sqlite3.Connection, checkin: Checkin) -> list[Checkin]:
    """A check-in that was stored just now, after what `before` told; and what follows from it."""
    kept = _find(conn, checkin) or _made(conn, checkin)
    if kept is None:
        return []
    kept = _told_anew(kept, checkin)
    one = Turn(kept.monitor, kept.watch, checkin.received)
    one.check_in(checkin)
    _save(conn, kept, one)
    return [_checkin(kept, run, checkin.received) for run in one.told]


def configure(conn: sqlite3.Connection, given: Sequence[Monitor], now: float) -> None:
    """The monitors of the configuration from now on. One that changed is expected anew; one that
    is not there any more keeps its key, should it come back."""
    names = set()
    for monitor in given:
        kept = store.named(conn, monitor)
        if kept is None:
            kept = store.add(conn, "config", monitor, turn.begin(monitor, now), now)
        elif kept.source != "config" or kept.monitor != monitor:
            watch = turn.begin(monitor, now, kept.watch)
            kept = replace(kept, source="config", monitor=monitor, watch=watch)
        store.save(conn, replace(kept, due=turn.due(kept.monitor, kept.watch)))
        names.add(kept.id)
    for kept in store.listing(conn):
        covered = any(_covers(one, kept.monitor) for one in given)
        if kept.id not in names and (kept.source == "config" or covered):
            store.save(conn, replace(kept, source="gone", due=None))
    set_right(conn, now)


def set_right(conn: sqlite3.Connection, now: float) -> None:
    """The clock was set back, or may have been while nothing ran."""
    for kept in store.listing(conn):
        watch = turn.set_right(kept.monitor, kept.watch, now)
        if watch is not kept.watch:
            due = turn.due(kept.monitor, watch)
            store.save(conn, replace(kept, watch=watch, due=due))


def forget(conn: sqlite3.Connection, number: int) -> bool:
    """A job that was given up: nothing is expected of it any more, until it checks in again. False
    for a monitor of the configuration, which is to be taken out of there, and for none."""
    kept = store.get(conn, number)
    if kept is None or kept.source != "check-in":
        return False
    store.save(conn, replace(kept, source="gone", due=None))
    return True


def _covers(given: Monitor, other: Monitor) -> bool:
    return (
        given.name == other.name
        and given.project in ("", other.project)
        and given.environment in ("", other.environment)
    )


def _find(conn: sqlite3.Connection, checkin: Checkin) -> Kept | None:
    return store.find(conn, checkin.monitor, checkin.project, checkin.environment or "")


def _made(conn: sqlite3.Connection, checkin: Checkin) -> Kept | None:
    """A monitor of a name that was not known. None where there are too many already: names come
    from outside."""
    monitor = _described(checkin)
    known = store.named(conn, monitor)
    watch = turn.begin(monitor, checkin.received)
    if known is not None:
        return replace(known, source="check-in", monitor=monitor, watch=watch)
    if store.is_full(conn):
        return None
    return store.add(conn, "check-in", monitor, watch, checkin.received)


def _described(checkin: Checkin) -> Monitor:
    project, environment = checkin.project, checkin.environment or ""
    if not checkin.monitor_config:
        return Monitor(
            name=checkin.monitor, project=project, environment=environment, tenant=checkin.tenant
        )
    return monitor_of(
        checkin.monitor_config,
        name=checkin.monitor,
        project=project,
        environment=environment,
        tenant=checkin.tenant,
    )


def _told_anew(kept: Kept, checkin: Checkin) -> Kept:
    """With what the sender says of its schedule now, if the configuration says nothing."""
    if kept.source == "config" or not checkin.monitor_config:
        return kept
    monitor = _described(checkin)
    if monitor == kept.monitor:
        return kept
    watch = kept.watch
    if monitor.schedule != kept.monitor.schedule:
        watch = turn.begin(monitor, checkin.received, watch)
    return replace(kept, monitor=monitor, watch=watch)


def _settle(conn: sqlite3.Connection, kept: Kept, now: float) -> tuple[Kept, list[Checkin]]:
    if kept.due is None or kept.due > now:
        return kept, []
    one = Turn(kept.monitor, kept.watch, now)
    one.pass_time()
    return _save(conn, kept, one), [_checkin(kept, run, now) for run in one.told]


def _save(conn: sqlite3.Connection, kept: Kept, one: Turn) -> Kept:
    kept = replace(kept, watch=one.watch, due=turn.due(kept.monitor, one.watch))
    store.save(conn, kept)
    if one.runs:
        store.save_runs(conn, kept.id, one.runs.values())
    return kept


def _checkin(kept: Kept, run: Run, now: float) -> Checkin:
    """It says of where the job runs what the job itself said last."""
    monitor, seen = kept.monitor, kept.watch.seen
    return Checkin(
        at=now,
        received=now,
        project=monitor.project or (seen.project if seen else "") or OWN_PROJECT,
        environment=monitor.environment or (seen and seen.environment) or None,
        tenant=monitor.tenant or (seen and seen.tenant) or None,
        monitor=monitor.name,
        status=_FOUND[run.status],
        duration=now - run.started if run.status == "timeout" and run.started else None,
        run=run.key,
        message=run.message,
    )
