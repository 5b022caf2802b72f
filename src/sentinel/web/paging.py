"""The mark at which a list in the order of time goes on: the time of its last item, and that item's
number, since two can be of the same moment."""

import re

from sentinel.model.group import Group

_MARK = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)_([0-9]{1,18})")


def mark_of(group: Group) -> str:
    return place_of(group.last_seen, group.id)


def place_of(at: float, number: int) -> str:
    return f"{at!r}_{number}"


def position(mark: str) -> tuple[float, int] | None:
    """None where it is no mark of ours."""
    found = _MARK.fullmatch(mark)
    return (float(found[1]), int(found[2])) if found else None
