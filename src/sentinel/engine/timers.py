"""What is due when. Timers are no state of their own: each is derived from the state of its
subject, so that a restart needs to restore nothing but the subjects."""

import heapq
from collections.abc import Iterator

Subject = tuple[str, str, str]
"""What a timer belongs to, of the sorts of `_ORDER`: `("window", rule, key)`, `("alert", rule,
key)`, `("incident", id, "")`, `("paging", route, key)`, `("fact", id, "")`, …"""


# At one moment the detector is asked first: `for` is over only if the condition still holds then,
# and an alert that ends before its incident's first step pages nobody.
_ORDER = {
    "window": 0,
    "alert": 1,
    "fact": 2,
    "silence": 3,
    "dnd": 4,
    "remedy": 5,
    "incident": 6,
    "paging": 7,
    "broadcast_look": 8,
    "broadcast": 9,
    "announcement": 10,
}


class Timers:
    """One timer for each subject. Equal times come in one order whatever came before, so that two
    runs over the same signals agree."""

    def __init__(self) -> None:
        self._due: dict[Subject, float] = {}
        self._heap: list[tuple[float, int, Subject]] = []
        self._queued: dict[Subject, float] = {}

    def set(self, subject: Subject, due: float | None) -> None:
        if due is None:
            self._due.pop(subject, None)
            return
        self._due[subject] = due
        # A timer that only moves later stays queued at its old time and is queued again when
        # that comes: a window that every signal prolongs costs one entry, not one a signal.
        queued = self._queued.get(subject)
        if queued is None or due < queued:
            self._queue(subject, due)

    def due_of(self, subject: Subject) -> float | None:
        return self._due.get(subject)

    def next_due(self) -> float | None:
        self._settle()
        return self._heap[0][0] if self._heap else None

    def may_be_due(self, now: float) -> bool:
        """False only where `pop_until` would yield nothing; cheap, for every signal asks."""
        return bool(self._heap) and self._heap[0][0] <= now

    def pop_until(self, now: float) -> Iterator[tuple[float, Subject]]:
        """Timers due at or before `now`, in order; those that are set meanwhile included."""
        # No timer is due before the time it is queued at, so a late queue need not be settled.
        while self._heap and self._heap[0][0] <= now:
            self._settle()
            if not self._heap or self._heap[0][0] > now:
                return
            due, _, subject = heapq.heappop(self._heap)
            del self._queued[subject], self._due[subject]
            yield due, subject

    def _settle(self) -> None:
        """Make the first entry a true one."""
        while self._heap:
            queued, _, subject = self._heap[0]
            due = self._due.get(subject)
            if due == queued and self._queued.get(subject) == queued:
                return
            heapq.heappop(self._heap)
            if self._queued.get(subject) == queued:
                del self._queued[subject]
                if due is not None:
                    self._queue(subject, due)

    def _queue(self, subject: Subject, due: float) -> None:
        self._queued[subject] = due
        heapq.heappush(self._heap, (due, _ORDER[subject[0]], subject))
