"""Who is on call and who hears: now, week by week, and in a case that has not come yet."""

from sentinel.on_call.roster import (
    Duty,
    Ladder,
    Reached,
    Roster,
    Rung,
    duties_of,
    roster_of,
)

__all__ = ["Duty", "Ladder", "Reached", "Roster", "Rung", "duties_of", "roster_of"]
