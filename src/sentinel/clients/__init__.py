"""Clients: who is told how things stand, where, and by whose wish."""

from sentinel.clients.subscribing import lost

__all__ = ["lost"]
