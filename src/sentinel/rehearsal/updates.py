"""Holds what is expected to be published to clients against what was."""

from sentinel.config.model_tests import ExpectConfig, ExpectedUpdate
from sentinel.model.broadcast import Update
from sentinel.rehearsal.history import History
from sentinel.rehearsal.words import clock


def updates_instead(
    expect: ExpectConfig, expected: ExpectedUpdate, history: History
) -> tuple[str, float] | None:
    """None where it is as expected; else what was found, and at what second of the test."""
    own = [
        one
        for _, one in sorted(history.updates.items())
        if history.broadcasts[one.broadcast].rule == expected.broadcast
    ]
    meant = [one for one in own if expected.phase in (None, one.phase)]
    such = [
        one
        for one in meant
        if one.published is not None
        and expect.start <= history.since_start(one.published) <= expect.end
    ]
    if bool(such) == expected.goes_out:
        return None
    if such:
        return _told(such[0], history), history.since_start(such[0].published or 0.0)
    if own:
        states = "; ".join(_told(one, history) for one in meant or own)
        return f"no such update at that time, but {states}", expect.end
    return f"nothing began {expected.broadcast}", expect.end


def _told(update: Update, history: History) -> str:
    if update.published is not None:
        return f"{update.phase} went out at {clock(history.since_start(update.published))}"
    if update.publish_at is not None:
        at = clock(history.since_start(update.publish_at))
        return f"{update.phase} is held until {at}"
    if update.state == "draft":
        return f"{update.phase} is a draft"
    return f"{update.phase} did not go out: {update.reason}"
