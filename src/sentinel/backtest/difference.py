"""What differs between the two sides of a backtest."""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from sentinel.backtest.tally import AlertKey, Tally
from sentinel.engine.rules import decode_key

# A real page is written down when its transaction commits, which may be seconds after its time.
_SAME_TIME = 10.0


class Counts(Struct, frozen=True):
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before


class RuleCounts(Struct, frozen=True):
    rule: str
    fired: Counts
    resolved: Counts


class PageCounts(Struct, frozen=True):
    """`person` is None where a channel is addressed directly."""

    person: str | None
    channel: str
    reason: str
    messages: Counts


class OneSided(Struct, frozen=True):
    """An alert that fired on one side alone."""

    rule: str
    key: dict[str, str]
    fired: int
    first: float
    last: float


class Page(Struct, frozen=True):
    """Somebody's first page about an alert of which the other side tells them nothing."""

    who: str
    rule: str
    key: dict[str, str]
    at: float


class Moved(Struct, frozen=True):
    """Somebody's first page about an alert, at another time than on the other side."""

    who: str
    rule: str
    key: dict[str, str]
    before: float
    after: float


class Difference(Struct, frozen=True):
    """Rules and kinds of pages that came to the same are among those listed."""

    rules: list[RuleCounts]
    incidents: Counts
    pages: list[PageCounts]
    only_before: list[OneSided]
    only_after: list[OneSided]
    pages_lost: list[Page]
    pages_gained: list[Page]
    pages_moved: list[Moved]

    @property
    def is_empty(self) -> bool:
        counts = [self.incidents, *(one.messages for one in self.pages)]
        counts += [count for one in self.rules for count in (one.fired, one.resolved)]
        lists = (
            self.only_before,
            self.only_after,
            self.pages_lost,
            self.pages_gained,
            self.pages_moved,
        )
        return not any(count.change for count in counts) and not any(lists)


def compare(before: Tally, after: Tally) -> Difference:
    return Difference(
        rules=list(_rules(before, after)),
        incidents=Counts(before.incidents, after.incidents),
        pages=list(_pages(before, after)),
        only_before=_one_sided(before, after),
        only_after=_one_sided(after, before),
        pages_lost=_missed(before, after),
        pages_gained=_missed(after, before),
        pages_moved=_moved(before, after),
    )


def _rules(before: Tally, after: Tally) -> Iterator[RuleCounts]:
    old, new = _by_rule(before), _by_rule(after)
    for rule in sorted(old.keys() | new.keys()):
        (fired, resolved), (fires, resolves) = old.get(rule, (0, 0)), new.get(rule, (0, 0))
        yield RuleCounts(rule, Counts(fired, fires), Counts(resolved, resolves))


def _by_rule(tally: Tally) -> dict[str, tuple[int, int]]:
    found: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for (rule, _), one in tally.alerts.items():
        fired, resolved = found[rule]
        found[rule] = fired + one.fired, resolved + one.resolved
    return found


def _pages(before: Tally, after: Tally) -> Iterator[PageCounts]:
    kinds = before.pages.keys() | after.pages.keys()
    for kind in sorted(kinds, key=lambda kind: (kind[0] or "", *kind[1:])):
        yield PageCounts(*kind, Counts(before.pages[kind], after.pages[kind]))


def _one_sided(here: Tally, there: Tally) -> list[OneSided]:
    found = [
        OneSided(*_told_apart(alert), one.fired, one.first, one.last)
        for alert, one in here.alerts.items()
        if one.first is not None and one.last is not None and alert not in there.alerts
    ]
    return sorted(found, key=lambda one: (one.first, one.rule, sorted(one.key.items())))


def _missed(here: Tally, there: Tally) -> list[Page]:
    found = [
        Page(who, *_told_apart(alert), at)
        for (who, alert), at in here.paged.items()
        if (who, alert) not in there.heard
    ]
    return sorted(found, key=lambda one: (one.at, one.who, one.rule, sorted(one.key.items())))


def _moved(before: Tally, after: Tally) -> list[Moved]:
    found = [
        Moved(who, *_told_apart(alert), at, after.paged[who, alert])
        for (who, alert), at in before.paged.items()
        if abs(after.paged.get((who, alert), at) - at) >= _SAME_TIME
    ]
    return sorted(found, key=lambda one: (one.before, one.who, one.rule, sorted(one.key.items())))


def _told_apart(alert: AlertKey) -> tuple[str, dict[str, str]]:
    return alert[0], decode_key(alert[1])
