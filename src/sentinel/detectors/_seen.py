"""When each of many values was last seen: digests of texts to times, the oldest time first."""

from itertools import islice

Seen = dict[int, float]


def touched(seen: Seen, value: int, now: float) -> Seen:
    """With `value` as the latest. Costs a copy of the whole, so that the one given stays."""
    after = seen.copy()
    after.pop(value, None)
    after[value] = now
    return after


def within(seen: Seen, span: float, now: float) -> Seen:
    """Those that were seen within `span`; what was seen at t counts in [t, t + span)."""
    if not seen or oldest(seen) + span > now:
        return seen
    return {value: time for value, time in seen.items() if time + span > now}


def bounded(seen: Seen, most: int) -> Seen:
    """The `most` latest of them."""
    over = len(seen) - most
    return seen if over <= 0 else dict(islice(seen.items(), over, None))


def oldest(seen: Seen) -> float:
    return next(iter(seen.values()))
