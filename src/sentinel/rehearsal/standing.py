"""Holds what is expected of alerts and incidents against what stands at one moment."""

from collections.abc import Sequence

from sentinel.config.model_tests import ExpectedAlert, ExpectedIncidents
from sentinel.engine.book import Book
from sentinel.model.alert import Alert, Incident
from sentinel.rehearsal.history import History
from sentinel.rehearsal.words import name_of, standing_of, standing_of_incident

_MOST_TOLD = 3


def alert_instead(expected: ExpectedAlert, history: History, book: Book) -> str | None:
    """None where it is as expected; else what was found."""
    found = list(history.latest(expected.alert, expected.labels))
    if expected.state == "absent":
        there = [alert for alert in found if alert.state != "resolved"]
        return _told([standing_of(history, alert) for alert in there]) if there else None
    if any(_is(alert, expected.state) for alert in found):
        return None
    if found:
        return _told([standing_of(history, alert) for alert in found])
    name = name_of(expected.alert, expected.labels)
    others = [standing_of(history, alert) for alert in history.latest(expected.alert, {})]
    if others:
        return f"no alert {name}, but {_told(others)}"
    return f"no alert {name}: {_signals(expected.alert, history, book)}"


def incidents_instead(expected: ExpectedIncidents, history: History) -> str | None:
    """None where they are as expected; else what was found."""
    # The newest first: it is the one that is most likely meant.
    newest = sorted(history.incidents.values(), key=lambda one: -one.id)
    such = [one for one in newest if _meets(one, expected)]
    if such if expected.times is None else len(such) == expected.times:
        return None
    if such:
        # More or fewer than there must be.
        number = "1 such incident" if len(such) == 1 else f"{len(such)} such incidents"
        return f"{number}: {_told([standing_of_incident(history, one) for one in such])}"
    if not newest:
        return "no incident"
    others = [standing_of_incident(history, one) for one in newest]
    return f"no such incident, but {_told(others)}"


def _is(alert: Alert, state: str) -> bool:
    """One that was only ever pending has not been resolved."""
    return alert.state == state and (state != "resolved" or alert.fired is not None)


def _meets(incident: Incident, expected: ExpectedIncidents) -> bool:
    pairs = (
        (expected.root, incident.rule),
        (expected.state, incident.state),
        (expected.severity, incident.severity),
        (expected.size, incident.size),
    )
    return all(wanted is None or wanted == found for wanted, found in pairs)


def _signals(rule: str, history: History, book: Book) -> str:
    kind = book.rules.by_name[rule].kind
    came, met = history.came[kind], history.met[rule]
    if not came:
        return f"no {kind} has come"
    signals = f"the one {kind} that came" if came == 1 else f"the {came} of kind {kind} that came"
    return f"{met or 'none'} of {signals} met its conditions"


def _told(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_TOLD
    return "; ".join((*texts[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else ())))
