"""One check of the books, in slices: each is one short read of the store."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

from sentinel.books.imbalance import Balance
from sentinel.model.delivery import DeliveryState
from sentinel.store import books
from sentinel.store.books import AlertAccount, Fault, IncidentAccount

Slice = Callable[[sqlite3.Connection], None]
_TABLES: tuple[books.Table, ...] = ("signals", "alerts", "incidents", "deliveries")
_SIGNALS, _RECORDS = 10_000, 500
# What signals came when an alert began is known to no more than a step back of the clock.
_CLOCK_STEP = 120.0
_STUCK_AFTER = 900.0
_STATES: frozenset[DeliveryState] = frozenset(
    ("pending", "sending", "sent", "failed", "superseded")
)


class Audit:
    """Holds what came `since` a time, and whatever is not over, against each other.

    `rules` are the names of those that are configured; None where they are not known. What is
    older than is kept must not be asked for: `since` is to be within all retention times.
    """

    def __init__(self, since: float, now: float, rules: Collection[str] | None = None) -> None:
        self.balance = Balance(since=since, until=now)
        self._rules = rules
        self._kept_since = 0.0
        self._decided_since = 0.0
        self._bounds: dict[books.Table, range] = {}
        self._alerts: set[int] = set()
        self._incidents: set[int] = set()

    def run(self, conn: sqlite3.Connection) -> Balance:
        """All slices at once."""
        for one in self.slices():
            one(conn)
        return self.balance

    def slices(self) -> Iterator[Slice]:
        """To be run one after the other: each may depend on what those before it found."""
        yield self._begin
        for first, last in _ranges(self._bounds["signals"], _SIGNALS):
            yield partial(self._matches, first=first, last=last)
        for numbers in _chunks(self._alerts):
            yield partial(self._check_alerts, numbers=numbers)
        for numbers in _chunks(self._incidents):
            yield partial(self._check_incidents, numbers=numbers)
        for first, last in _ranges(self._bounds["deliveries"], _SIGNALS):
            yield partial(self._deliveries, first=first, last=last)
        yield self._end

    def _begin(self, conn: sqlite3.Connection) -> None:
        for table in _TABLES:
            first = books.first_since(conn, table, self.balance.since)
            self._bounds[table] = range(first, books.last(conn, table) + 1)
        self._alerts.update(self._bounds["alerts"], books.unresolved(conn, "alerts"))
        self._incidents.update(self._bounds["incidents"], books.unresolved(conn, "incidents"))
        oldest = books.oldest_signal(conn)
        # Nothing was removed yet where the very first signal is there.
        if oldest is not None and oldest[0] > 1:
            self._kept_since = oldest[1] + _CLOCK_STEP
        elif oldest is None:
            self._kept_since = self.balance.until
        decided = books.oldest_decision(conn)
        self._decided_since = self.balance.until if decided is None else decided

    def _matches(self, conn: sqlite3.Connection, first: int, last: int) -> None:
        for outcome, reason, number in books.outcomes(conn, first, last):
            self.balance.matches[f"{outcome}: {reason}" if reason else outcome] += number
        for fault in books.faults(conn, first, last):
            self._note_fault(fault)
        self._alerts.update(books.alerts_met(conn, first, last))

    def _note_fault(self, fault: Fault) -> None:
        what = f"signal {fault.signal}, which met the rule {fault.rule},"
        if not fault.signal_kept:
            self.balance.note("match_without_signal", f"{what} is not there")
        if fault.alert is not None and not fault.alert_known:
            text = f"{what} was counted into alert {fault.alert}, which is not there"
            self.balance.note("match_without_alert", text)
        elif fault.alert is None and fault.outcome in ("opened", "merged"):
            self.balance.note("match_without_alert", f"{what} was {fault.outcome} into no alert")
        elif fault.outcome == "suppressed" and not fault.reason:
            self.balance.note("match_without_outcome", f"{what} was suppressed without a reason")
        elif fault.outcome not in ("waiting", "opened", "merged", "suppressed"):
            text = f"{what} has the outcome {fault.outcome!r}, which is none"
            self.balance.note("match_without_outcome", text)

    def _check_alerts(self, conn: sqlite3.Connection, numbers: Sequence[int]) -> None:
        for account in books.alert_accounts(conn, numbers):
            self._check_alert(account)

    def _check_alert(self, account: AlertAccount) -> None:
        alert, note = account.alert, self.balance.note
        self.balance.alerts[alert.state] += 1
        if alert.started >= self._kept_since and account.matches != alert.count:
            text = (
                f"alert {alert.id} holds {alert.count} signals, {account.matches} are in the books"
            )
            note("count_differs", text)
        if alert.fired is not None and account.incident is None:
            belongs = "none" if alert.incident is None else f"{alert.incident}, which is not there"
            text = f"alert {alert.id} has fired and belongs to an incident: {belongs}"
            note("alert_without_incident", text)
        elif alert.active and account.incident == "resolved":
            text = f"alert {alert.id} fires, and its incident {alert.incident} is over"
            note("alert_of_closed_incident", text)

    def _check_incidents(self, conn: sqlite3.Connection, numbers: Sequence[int]) -> None:
        with books.snapshot(conn):
            accounts = books.incident_accounts(conn, numbers)
        for account in accounts:
            self._check_incident(account)

    def _check_incident(self, account: IncidentAccount) -> None:
        incident, note = account.incident, self.balance.note
        self.balance.incidents[_how(account)] += 1
        if incident.state != "resolved" and not account.unresolved:
            note("incident_without_alert", f"incident {incident.id} is open and no alert fires")
        if incident.opened < self._decided_since:
            return
        if incident.state == "open" and not account.pagings and "no_route" not in account.unsent:
            text = f"incident {incident.id} is open, and no route will tell anybody of it"
            note("incident_untold", text)
        if incident.opened < self.balance.since:
            return
        if _how(account) == "unaccounted":
            text = f"incident {incident.id} was told to nobody, and nothing says why"
            note("incident_unaccounted", text)
        if account.wanted != account.messages:
            text = (
                f"of incident {incident.id}, {account.wanted} messages were decided on and "
                f"{account.messages} written"
            )
            note("messages_differ", text)

    def _deliveries(self, conn: sqlite3.Connection, first: int, last: int) -> None:
        for number, state in books.endless(conn, first, last):
            lacks = "at no time" if state == "sent" else "without an error"
            self.balance.note("delivery_without_end", f"delivery {number} has {state} {lacks}")
        for number, incident in books.orphans(conn, first, last):
            text = f"delivery {number} tells of incident {incident}, which is not there"
            self.balance.note("delivery_without_incident", text)

    def _end(self, conn: sqlite3.Connection) -> None:
        for state, number in books.delivery_states(conn):
            self.balance.deliveries[state] += number
            if state not in _STATES:
                text = f"{number} deliveries have the state {state!r}, which is none"
                self.balance.note("delivery_without_end", text)
        for number in books.stuck(conn, self.balance.until - _STUCK_AFTER):
            text = f"delivery {number} is said to be under way, and was due long ago"
            self.balance.note("delivery_stuck", text)
        for route, incident in books.pagings_of_closed(conn):
            text = f"the route {route} goes on with incident {incident}, which is over"
            self.balance.note("paging_of_closed_incident", text)
        if self._rules is None:
            return
        for rule in set(books.watched_rules(conn)).difference(self._rules):
            text = f"windows are kept of the rule {rule}, which is not configured"
            self.balance.note("window_without_rule", text)


def _how(account: IncidentAccount) -> str:
    """The first that holds: somebody was told, it is told of as a part of another, nobody was told
    for a reason, somebody may yet be told."""
    if account.wanted:
        return "told"
    if account.ended == "folded":
        return "merged"
    if account.unsent:
        return f"suppressed: {min(account.unsent)}"
    if account.pagings and account.incident.state != "resolved":
        return "pending"
    return "unaccounted"


def _ranges(numbers: range, size: int) -> Iterator[tuple[int, int]]:
    """The first and the last number of each slice."""
    for begin in numbers[::size]:
        yield begin, min(begin + size, numbers.stop) - 1


def _chunks(numbers: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(numbers)
    for begin in range(0, len(ordered), _RECORDS):
        yield ordered[begin : begin + _RECORDS]
