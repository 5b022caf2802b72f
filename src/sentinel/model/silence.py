"""Silences: alerts that a person does not want to hear of for a while."""

from typing import Literal

from msgspec import Struct

SilenceState = Literal["active", "pending", "expired"]


class Silence(Struct, frozen=True, kw_only=True):
    """Holds from `starts` until `ends` (seconds since 1970 UTC) for alerts whose labels meet all
    matchers, which are texts such as `service="api"`. One that was ended early ends then."""

    id: int
    matchers: tuple[str, ...]
    starts: float
    ends: float
    author: str
    comment: str = ""
    created: float = 0.0
    ended_by: str | None = None

    def state_at(self, now: float) -> SilenceState:
        if self.ends <= now:
            return "expired"
        return "active" if self.starts <= now else "pending"
