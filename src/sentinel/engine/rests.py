"""Whether a person hears something now or later: do-not-disturb, quiet hours, digests."""

from collections.abc import Mapping

from msgspec import Struct

from sentinel.engine.book import Book
from sentinel.engine.quiet import digest_at, quiet_until
from sentinel.engine.state import State
from sentinel.model.alert import AlertSeverity
from sentinel.model.delivery import Reason
from sentinel.model.rest import DoNotDisturb, Rest

# What only this person can answer, and what is no news any more by then, is no matter of a digest.
_NOT_DIGESTED: tuple[Reason, ...] = ("assigned", "ack_expiring", "acknowledged", "veto")


class Wait(Struct, frozen=True):
    until: float
    reason: Rest
    text: str


def wait_of(
    state: State, person: str | None, reason: Reason, severity: AlertSeverity, *, kept: bool
) -> Wait | None:
    """None where it is told now. `kept` says that it has waited for its digest already."""
    if person is None or reason == "assigned":
        return None
    digested = not kept and reason not in _NOT_DIGESTED
    return rest_of(state.book, state.dnd, person, severity, state.now, digested=digested)


def rest_of(
    book: Book,
    dnd: Mapping[str, DoNotDisturb],
    person: str,
    severity: AlertSeverity,
    at: float,
    *,
    digested: bool = True,
) -> Wait | None:
    """What keeps a person from hearing of something at this time. None: nothing does."""
    disturbed = dnd.get(person)
    if disturbed is not None and severity != "critical" and disturbed.until > at:
        return Wait(disturbed.until, "do_not_disturb", f"{person} does not want to be disturbed")
    quiet = book.quiet.get(person)
    until = quiet_until(quiet, at, severity) if quiet else None
    if until is not None:
        return Wait(until, "quiet_hours", f"{person} has quiet hours")
    digest = book.digests.get(person)
    if digest is None or not digested:
        return None
    until = digest_at(digest, at, severity)
    text = f"{person} hears of what is {severity} in a digest"
    return None if until is None else Wait(until, "digest", text)
