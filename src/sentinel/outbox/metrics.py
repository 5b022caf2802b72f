"""What the outbox counts about itself, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.outcomes = Counter(
            "sentinel_delivery_attempts",
            "Attempts by outcome: sent, retry, failed, superseded; and what was merged before one.",
            ["channel", "outcome"],
            registry=registry,
        )
        self.fallbacks = Counter(
            "sentinel_delivery_fallbacks",
            "Deliveries handed to another channel, by the channel that could not do it.",
            ["channel"],
            registry=registry,
        )
        self.seconds = Histogram(
            "sentinel_delivery_seconds",
            "From the decision to send until the provider had it.",
            ["channel"],
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600),
            registry=registry,
        )
        self.failing = Gauge(
            "sentinel_channel_failing",
            "1 while a channel's sends fail one after the other.",
            ["channel"],
            registry=registry,
        )
