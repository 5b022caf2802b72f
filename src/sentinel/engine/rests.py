"""Whether a person hears something now or later: do-not-disturb, quiet hours, digests."""

from msgspec import Struct

from sentinel.engine.quiet import digest_at, quiet_until
from sentinel.engine.state import State
from sentinel.model.alert import AlertSeverity
from sentinel.model.delivery import Reason

# What only this person can answer, and what is no news any more by then, is no matter of a digest.
_NOT_DIGESTED: tuple[Reason, ...] = ("assigned", "ack_expiring", "acknowledged", "veto")


class Wait(Struct, frozen=True):
    until: float
    reason: str
    text: str


def wait_of(
    state: State, person: str | None, reason: Reason, severity: AlertSeverity, *, kept: bool
) -> Wait | None:
    """None where it is told now. `kept` says that it has waited for its digest already."""
    if person is None or reason == "assigned":
        return None
    disturbed = state.dnd.get(person)
    if disturbed is not None and severity != "critical" and disturbed.until > state.now:
        return Wait(disturbed.until, "do_not_disturb", f"{person} does not want to be disturbed")
    quiet = state.book.quiet.get(person)
    until = quiet_until(quiet, state.now, severity) if quiet else None
    if until is not None:
        return Wait(until, "quiet_hours", f"{person} has quiet hours")
    digest = state.book.digests.get(person)
    if digest is None or kept or reason in _NOT_DIGESTED:
        return None
    until = digest_at(digest, state.now, severity)
    text = f"{person} hears of what is {severity} in a digest"
    return None if until is None else Wait(until, "digest", text)
