"""Why a person hears of something later, and who does not want to be disturbed."""

from typing import Literal

from msgspec import Struct

Rest = Literal["quiet_hours", "digest", "do_not_disturb"]
REST_ENDS: dict[Rest, str] = {
    "quiet_hours": "quiet_hours_over",
    "digest": "digest_due",
    "do_not_disturb": "do_not_disturb_over",
}
"""The stable word for that what waited is told now."""


class DoNotDisturb(Struct, frozen=True, kw_only=True):
    """Until then only what is critical reaches the person. `by` is who asked for it. Times are
    seconds since 1970 UTC."""

    person: str
    since: float
    until: float
    by: str
