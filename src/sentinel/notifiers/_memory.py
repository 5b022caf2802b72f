"""What a channel remembers of its latest messages."""

from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """By reference; the oldest makes room. A restart forgets it all, so nothing may depend on it
    that must not fail."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._values: dict[str, V] = {}

    def put(self, key: str, value: V) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        while len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def get(self, key: str) -> V | None:
        return self._values.get(key)

    def take(self, key: str) -> V | None:
        """As `get`, and forget it."""
        return self._values.pop(key, None)
