"""Holds what is expected of deliveries against those that there were."""

from collections.abc import Sequence

from sentinel.config.model_tests import ExpectConfig, ExpectedDelivery
from sentinel.model.delivery import DeliveryIntent
from sentinel.rehearsal.history import History
from sentinel.rehearsal.words import message_of

_MOST_TOLD = 3


def deliveries_instead(
    expect: ExpectConfig, expected: ExpectedDelivery, history: History
) -> tuple[str, float] | None:
    """None where they are as expected; else what was found, and at what second of the test."""
    meant = [one for one in history.deliveries if _is_meant(one, expected)]
    such = [one for one in meant if expect.start <= history.since_start(one.at) <= expect.end]
    if such if expected.times is None else len(such) == expected.times:
        return None
    if not such:
        return _none_such(meant, expected, history), expect.end
    number = "1 such message" if len(such) == 1 else f"{len(such)} such messages"
    # The first one too many, or the last one where there are too few.
    first_wrong = such[min(expected.times or 0, len(such) - 1)]
    found = f"{number}: {_told(such, history)}"
    return found, history.since_start(first_wrong.at)


def _is_meant(delivery: DeliveryIntent, expected: ExpectedDelivery) -> bool:
    to = delivery.recipient
    return (
        to.person == expected.person
        and to.channel in expected.channels
        and expected.reason in (None, delivery.reason)
    )


def _none_such(
    meant: Sequence[DeliveryIntent], expected: ExpectedDelivery, history: History
) -> str:
    """Names the messages that come closest to what was expected."""
    if meant:
        return f"no such message at that time, but {_told(meant, history)}"
    whom = expected.person or next(iter(expected.channels))
    same = [
        one for one in history.deliveries if whom == (one.recipient.person or one.recipient.channel)
    ]
    if same:
        return f"no such message, but {_told(same, history)}"
    if history.deliveries:
        return f"no such message, only {_told(history.deliveries, history)}"
    return "no such message: nobody was told anything while the test ran"


def _told(deliveries: Sequence[DeliveryIntent], history: History) -> str:
    texts = [message_of(history, one) for one in deliveries[:_MOST_TOLD]]
    more = len(deliveries) - _MOST_TOLD
    return "; ".join((*texts, *([f"and {more} more"] if more > 0 else ())))
