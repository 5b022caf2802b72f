"""Whom an incident has reached, over all the error groups behind it."""

from collections.abc import Mapping

from msgspec import Struct, field


class Reach(Struct, frozen=True, kw_only=True):
    """Who met one of its errors since it began: a user who met three of them counts once.

    `events` counts by the number of the error group. `began` is in seconds since 1970 UTC.
    """

    began: float
    tenants: int = 0
    users: int = 0
    events: Mapping[int, int] = field(default_factory=dict)
