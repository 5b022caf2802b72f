"""The trailing window: what the last rounds counted and measured, kept in memory between them."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from sentinel.config.schema_snapshots import Count
from sentinel.model.signal import AnySignal, Metric, Span, Status
from sentinel.model.snapshot import DataCount, ErrorCounts, Latency, SeenGroup
from sentinel.store.components import name_of
from sentinel.store.rounds import GroupInfo

_MOST_SERIES = 1_000
_MOST_COUNTS = 500
"""Whose tenants and components come from outside; a snapshot is to stay small."""
_COUNTED_WITHIN = 7 * 86_400.0
_MOST_SAMPLES = 200
_TOP, _YOUNG = 5, 10
_YOUNG_FOR = 86_400.0
_SECONDS_OF = {"s": 1.0, "ms": 0.001, "us": 1e-6}
_DURATIONS = frozenset(("latency", "duration", "time"))
_WORD = re.compile(r"[._]")


class _Round(Struct, frozen=True):
    """The errors that came in `seconds`, by group."""

    end: float
    seconds: float
    errors: Mapping[int, int]


class _Sample(Struct, frozen=True):
    received: float
    seconds: float


class Window:
    """`length` is in seconds and may be exchanged by a reload."""

    def __init__(self, length: float) -> None:
        self.length = length
        self._rounds: deque[_Round] = deque()
        self._series: dict[str, deque[_Sample]] = {}
        self._releases: dict[str, dict[str, float]] = {}

    def count(self, errors: Mapping[int, int], end: float, seconds: float) -> None:
        """The errors of a round that ended at a time, of which so many seconds were watched."""
        self._rounds.append(_Round(end, seconds, errors))

    def measure(self, signals: Iterable[AnySignal]) -> None:
        """Oldest first. Of one series only the last 200 measurements are kept."""
        for signal in signals:
            if signal.release:
                self.release(signal.project, signal.release, signal.received)
            for name, seconds in _measurements(signal):
                series = self._series.get(name)
                if series is None:
                    if len(self._series) >= _MOST_SERIES:
                        continue
                    series = self._series[name] = deque(maxlen=_MOST_SAMPLES)
                series.append(_Sample(signal.received, seconds))

    def release(self, project: str, release: str, at: float) -> None:
        self._releases.setdefault(project, {})[release] = at

    def advance(self, now: float) -> None:
        """Forget what is older than the window."""
        begin = now - self.length
        while self._rounds and self._rounds[0].end <= begin:
            self._rounds.popleft()
        for name, series in list(self._series.items()):
            while series and series[0].received <= begin:
                series.popleft()
            if not series:
                del self._series[name]
        for project, seen in list(self._releases.items()):
            self._releases[project] = {one: at for one, at in seen.items() if at > begin}

    def groups(self) -> Counter[int]:
        """How often each group was met."""
        total: Counter[int] = Counter()
        for one in self._rounds:
            total.update(one.errors)
        return total

    def errors(self, groups: Iterable[GroupInfo]) -> ErrorCounts:
        """Of these groups alone."""
        met, by_severity = self.groups(), Counter[str]()
        for group in groups:
            by_severity[group.severity or "medium"] += met[group.id]
        return ErrorCounts(
            seconds=sum(one.seconds for one in self._rounds),
            total=by_severity.total(),
            by_severity=dict(by_severity),  # type: ignore[arg-type]
        )

    def latencies(self) -> tuple[Latency, ...]:
        """By name. What a component measures of itself goes before how long the look at it took."""
        measured = {name.rpartition(" ")[0] for name in self._series if name.endswith("latency")}
        return tuple(
            _percentiles(name, [one.seconds for one in series])
            for name, series in sorted(self._series.items())
            if name not in measured
        )

    def releases(self, before: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Those seen of each project; where none was, those of the snapshot before."""
        seen = {project: tuple(sorted(own)) for project, own in self._releases.items() if own}
        return {**before, **seen}


def shown_groups(
    groups: Sequence[GroupInfo], met: Mapping[int, int], now: float
) -> tuple[SeenGroup, ...]:
    """The five most frequent ones, and of those that are younger than a day the ten most
    frequent."""
    ranked = sorted(groups, key=lambda one: (-met[one.id], one.id))
    young = [one for one in ranked if one.first_seen > now - _YOUNG_FOR][:_YOUNG]
    shown = {one.id: one for one in [*ranked[:_TOP], *young]}
    return tuple(
        SeenGroup(
            id=one.id,
            project=one.project,
            title=one.title,
            code=one.code,
            severity=one.severity,
            count=met[one.id],
            first_seen=one.first_seen,
        )
        for one in shown.values()
    )


def counts_of(
    signals: Iterable[AnySignal],
    wanted: Mapping[str, Count],
    before: Iterable[DataCount],
    now: float,
) -> tuple[DataCount, ...]:
    """The latest values; of what was not counted in this round those of before, for a week."""
    found = {
        one.subject: one for one in before if one.name in wanted and one.at > now - _COUNTED_WITHIN
    }
    by_metric: dict[str, list[tuple[str, Count]]] = {}
    for name, one in wanted.items():
        by_metric.setdefault(one.metric, []).append((name, one))
    for signal in signals:
        if isinstance(signal, Metric):
            for name, one in by_metric.get(signal.name, ()):
                if one.component in (None, signal.component):
                    about = _about(signal, named=one.component is not None)
                    counted = DataCount(
                        name=name, about=about, value=signal.value, at=signal.received
                    )
                    if counted.subject in found or len(found) < _MOST_COUNTS:
                        found[counted.subject] = counted
    return tuple(found[subject] for subject in sorted(found))


def _about(metric: Metric, *, named: bool) -> str:
    component = None if named else metric.component
    return ", ".join(filter(None, (component, metric.tenant, metric.environment)))


def _measurements(signal: AnySignal) -> Iterator[tuple[str, float]]:
    if isinstance(signal, Status):
        if signal.latency is not None:
            yield name_of(signal), signal.latency
    elif isinstance(signal, Span):
        yield f"{signal.service or signal.project} {signal.op or signal.name}", signal.duration
    elif isinstance(signal, Metric):
        unit = _SECONDS_OF.get(signal.unit or "")
        if unit is not None and _DURATIONS.intersection(_WORD.split(signal.name)):
            owner = signal.component or signal.service or signal.project
            yield f"{owner} {signal.name}", signal.value * unit


def _percentiles(name: str, values: list[float]) -> Latency:
    values.sort()
    last = len(values) - 1
    p50, p95, p99 = (_rounded(values[round(last * share)]) for share in (0.5, 0.95, 0.99))
    return Latency(name=name, count=len(values), p50=p50, p95=p95, p99=p99)


def _rounded(seconds: float) -> float:
    """To three digits: a snapshot is kept long, and nobody reads more."""
    return float(f"{seconds:.3g}")
