"""How long a component was in which state."""

from msgspec import Struct

from sentinel.model.signal import State

RANK: dict[State, int] = {"unknown": 0, "up": 1, "degraded": 2, "down": 3}
"""Which of two states counts where both hold: unknown alone, where nothing better is known."""


class Span(Struct, frozen=True):
    """An unbroken time in one state. Seconds since 1970 UTC."""

    began: float
    ended: float
    state: State


class Seconds(Struct, frozen=True, kw_only=True):
    """How a time divides into states. They add up to its length. `planned` is what it was down
    within announced maintenance, and counts neither as up nor as down."""

    up: float = 0.0
    degraded: float = 0.0
    down: float = 0.0
    unknown: float = 0.0
    planned: float = 0.0

    @property
    def known(self) -> float:
        return self.up + self.degraded + self.down

    @property
    def told(self) -> float:
        """Of which something is known, planned work included."""
        return self.known + self.planned

    @property
    def partial(self) -> float | None:
        """The seconds of which something is known, where that is less than nine tenths of the time
        and a share would promise more than it says."""
        return self.told if self.known and self.told < 9 * self.unknown else None

    @property
    def share(self) -> float | None:
        """The part of the known time in which it worked, well or not; None where none is known."""
        return (self.up + self.degraded) / self.known if self.known else None
