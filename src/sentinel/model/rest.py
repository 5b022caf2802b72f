"""A person who does not want to be disturbed."""

from msgspec import Struct


class DoNotDisturb(Struct, frozen=True, kw_only=True):
    """Until then only what is critical reaches the person. `by` is who asked for it. Times are
    seconds since 1970 UTC."""

    person: str
    since: float
    until: float
    by: str
