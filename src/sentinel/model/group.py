"""Error groups: errors with one fingerprint."""

from typing import Literal

from msgspec import Struct

from sentinel.model.signal import Level, Severity

OWN_PROJECT = "sentinel"
"""Of probes, and of the daemon's own observations."""
GroupStatus = Literal["open", "resolved", "regressed", "ignored"]


class Group(Struct, frozen=True, kw_only=True):
    """One error group as it stands in the store.

    `count` is the number of events, `users` and `tenants` the number of distinct ones among
    them. `sample` is the id of the latest event. Times are seconds since 1970 UTC.
    """

    id: int
    project: str
    fingerprint: str
    title: str
    culprit: str = ""
    code: str | None = None
    type: str | None = None
    level: Level = "error"
    severity: Severity | None = None
    category: str | None = None
    status: GroupStatus = "open"
    first_seen: float
    last_seen: float
    count: int = 1
    users: int = 0
    tenants: int = 0
    first_release: str | None = None
    last_release: str | None = None
    sample: str = ""
