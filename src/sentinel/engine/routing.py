"""The route tree: who hears about an incident, as the engine runs it."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from sentinel.engine.intervals import Interval
from sentinel.engine.matchers import Matchers, all_hold
from sentinel.engine.schedules import Schedule, on_call
from sentinel.engine.stand_ins import StandIns, overlaid
from sentinel.model.delivery import Recipient

BY_INCIDENT = ("incident",)


class OnCall(Struct, frozen=True):
    """Whoever is on call when the step runs. `reach` says over what each person is reached."""

    schedule: Schedule
    reach: Mapping[str, tuple[Recipient, ...]]


class Step(Struct, frozen=True):
    """`after` is in seconds, counted from the step before."""

    after: float
    recipients: tuple[Recipient | OnCall, ...]

    def reached(self, at: float, stand_ins: StandIns) -> tuple[Recipient, ...]:
        """Each recipient once."""
        found: dict[Recipient, None] = {}
        for one in self.recipients:
            if isinstance(one, Recipient):
                found[one] = None
                continue
            for person in on_call(overlaid(one.schedule, stand_ins), at):
                found |= dict.fromkeys(one.reach.get(person, ()))
        return tuple(found)


class Escalation(Struct, frozen=True):
    """The steps run once and then `repeat` times more. `ack_timeout` in seconds; None: an
    acknowledgement holds until the incident is over."""

    name: str
    steps: tuple[Step, ...]
    repeat: int = 0
    ack_timeout: float | None = None


class Route(Struct, frozen=True, kw_only=True):
    """Times in seconds; `repeat` None: no reminders.

    `group_by` names labels, or `incident`: each incident is told of by itself. While one of the
    `muted` intervals covers the moment, or none of the `active` ones (where there are any),
    nothing is told.
    """

    name: str
    matchers: Matchers = ()
    escalation: Escalation | None = None
    group_by: tuple[str, ...] = BY_INCIDENT
    group_wait: float = 0.0
    group_interval: float = 300.0
    repeat: float | None = None
    goes_on: bool = False
    muted: tuple[Interval, ...] = ()
    active: tuple[Interval, ...] = ()
    routes: tuple["Route", ...] = ()


def takers(root: Route | None, labels: Mapping[str, str]) -> Iterator[Route]:
    """The routes that take an alert: the deepest that match; the first sibling, and the next
    ones too while `continue` says so."""
    if root is None or not all_hold(root.matchers, labels):
        return
    taken = False
    for child in root.routes:
        found = list(takers(child, labels))
        yield from found
        taken = taken or bool(found)
        if found and not child.goes_on:
            return
    if not taken:
        yield root
