"""Actions: what a rule asks for, how far that has come, and the record of every run."""

from typing import Literal

from msgspec import Struct

RunState = Literal["pending", "running", "succeeded", "failed", "refused", "unknown"]
Outcome = Literal["succeeded", "failed", "refused", "unknown"]


class Attempt(Struct, frozen=True, kw_only=True):
    """How far the remedy of an alert's rule has come: it waits until `due`, it was asked for and
    should have reported by then, or its effect is looked at then. `up` is the latest that was
    heard, since it ran, of the component that proves the effect; `looking` says that its probe was
    asked to look, and should have answered by `due`. Seconds since 1970 UTC."""

    state: Literal["waiting", "running", "verifying"]
    due: float
    up: bool | None = None
    looking: bool = False


class ActionIntent(Struct, frozen=True, kw_only=True):
    """What the engine wants done for an alert, once in the alert's life. With `dry` it is only to
    be said what would be done."""

    action: str
    rule: str
    alert: int
    incident: int | None
    at: float
    dry: bool = False


class ActionRun(Struct, frozen=True, kw_only=True):
    """One run of an action, or one that was asked for and refused. `actor` is a user's name, or
    `rule NAME`. `text` is what came of it. A run that was under way when the daemon died ends as
    `unknown`: it is not known how far it came, and it is not begun again."""

    id: int
    action: str
    actor: str
    state: RunState = "pending"
    dry: bool = False
    rule: str | None = None
    alert: int | None = None
    incident: int | None = None
    asked: float
    began: float | None = None
    ended: float | None = None
    text: str = ""

    @property
    def over(self) -> bool:
        return self.state not in ("pending", "running")

    @property
    def duration(self) -> float | None:
        """In seconds; None for one that has not begun or not ended."""
        return None if self.began is None or self.ended is None else self.ended - self.began
