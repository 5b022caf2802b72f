"""What Sentinel counts about itself, for Prometheus."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sentinel.isolation import Faulted, Guard
from sentinel.model.action import ActionRun, Outcome
from sentinel.model.signal import KIND_OF
from sentinel.outbox import Metrics as OutboxMetrics
from sentinel.pipeline import Written


class Metrics:
    """One registry of our own, so that two daemons in one process (in tests) do not clash."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.outbox = OutboxMetrics(self.registry)
        self._signals = self._counter("signals", "Signals stored, by kind.", ["kind"])
        self._matches = self._counter(
            "matches", "Signals that met a rule, by how they were accounted for.", ["outcome"]
        )
        self._decisions = self._counter(
            "decisions", "What the engine did or did not do, by reason.", ["verb", "reason"]
        )
        self._requests = self._counter(
            "intake_requests", "Requests to receivers, by outcome.", ["receiver", "outcome"]
        )
        self._faults = self._counter(
            "plugin_faults", "Calls of plugins that failed, by how.", ["plugin", "how"]
        )
        self._runs = self._counter(
            "action_runs", "Runs of actions, dry ones aside, by outcome.", ["action", "outcome"]
        )
        self._reloads = self._counter("reloads", "Configurations tried, by outcome.", ["outcome"])
        self._loop_lag = Histogram(
            "sentinel_event_loop_lag_seconds",
            "How late the event loop runs: above all, plugins that block it.",
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
            registry=self.registry,
        )

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A number that is read when somebody asks for it."""
        Gauge(f"sentinel_{name}", text, registry=self.registry).set_function(read)

    def watch_each(
        self,
        name: str,
        text: str,
        labels: Sequence[str],
        read: Callable[[], Iterable[tuple[Sequence[str], float]]],
    ) -> None:
        """The same for as many as there are then, each with the values of its labels."""
        self.registry.register(_Each(f"sentinel_{name}", text, labels, read))

    def committed(self, written: Written) -> None:
        effects = written.effects
        _add(self._signals, ((KIND_OF[type(signal)],) for signal in written.signals))
        _add(self._matches, ((match.outcome,) for match in effects.matches))
        _add(self._decisions, ((made.verb, made.reason) for made in effects.decisions))

    def request(self, receiver: str, outcome: str) -> None:
        self._requests.labels(receiver, outcome).inc()

    def ran(self, run: ActionRun, outcome: Outcome) -> None:
        if not run.dry:
            self._runs.labels(run.action, outcome).inc()

    def reloaded(self, outcome: str) -> None:
        self._reloads.labels(outcome).inc()

    def faulted(self, _: Guard, fault: Faulted) -> None:
        self._faults.labels(fault.plugin, fault.how).inc()

    def lagged(self, seconds: float) -> None:
        self._loop_lag.observe(seconds)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        return Counter(f"sentinel_{name}", text, labels, registry=self.registry)


class _Each(Collector):
    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str],
        read: Callable[[], Iterable[tuple[Sequence[str], float]]],
    ) -> None:
        self._name, self._text, self._labels, self._read = name, text, labels, read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
        for values, number in self._read():
            family.add_metric(values, number)
        yield family


def _add(counter: Counter, labels: Iterable[tuple[str, ...]]) -> None:
    """Finding a counter by its labels costs more than to count, so that is done once a batch."""
    for values, number in Tally(labels).items():
        counter.labels(*values).inc(number)
