"""Facts that are alike to a pattern, and how many combinations they may begin."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sentinel.joins.plan import Key, Plan


class Entry:
    """One fact to the library; to us, all facts with one key at one place of a pattern."""

    def __init__(self, plan: Plan, position: int, key: Key) -> None:
        self.plan = plan
        self.position = position
        self.key = key
        self.tokens = plan.tokens(position, key)
        self.members: dict[str, None] = {}
        self.number: int | None = None  # in the library, while it is there
        self.cost = 0  # combinations begun, at most
        # The library never forgets that a fact took part in a combination until it is retracted.
        self.worn = 0
        self.renew_at = 0


class Census:
    """Counts the entries of a pattern, so as to foresee how many combinations one more begins."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        places = range(len(plan.places))
        # What stands at a place, by the token that it shares with another.
        self._with: Mapping[tuple[int, int], Counter[str]] = {
            (position, other): Counter() for position in places for other in places
        }

    def count(self, entry: Entry, change: int) -> None:
        for other, token in entry.tokens.items():
            counter = self._with[entry.position, other]
            counter[token] += change
            if not counter[token]:
                del counter[token]

    def foresee(self, entry: Entry) -> tuple[int, bool]:
        """At most how many combinations, whole or only begun, the entry takes part in; and
        whether one of them may be whole."""
        total, product = 0, 1
        for position in range(len(self._plan.places)):
            if position != entry.position:
                product *= self._fitting(position, entry)
            if position >= entry.position:
                total += product
        return total, product > 0

    def _fitting(self, position: int, entry: Entry) -> int:
        """At most how many entries of a place go with one combination of those before it.

        Parents span a tree over the parts that are tied together. Followed away from the entry,
        each edge of it multiplies the combinations by the number that one entry may meet.
        """
        if position in entry.tokens and self._plan.shared(position, entry.position):
            return self._with[position, entry.position][entry.tokens[position]]
        towards = self._towards(position, entry.position)
        return max(self._with[position, towards].values(), default=0)

    def _towards(self, position: int, goal: int) -> int:
        """The neighbour in the tree on the way to the goal; the parent where there is no way."""
        parents = self._plan.parents
        way: int | None = goal
        while way is not None:
            if parents[way] == position:
                return way
            way = parents[way]
        parent = parents[position]
        # A place that is tied to none shares the pattern's own token with all others.
        return parent if parent is not None else goal


def expand(combination: Sequence[Entry], fixed: Entry, id: str) -> Iterator[Mapping[str, str]]:
    """Every choice of one member of each entry, all different, with `id` for the `fixed` one."""
    others = [entry for entry in combination if entry is not fixed]
    # Those with the fewest members first: a choice that can't be completed ends early.
    others.sort(key=lambda entry: len(entry.members))
    chosen = {_alias(fixed): id}

    def choose(depth: int) -> Iterator[Mapping[str, str]]:
        if depth == len(others):
            yield {alias: chosen[alias] for alias in fixed.plan.aliases}
            return
        alias = _alias(others[depth])
        for member in others[depth].members:
            if member not in chosen.values():
                chosen[alias] = member
                yield from choose(depth + 1)
                del chosen[alias]

    return choose(0)


def _alias(entry: Entry) -> str:
    return entry.plan.places[entry.position].alias
