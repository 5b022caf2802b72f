"""Sends what the store says is to be sent: claim, send, retry, fall back, keep the receipt."""

from sentinel.outbox.channel import Channel, Health
from sentinel.outbox.metrics import Metrics
from sentinel.outbox.outbox import Outbox
from sentinel.outbox.policy import Policy

__all__ = ["Channel", "Health", "Metrics", "Outbox", "Policy"]
