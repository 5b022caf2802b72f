"""Several messages that wait for one address become one. Pure.

Only what already waits is put together, so that no page is late for it: what has waited so long
that its channel must have been away, and what was made to wait for others.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sentinel.model.alert import SEVERITY_RANK, Incident
from sentinel.model.delivery import Delivery, DeliveryIntent, Reason, Recipient
from sentinel.store.merging import Waiting
from sentinel.store.withdrawal import GOES_ON, is_over

# What one message may tell of in the place of others, the most urgent first.
_TOLD: tuple[Reason, ...] = (*GOES_ON, "folded", "resolved")


class Merge(Struct, frozen=True):
    """One message in the place of the deliveries of these numbers."""

    ids: tuple[int, ...]
    intent: DeliveryIntent


def may_merge(delivery: Delivery) -> bool:
    """Whether it tells of incidents to people who run the system."""
    return (
        delivery.reason in _TOLD and delivery.incident is not None and delivery.subscription is None
    )


def over(found: Sequence[Waiting], known: Mapping[int, Incident], *, ends: bool) -> tuple[int, ...]:
    """Of what waits, what nobody needs as all of it is over. One that took the place of others may
    have to tell of the end of some, if its channel tells of `ends` at all."""
    return tuple(
        one.delivery.id
        for one in found
        if is_over(one.delivery, known) and not (one.is_whole and ends)
    )


def merged(
    found: Sequence[Waiting],
    known: Mapping[int, Incident],
    now: float,
    stale_after: float,
    *,
    works: bool,
) -> Merge | None:
    """`known` are the incidents that are stored. `works` says that the channel does: while it is
    only being tried, what is on its way over another channel is left to that."""
    # What turns into the end of several takes their own ends along.
    ended = {
        number for one in found if is_over(one.delivery, known) for number in one.delivery.incidents
    }
    stale = [
        one.delivery
        for one in found
        if may_merge(one.delivery)
        and (
            one.bundled
            or one.delivery.waiting_since <= now - stale_after
            or is_over(one.delivery, known)
            or (one.delivery.reason == "resolved" and one.delivery.incidents <= ended)
        )
        and (works or not one.is_diverted)
    ]
    if len(stale) < 2 and not any(is_over(one, known) for one in stale):
        return None
    first = stale[0]
    incidents = sorted({number for one in stale for number in one.incidents})
    open_ones = {n for n in incidents if n not in known or known[n].state != "resolved"}
    ranks = {number: SEVERITY_RANK[_severity(number, stale, known)] for number in incidents}
    lead, *others = sorted(incidents, key=lambda n: (n not in open_ones, -ranks[n], n))
    intent = DeliveryIntent(
        recipient=Recipient(first.channel, first.address, first.person),
        reason=_reason(stale, open_ones),
        incident=lead,
        severity=_severity(lead, stale, known),
        at=now,
        also=tuple(others),
    )
    return Merge(tuple(one.id for one in stale), intent)


def _severity(number: int, stale: Sequence[Delivery], known: Mapping[int, Incident]) -> str:
    """That of the incident; of one that is not stored, that of the first delivery about it."""
    if number in known:
        return known[number].severity
    return next(one.severity for one in stale if number in one.incidents)


def _reason(stale: Sequence[Delivery], open_ones: set[int]) -> Reason:
    """The most urgent of what is still true: nothing that is over fires any more."""
    told: set[Reason] = {one.reason for one in stale if open_ones & one.incidents}
    told -= {"resolved"}
    return next((reason for reason in _TOLD if reason in told), "resolved")
