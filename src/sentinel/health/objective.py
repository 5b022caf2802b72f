"""Service level objectives and their error budgets.

The budget is the time that a component may be down within 30 days; burning it at the rate 1 uses
it up in just that time (Site Reliability Workbook, chapters 2 and 5).
"""

from msgspec import Struct

from sentinel.model.uptime import Seconds

PERIOD = 30 * 86_400.0


class Budget(Struct, frozen=True, kw_only=True):
    """`slo` in percent; `allowed` and `used` in seconds of being down within 30 days. `left` is the
    part that is left, below 0 where more was used than there was. `burn` is how many times faster
    than allowed it was used within 24 hours, None where nothing is known of them."""

    slo: float
    allowed: float
    used: float
    left: float
    burn: float | None


def budget(slo: float, period: Seconds, day: Seconds) -> Budget:
    """From what the last 30 days and the last 24 hours were. `slo` is in percent, below 100."""
    missed = 1 - slo / 100
    allowed = PERIOD * missed
    return Budget(
        slo=slo,
        allowed=allowed,
        used=period.down,
        left=1 - period.down / allowed,
        burn=day.down / day.known / missed if day.known else None,
    )
