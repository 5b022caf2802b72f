"""The side of a backtest that needs no rules: what the daemon did and wrote down."""

import sqlite3

from sentinel.backtest.tally import Tally
from sentinel.store import replay


def recorded(conn: sqlite3.Connection, start: float, since: float, until: float) -> Tally:
    """What is written down from `start` to `until`, counted from `since` on."""
    tally = Tally(since)
    alerts, roots = replay.standing(conn, start)
    for alert in alerts:
        tally.know_alert(alert.id, alert.rule, alert.key, alert.incident)
        if alert.fired is not None and alert.fired < start:
            tally.know_firing(alert.id)
    for incident, root in roots:
        tally.know_alert(root.id, root.rule, root.key, incident)
        tally.know_root(incident, root.id)
    # Nothing is forgotten on the way: a page is written down with its commit, and that may be
    # after the time at which its incident was over.
    for event, about in replay.events(conn, start, until):
        if about is not None:
            tally.know_alert(about.id, about.rule, about.key, about.incident)
        tally.take(event)
    return tally
