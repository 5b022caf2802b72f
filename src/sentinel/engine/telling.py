"""Messages of one paging: one to each recipient, now or after their quiet hours."""

from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.engine.rests import Wait, wait_of
from sentinel.engine.state import State
from sentinel.model.alert import SEVERITY_RANK, AlertSeverity
from sentinel.model.delivery import DeliveryIntent, Reason, Recipient
from sentinel.model.paging import Held, Paging
from sentinel.model.rest import REST_ENDS, Rest

# Who got one of these hears more of the incident later, and of its end.
_CALLS: tuple[Reason, ...] = ("firing", "assigned")
# No news any more in the morning.
_NOT_KEPT: tuple[Reason, ...] = ("reminder", "acknowledged")
_WAITED_FOR: dict[Rest, str] = {
    "quiet_hours": "the end of quiet hours",
    "digest": "a digest",
    "do_not_disturb": "the end of do-not-disturb",
}


def tell(
    state: State,
    paging: Paging,
    recipients: Sequence[Recipient],
    reason: Reason,
    why: str,
    incidents: Sequence[int],
    severity: AlertSeverity | None = None,
    *,
    kept: bool = False,
) -> Paging:
    """One message to each for all of the incidents; to whom it is quiet now, later. `severity` is
    needed where the incidents may be over. What was `kept` may be told with other such messages, as
    may several that fold at once. What somebody else gave to a person does not wait: nobody else is
    called meanwhile."""
    if not incidents:
        return paging
    severity = severity or severest(state, incidents)
    lead, *others = sorted(incidents, key=lambda number: (-_rank_of(state, number), number))
    for recipient in recipients:
        if reason == "firing" and _hears_it_now(state, paging, recipient, incidents):
            text = f"another route tells {recipient.person or recipient.channel} of it just now"
            for number in incidents:
                state.decide("not_delivered", "same_message", text, incident=number)
            continue
        only = state.book.only.get(recipient.channel)
        if only is not None and reason not in only:
            text = f"the channel {recipient.channel} is not used for {reason}"
            for number in incidents:
                state.decide("not_delivered", "not_by_channel", text, incident=number)
            continue
        wait = wait_of(state, recipient.person, reason, severity, kept=kept)
        if wait is not None:
            held = Held(wait.until, recipient, reason, tuple(incidents), severity, wait.reason)
            paging = _hold(state, paging, held, wait)
            continue
        if reason in _CALLS:
            own = [number for number in incidents if number in paging.incidents]
            paging = replace(
                paging,
                told=tuple(dict.fromkeys((*paging.told, recipient))),
                heard=tuple(dict.fromkeys((*paging.heard, *own))),
            )
        state.effects.deliveries.append(
            DeliveryIntent(
                recipient=recipient,
                reason=reason,
                incident=lead,
                severity=severity,
                at=state.now,
                also=tuple(others),
                bundled=kept or reason == "folded",
            )
        )
        text = f"{reason} to {recipient.person or recipient.channel} by {recipient.channel}"
        for number in incidents:
            state.decide("delivery_enqueued", why, text, incident=number)
    return paging


def tell_ends(state: State, paging: Paging) -> Paging:
    if not paging.over or not is_due(state, paging.over_at):
        return paging
    over, severity = paging.over, paging.over_severity
    paging = replace(paging, over=(), over_at=None, over_severity="info")
    return tell(state, paging, paging.told, "resolved", "recovered", over, severity)


def tell_held(state: State, paging: Paging) -> Paging:
    """Messages whose recipients' quiet hours are over, or whose digest is due. What has been
    acknowledged meanwhile is no longer among them."""
    due = [one for one in paging.held if one.until <= state.now]
    paging = replace(paging, held=tuple(one for one in paging.held if one.until > state.now))
    for one in due:
        to, why = [one.recipient], REST_ENDS[one.rest]
        paging = tell(state, paging, to, one.reason, why, one.incidents, one.severity, kept=True)
    return paging


def _hears_it_now(
    state: State, paging: Paging, recipient: Recipient, incidents: Sequence[int]
) -> bool:
    """Whether another route has told the same recipient of all of this at this very moment."""
    return all(
        any(
            other.route != paging.route
            and other.flushed == state.now
            and number in other.heard
            and recipient in other.told
            for other in (state.pagings[key] for key in state.pagings_of.get(number, ()))
        )
        for number in incidents
    )


def severest(state: State, incidents: Sequence[int]) -> AlertSeverity:
    found = [state.incidents[n].severity for n in incidents if n in state.incidents]
    return max(found, key=lambda one: SEVERITY_RANK[one], default="info")


def worse(one: AlertSeverity, other: AlertSeverity) -> AlertSeverity:
    return max(one, other, key=lambda severity: SEVERITY_RANK[severity])


def _rank_of(state: State, incident: int) -> int:
    known = state.incidents.get(incident)
    return -1 if known is None else SEVERITY_RANK[known.severity]


def _hold(state: State, paging: Paging, held: Held, wait: Wait) -> Paging:
    """Some are not kept for later, and the same is kept once."""
    text = f"{wait.text}: {held.reason} by {held.recipient.channel} waits"
    if held.reason in _NOT_KEPT:
        text = f"{wait.text}: {held.reason} is left out"
    for number in held.incidents:
        state.decide("not_delivered", wait.reason, text, incident=number)
    if held.reason in _NOT_KEPT:
        return paging
    return keep(paging, held)


def keep(paging: Paging, held: Held) -> Paging:
    same = [
        one for one in paging.held if (one.recipient, one.reason) == (held.recipient, held.reason)
    ]
    # What waits for a digest must not keep what waits for the end of a night, nor make it less.
    for one in same:
        first = min(one, held, key=lambda waiting: waiting.until)
        held = replace(
            held,
            until=first.until,
            rest=first.rest,
            incidents=tuple(dict.fromkeys((*one.incidents, *held.incidents))),
            severity=worse(one.severity, held.severity),
        )
    others = tuple(one for one in paging.held if one not in same)
    return replace(paging, held=(*others, held))


def drop_held(state: State, paging: Paging, incident: int, reason: str) -> Paging:
    """What was kept for the end of quiet hours is not wanted any more."""
    kept = []
    for one in paging.held:
        if incident not in one.incidents or one.reason == "resolved":
            kept.append(one)
            continue
        text = f"{one.reason} to {one.recipient.person} had waited for {_WAITED_FOR[one.rest]}"
        state.decide("not_delivered", reason, text, incident=incident)
        if rest := less(one.incidents, incident):
            kept.append(replace(one, incidents=rest))
    return replace(paging, held=tuple(kept))


def folded_held(state: State, paging: Paging, incident: int, into: int) -> Paging:
    """Who is to hear of an incident after quiet hours hears of that in which it goes on, unless
    somebody has that one."""
    if state.incidents[into].state != "open":
        return drop_held(state, paging, incident, "folded")
    held = (replace(one, incidents=renamed(one.incidents, incident, into)) for one in paging.held)
    return replace(paging, held=tuple(held))


def called(paging: Paging) -> tuple[Recipient, ...]:
    """Who was called so far, those included who are to hear of it after their quiet hours."""
    waiting = (one.recipient for one in paging.held if one.reason == "firing")
    return tuple(dict.fromkeys((*paging.told, *waiting)))


def is_due(state: State, time: float | None) -> bool:
    return time is not None and time <= state.now


def renamed(numbers: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(new if number == old else number for number in numbers))


def less(numbers: tuple[int, ...], gone: int) -> tuple[int, ...]:
    return tuple(number for number in numbers if number != gone)
