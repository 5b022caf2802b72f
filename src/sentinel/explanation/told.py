"""Who was told of an incident, and by which of the decisions."""

from collections.abc import Sequence

from msgspec import Struct

from sentinel.explanation.wording import who
from sentinel.model.decision import Decision
from sentinel.model.delivery import Delivery


class Told(Struct, frozen=True):
    """`because` is the reason of the decision that wanted the message: `step_2`,
    `repeat_interval`, …; empty where that decision is older than what is kept."""

    delivery: Delivery
    to: str
    because: str


def told(deliveries: Sequence[Delivery], made: Sequence[Decision]) -> list[Told]:
    return [Told(one, who(one), _because(one, made)) for one in deliveries]


def _because(delivery: Delivery, made: Sequence[Decision]) -> str:
    if delivery.fallback_of is not None:
        return "fallback"
    # The decision's sentence names the message; its time is the engine's, which may be earlier.
    text = f"{delivery.reason} to {delivery.person or delivery.channel} by {delivery.channel}"
    meant = [
        one
        for one in made
        if one.verb == "delivery_enqueued" and one.text == text and one.at <= delivery.created
    ]
    return meant[-1].reason if meant else ""
