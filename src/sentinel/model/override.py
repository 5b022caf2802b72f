"""Overrides: people who are on call in place of those whose turn it is."""

from typing import Literal

from msgspec import Struct

OverrideState = Literal["active", "pending", "over"]


class Override(Struct, frozen=True, kw_only=True):
    """These people, and nobody else, are on call in a schedule from `starts` until `ends` (seconds
    since 1970 UTC). One that was taken back at `ended` holds until then, or never."""

    id: int
    schedule: str
    people: tuple[str, ...]
    starts: float
    ends: float
    author: str
    reason: str = ""
    created: float = 0.0
    ended: float | None = None
    ended_by: str | None = None

    @property
    def until(self) -> float:
        """Before `starts` where it never held."""
        return self.ends if self.ended is None else min(self.ends, self.ended)

    def state_at(self, now: float) -> OverrideState:
        if self.ended is not None or self.ends <= now:
            return "over"
        return "active" if self.starts <= now else "pending"

    def meets(self, other: "Override") -> bool:
        """Whether both want to hold in one schedule at one time."""
        return (
            self.schedule == other.schedule
            and self.starts < other.until
            and other.starts < self.until
        )
