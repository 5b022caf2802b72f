"""What fixed incidents, and incidents of the past that are like another one.

Times are seconds since 1970 UTC.
"""

from typing import Literal

from msgspec import Struct


class Resolution(Struct, frozen=True, kw_only=True):
    """What fixed an incident: what a person said, or the action that helped."""

    incident: int
    text: str
    kind: Literal["person", "action"] = "person"
    author: str
    at: float


class Tried(Struct, frozen=True, kw_only=True):
    """What fixed several similar incidents: how often it `held`, and how often what it fixed
    `came_back`; of the rest it is too early to say."""

    text: str
    times: int
    held: int
    came_back: int

    @property
    def how_often(self) -> str:
        """Such as `it held 2 of 3 times`."""
        which = (
            f"each of {self.times}" if self.held == self.times else f"{self.held} of {self.times}"
        )
        early = self.times - self.held - self.came_back
        said = f"it held {which} times"
        return f"{said}; of {early} it is too early to say" if early else said


class Similar(Struct, frozen=True, kw_only=True):
    """An incident that is over, and how alike it is: `score` grows with `same`, which says in what.

    `recurs` marks one with the same root. `code` is its root's, `codes` are those of all of its
    alerts, `cause` is what a correlation found. `held` says whether it stayed away for a week; None
    while it is too early to say.
    """

    incident: int
    title: str
    code: str | None = None
    codes: tuple[str, ...] = ()
    cause: str = ""
    opened: float
    resolved: float
    score: float
    same: tuple[str, ...] = ()
    recurs: bool = False
    fix: Resolution | None = None
    held: bool | None = None
