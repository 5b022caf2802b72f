"""What Sentinel counts about itself, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

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

    def committed(self, written: Written) -> None:
        for signal in written.signals:
            self._signals.labels(KIND_OF[type(signal)]).inc()
        for match in written.effects.matches:
            self._matches.labels(match.outcome).inc()
        for decision in written.effects.decisions:
            self._decisions.labels(decision.verb, decision.reason).inc()

    def request(self, receiver: str, outcome: str) -> None:
        self._requests.labels(receiver, outcome).inc()

    def reloaded(self, outcome: str) -> None:
        self._reloads.labels(outcome).inc()

    def lagged(self, seconds: float) -> None:
        self._loop_lag.observe(seconds)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        return Counter(f"sentinel_{name}", text, labels, registry=self.registry)
