"""Components as people look at them, from what the store knows and the configuration says."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from sentinel.config.model import ComponentConfig, MaintenanceConfig
from sentinel.config.schema_health import SLO
from sentinel.health.graph import blamed, needed_by
from sentinel.health.objective import Budget, budget
from sentinel.health.planned import Announced, Window, apart
from sentinel.health.spans import buckets, combined, tally
from sentinel.model.signal import State
from sentinel.model.snapshot import ActiveAlert, ComponentState, Overall
from sentinel.model.uptime import RANK, Seconds, Span
from sentinel.snapshots.judging import overall_of
from sentinel.store import alerts, components, uptime
from sentinel.store.components import Heard

DAY = 86_400.0
WINDOWS: tuple[tuple[str, float], ...] = (
    ("24h", DAY),
    ("7d", 7 * DAY),
    ("30d", 30 * DAY),
    ("90d", 90 * DAY),
)
DAYS = 90
_FORGOTTEN_AFTER = 7 * DAY
_IMPLICIT = "Components"


class Uptime(Struct, frozen=True, kw_only=True):
    """`share` is the part of the known time in which it was not down, from 0 to 1; None where
    nothing is known."""

    window: str
    share: float | None
    seconds: Seconds


class SourceState(Struct, frozen=True, kw_only=True):
    """What one probe or sender said last. `heard` is when, `latency` in seconds."""

    probe: str
    tenant: str | None
    environment: str | None
    state: State
    since: float
    heard: float
    message: str
    latency: float | None


class ComponentHealth(Struct, frozen=True, kw_only=True):
    """`since` is None where it was never heard of. `because` are the components that it may be in
    trouble because of. `days` are 90 days in UTC, the last one today."""

    name: str
    title: str
    group: str
    state: State
    since: float | None
    message: str
    depends_on: tuple[str, ...]
    needed_by: tuple[str, ...]
    because: tuple[str, ...]
    uptime: list[Uptime]
    budget: Budget
    days: list[Seconds]
    sources: list[SourceState]


class Health(Struct, frozen=True, kw_only=True):
    at: float
    overall: Overall
    components: list[ComponentHealth]


class _Known(Struct, frozen=True):
    """Of one component: the times in its states, those apart in which it was down as announced, and
    its latest state."""

    spans: list[Span]
    planned: list[Span]
    state: State
    since: float | None
    sources: list[Heard]


def overview(
    conn: sqlite3.Connection,
    configured: Mapping[str, ComponentConfig],
    now: float,
    maintenance: Iterable[MaintenanceConfig] = (),
) -> Health:
    """All components: those of the configuration in its order, then others that were heard of
    within a week, by name."""
    heard = {
        name: list(same)
        for name, same in groupby(
            components.sources(conn), key=lambda one: components.name_of(one.status)
        )
    }
    since = now - (DAYS + 1) * DAY
    spans = uptime.spans(conn, since, now)
    announced = Announced(maintenance, since, now)
    recent = [
        name
        for name, sources in heard.items()
        if name not in configured
        and max(one.status.received for one in sources) > now - _FORGOTTEN_AFTER
    ]
    known = {
        name: _known(spans.get(name, []), heard.get(name, []), announced.of(name), now)
        for name in dict.fromkeys((*configured, *_needed(configured), *recent))
    }
    found = _told(known, configured, now)
    return Health(at=now, overall=_overall(conn, found), components=found)


def component(
    conn: sqlite3.Connection,
    configured: Mapping[str, ComponentConfig],
    name: str,
    now: float,
    maintenance: Iterable[MaintenanceConfig] = (),
) -> ComponentHealth | None:
    """One of them; None where there is none of that name."""
    found = overview(conn, configured, now, maintenance).components
    return next((one for one in found if one.name == name), None)


def needs_of(found: Iterable[ComponentHealth]) -> dict[str, tuple[str, ...]]:
    return {one.name: one.depends_on for one in found}


def _needed(configured: Mapping[str, ComponentConfig]) -> Iterable[str]:
    return (name for one in configured.values() for name in one.depends_on)


def _known(
    spans: Sequence[list[Span]], sources: list[Heard], windows: Sequence[Window], now: float
) -> _Known:
    whole = combined(spans)
    kept, planned = apart(whole, windows)
    holding = _holding(sources, now)
    if not holding:
        return _Known(kept, planned, "unknown", whole[-1].ended if whole else None, sources)
    state = max((one.status.status for one in holding), key=lambda state: RANK[state])
    if whole and whole[-1].state == state and whole[-1].ended >= now:
        return _Known(kept, planned, state, whole[-1].began, sources)
    # It turned at this very moment, which is no time yet.
    since = min(one.since for one in holding if one.status.status == state)
    return _Known(kept, planned, state, since, sources)


def _holding(sources: Iterable[Heard], now: float) -> list[Heard]:
    """Those that have not fallen silent."""
    return [one for one in sources if one.until >= now]


def _told(
    known: Mapping[str, _Known], configured: Mapping[str, ComponentConfig], now: float
) -> list[ComponentHealth]:
    needs = {name: one.depends_on for name, one in configured.items()}
    needing = needed_by(needs)
    troubled = {name for name, one in known.items() if one.state in ("degraded", "down")}
    return [
        _health(
            configured.get(name) or _implicit(name),
            one,
            needing.get(name, ()),
            blamed(name, needs, troubled),
            now,
        )
        for name, one in known.items()
    ]


def _health(
    config: ComponentConfig,
    known: _Known,
    needing: tuple[str, ...],
    because: tuple[str, ...],
    now: float,
) -> ComponentHealth:
    measured = {
        name: tally(known.spans, now - length, now, known.planned) for name, length in WINDOWS
    }
    midnight = now - now % DAY
    return ComponentHealth(
        name=config.name,
        title=config.title,
        group=config.group,
        state=known.state,
        since=known.since,
        message=_message(known, now),
        depends_on=config.depends_on,
        needed_by=needing,
        because=because,
        uptime=[
            Uptime(window=name, share=seconds.share, seconds=seconds)
            for name, seconds in measured.items()
        ],
        budget=budget(config.slo, measured["30d"], measured["24h"]),
        days=list(buckets(known.spans, midnight - (DAYS - 1) * DAY, now, DAY, known.planned)),
        sources=[_source(one, now) for one in known.sources],
    )


def _implicit(name: str) -> ComponentConfig:
    return ComponentConfig(name=name, title=name, group=_IMPLICIT, depends_on=(), slo=SLO)


def _message(known: _Known, now: float) -> str:
    """What the source says that its state comes from."""
    holding = _holding(known.sources, now)
    if not holding:
        return "nothing is heard of it" if known.since is not None else "nothing was heard of it"
    worst = max(holding, key=lambda one: (RANK[one.status.status], one.status.received))
    return worst.status.message


def _source(one: Heard, now: float) -> SourceState:
    silent = one.until < now
    return SourceState(
        probe=one.source,
        tenant=one.status.tenant,
        environment=one.status.environment,
        state="unknown" if silent else one.status.status,
        since=one.until if silent else one.since,
        heard=one.status.received,
        message=one.status.message,
        latency=one.status.latency,
    )


def _overall(conn: sqlite3.Connection, found: Iterable[ComponentHealth]) -> Overall:
    active = [
        ActiveAlert(id=one.id, rule=one.rule, severity=one.severity)
        for one in alerts.unresolved(conn)
        if one.active
    ]
    return overall_of([ComponentState(name=one.name, state=one.state) for one in found], active)
