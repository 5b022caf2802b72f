"""The facts that hold now, and the joins that each new one completes."""

import weakref
from collections.abc import Mapping, Sequence
from itertools import count, islice

from sentinel.engine.joining import Join, Pattern
from sentinel.joins.entry import Census, Entry, expand
from sentinel.joins.plan import Catalogue, Key, plan_of
from sentinel.joins.ruleset import the_ruleset

MOST_FACTS = 10_000
MOST_JOINS = 1_000  # of one fact
MOST_ENTRIES = 10_000  # the library takes 9 KB for each
MOST_COMBINATIONS = 100_000  # whole or begun; the library takes some 350 bytes for each
MOST_COMBINATIONS_OF_A_FACT = 2_000
# After so many combinations a fact in the library is asserted anew.
WORN = 1_000

_serials = count(1)


class Session:
    """Not for several threads at once; several sessions may be open."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.overflowed = False
        self._ruleset = the_ruleset()
        plans = [plan_of(pattern, next(_serials)) for pattern in patterns]
        self._catalogue = Catalogue(plans)
        self._census = {one.serial: Census(one) for one in plans}
        self._entries: dict[tuple[int, int, Key], Entry] = {}
        self._entries_of: dict[str, list[Entry]] = {}
        self._by_number: dict[int, Entry] = {}
        self._cost = 0
        # One that is dropped without `close` leaves nothing in the library either.
        weakref.finalize(self, self._ruleset.abandon, self._by_number).atexit = False

    def add(self, id: str, fields: Mapping[str, object]) -> list[Join]:
        self.overflowed = False
        self.remove(id)
        entries = self._entries_for(id, fields)
        joins: list[Join] = []
        for entry in entries:
            for combination in self._combinations(entry):
                # One too many, to learn whether there are too many.
                choices = islice(expand(combination, entry, id), MOST_JOINS + 1 - len(joins))
                joins += [Join(entry.plan.pattern, facts) for facts in choices]
        if len(joins) > MOST_JOINS:
            self.overflowed = True
            joins.pop()
        return sorted(joins, key=lambda join: (join.pattern, *join.facts.values()))

    def remove(self, id: str) -> None:
        for entry in self._entries_of.pop(id, ()):
            del entry.members[id]
            if not entry.members:
                self._leave(entry)
                del self._entries[entry.plan.serial, entry.position, entry.key]

    def close(self) -> None:
        for id in list(self._entries_of):
            self.remove(id)

    def _entries_for(self, id: str, fields: Mapping[str, object]) -> list[Entry]:
        roles = list(self._catalogue.roles(fields))
        if roles and len(self._entries_of) >= MOST_FACTS:
            self.overflowed = True
            return []
        entries = []
        for plan, position, key in roles:
            entry = self._entries.get((plan.serial, position, key))
            if entry is None:
                if len(self._entries) >= MOST_ENTRIES:
                    self.overflowed = True
                    continue
                entry = self._entries[plan.serial, position, key] = Entry(plan, position, key)
            entry.members[id] = None
            entries.append(entry)
        if entries:
            self._entries_of[id] = entries
        return entries

    def _combinations(self, entry: Entry) -> list[tuple[Entry, ...]]:
        """Those that the entry is in. The library tells them at an assertion only."""
        cost, may_be_whole = self._census[entry.plan.serial].foresee(entry)
        if entry.number is None:
            if cost > MOST_COMBINATIONS_OF_A_FACT or self._cost + cost > MOST_COMBINATIONS:
                self.overflowed = True
                return []
            self._enter(entry, cost)
        elif may_be_whole:
            self._ruleset.retract(entry.number)
        else:
            return []
        combinations = self._assert(entry)
        for worn in dict.fromkeys(one for combination in combinations for one in combination):
            if worn.worn > worn.renew_at and worn.number is not None:
                self._ruleset.retract(worn.number)
                self._assert(worn)
        # The library's order hangs on its hashes.
        return sorted(combinations, key=lambda combination: [one.key for one in combination])

    def _assert(self, entry: Entry) -> list[tuple[Entry, ...]]:
        assert entry.number is not None
        parts = len(entry.plan.places)
        found = self._ruleset.put(entry.number, parts, entry.position, entry.tokens)
        combinations = [tuple(self._by_number[number] for number in numbers) for numbers in found]
        for combination in combinations:
            for one in combination:
                one.worn += 1
        entry.worn = len(combinations)
        entry.renew_at = WORN + 2 * len(combinations)
        return combinations

    def _enter(self, entry: Entry, cost: int) -> None:
        entry.number, entry.cost = self._ruleset.number(), cost
        self._by_number[entry.number] = entry
        self._cost += cost
        self._census[entry.plan.serial].count(entry, 1)

    def _leave(self, entry: Entry) -> None:
        if entry.number is not None:
            self._census[entry.plan.serial].count(entry, -1)
            self._cost -= entry.cost
            del self._by_number[entry.number]
            self._ruleset.release([entry.number])
            entry.number = None
