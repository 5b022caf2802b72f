"""Snapshots as tests need them."""

from typing import Any

from sentinel.config.schema_snapshots import Count, Snapshots
from sentinel.model.snapshot import ComponentState, DataCount, ErrorCounts, Latency, Snapshot

NOW = 1_800_000_000.0
TERMS = Snapshots(counts={"companies": Count(metric="db.companies")})


def picture(**values: Any) -> Snapshot:
    return Snapshot(**{"at": NOW, "overall": "healthy", **values})


def errors(total: int, seconds: float = 600.0, critical: int = 0) -> ErrorCounts:
    return ErrorCounts(seconds=seconds, total=total, by_severity={"critical": critical})


def latency(p50: float, p95: float = 0.0, count: int = 100, name: str = "shop") -> Latency:
    return Latency(name=name, count=count, p50=p50, p95=p95 or p50 * 1.5, p99=(p95 or p50) * 2)


def component(state: Any, name: str = "shop", **values: Any) -> ComponentState:
    return ComponentState(name=name, state=state, **values)


def companies(value: float, about: str = "") -> DataCount:
    return DataCount(name="companies", about=about, value=value)
