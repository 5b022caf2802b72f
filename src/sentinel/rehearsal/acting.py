"""Holds what is expected of rules' actions against those that were asked for."""

from sentinel.config.model_tests import ExpectConfig, ExpectedAction
from sentinel.rehearsal.history import History
from sentinel.rehearsal.words import clock


def actions_instead(
    expect: ExpectConfig, expected: ExpectedAction, history: History
) -> tuple[str, float] | None:
    """None where it is as expected; else what was found, and at what second of the test."""
    runs = [
        (one.rule, history.since_start(one.at))
        for one in history.actions
        if one.action == expected.action
    ]
    such = [(rule, at) for rule, at in runs if expect.start <= at <= expect.end]
    if bool(such) == expected.runs:
        return None
    if such:
        rule, at = such[0]
        return f"{rule} had it run at {clock(at)}", at
    if runs:
        rule, at = runs[0]
        return f"no run at that time, but {rule} had it run at {clock(at)}", expect.end
    return "no rule had it run", expect.end
