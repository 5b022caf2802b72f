"""The means of equal stretches of time, the latest so many of them."""

from struct import pack, unpack

from msgspec import Struct

_EMPTY = pack("<f", float("nan"))


class Means(Struct, frozen=True, array_like=True):
    """`packed` are little-endian floats of 4 bytes, oldest first, not a number for an empty
    stretch; the last is that of the stretch before `index`, which still runs.

    A float of 4 bytes is exact to 7 digits, in half the room.
    """

    index: int
    total: float = 0.0
    count: int = 0
    packed: bytes = b""

    def added(self, index: int, value: float, most: int) -> "Means":
        """With a value of the stretch `index`, which is not before the one that runs."""
        if index == self.index:
            return Means(index, self.total + value, self.count + 1, self.packed)
        mean = pack("<f", self.total / self.count) if self.count else _EMPTY
        gap = _EMPTY * min(index - self.index - 1, most)
        return Means(index, value, 1, (self.packed + mean + gap)[-4 * most :])

    def closed(self) -> tuple[float, ...]:
        return unpack(f"<{len(self.packed) // 4}f", self.packed)
