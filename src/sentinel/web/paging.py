"""The mark at which a list of error groups goes on: when its last group was seen, and its number.
Two groups can have been seen at the same moment."""

import re

from sentinel.model.group import Group

_MARK = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)_([0-9]{1,18})")


def mark_of(group: Group) -> str:
    return f"{group.last_seen!r}_{group.id}"


def position(mark: str) -> tuple[float, int] | None:
    """None where it is no mark of ours."""
    found = _MARK.fullmatch(mark)
    return (float(found[1]), int(found[2])) if found else None
