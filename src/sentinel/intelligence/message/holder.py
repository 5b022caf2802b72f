"""Who has an incident, in the words of a message."""

from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import clock_time
from sentinel.model.delivery import Delivery

_NAME = 24
"""The longest name in a subject line."""


def mark_of(facts: PageFacts) -> str:
    """What a subject begins with."""
    return f"{one_line(facts.page.incident.acknowledged_by or 'Somebody', _NAME)} has it: "


def taken(facts: PageFacts, delivery: Delivery, what: str) -> str:
    """For those who need do nothing any more. `what` is the sentence on what is broken."""
    incident = facts.page.incident
    # The message may be on its way for a while.
    if incident.state == "resolved":
        return f"It is over. {what}"
    if incident.state == "open":
        return f"Somebody had it, and nobody has it any more. {what}"
    by = incident.acknowledged_by or "Somebody"
    return f"{by} has it{_until(facts, delivery)}: nobody else is called. {what}"


def given(facts: PageFacts, delivery: Delivery, what: str) -> str:
    """For whoever got it from somebody else."""
    incident = facts.page.incident
    if incident.state != "acknowledged" or incident.acknowledged_by != delivery.person:
        return taken(facts, delivery, what)
    by = incident.assigned_by or "Somebody"
    return (
        f"{by} gave it to you. You have it{_until(facts, delivery)}: nobody else is called. {what}"
    )


def _until(facts: PageFacts, delivery: Delivery) -> str:
    ends = facts.page.incident.ack_until
    return "" if ends is None else f" until {clock_time(ends, delivery.created, facts.zone)}"
