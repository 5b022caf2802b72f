"""Several messages that wait for one address become one. Pure.

Only what already waits is put together, so that no page is late for it: what has waited so long
that its channel must have been away, and what was made to wait for others.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sentinel.model.alert import SEVERITY_RANK, Incident
from sentinel.model.delivery import Delivery, DeliveryIntent, Reason, Recipient
from sentinel.store.merging import Waiting

# What one message may tell of in the place of others, the most urgent first.
_TOLD: tuple[Reason, ...] = (
    "firing",
    "assigned",
    "cause_found",
    "remedy_failed",
    "reminder",
    "acknowledged",
    "ack_expiring",
    "resolved",
)


class Merge(Struct, frozen=True):
    """One message in the place of the deliveries of these numbers."""

    ids: tuple[int, ...]
    intent: DeliveryIntent


def may_merge(delivery: Delivery) -> bool:
    """Whether it tells of incidents to people who run the system."""
    return (
        delivery.reason in _TOLD and delivery.incident is not None and delivery.subscription is None
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
    stale = [
        one.delivery
        for one in found
        if may_merge(one.delivery)
        and (one.bundled or one.delivery.created <= now - stale_after)
        and (works or not one.is_diverted)
    ]
    if len(stale) < 2:
        return None
    first = stale[0]
    incidents = list(dict.fromkeys(n for one in stale for n in (one.incident, *one.also) if n))
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
    return next(one.severity for one in stale if number in (one.incident, *one.also))


def _reason(stale: Sequence[Delivery], open_ones: set[int]) -> Reason:
    """The most urgent of what is still true: nothing that is over fires any more."""
    told: set[Reason] = {
        one.reason for one in stale if open_ones & {one.incident, *one.also} - {None}
    }
    told -= {"resolved"}
    return next((reason for reason in _TOLD if reason in told), "resolved")
