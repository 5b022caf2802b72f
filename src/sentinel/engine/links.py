"""What is known to belong together: the join engine's answers over the facts that hold now.

Two sorts of facts go in. The codes of what is open, by which the catalog's `causes:` edges are
joined; and alerts, changes and component states, for the correlations that operators write.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from sentinel.engine.book import Book, Causes
from sentinel.engine.correlations import ON, Correlation
from sentinel.engine.joining import Join, Joins, Part, Pattern
from sentinel.model.fact import Scalar

_CAUSE, _EFFECT = "cause", "effect"
_EDGE = "catalog:"


class Links:
    def __init__(self, book: Book) -> None:
        self.correlations = {one.name: one for one in book.correlations}
        own = [one.pattern for one in book.correlations]
        self._joins: Joins = book.open_joins([*_edges(book.causes), *own])
        self._codes: Counter[str] = Counter()
        self._causes: defaultdict[str, set[str]] = defaultdict(set)
        self._effects: defaultdict[str, set[str]] = defaultdict(set)
        self.uses = {
            str(value) for pattern in own for part in pattern.parts for value in _values(part)
        }
        """Which sorts of facts the correlations ask for: alert, change, status."""

    @property
    def overflowed(self) -> bool:
        return self._joins.overflowed

    def causes_of(self, code: str) -> list[str]:
        """The open codes that may have brought this one about; the code must be open itself."""
        return sorted(self._causes.get(code, ()))

    def effects_of(self, code: str) -> list[str]:
        return sorted(self._effects.get(code, ()))

    def add_code(self, code: str) -> None:
        self._codes[code] += 1
        if self._codes[code] > 1:
            return
        for join in self._joins.add(f"code:{code}", {ON: "code", "code": code}):
            cause = join.facts[_CAUSE].removeprefix("code:")
            effect = join.facts[_EFFECT].removeprefix("code:")
            self._causes[effect].add(cause)
            self._effects[cause].add(effect)

    def drop_code(self, code: str) -> None:
        self._codes[code] -= 1
        if self._codes[code] > 0:
            return
        del self._codes[code]
        self._joins.remove(f"code:{code}")
        for effect in self._effects.pop(code, ()):
            self._causes[effect].discard(code)
        for cause in self._causes.pop(code, ()):
            self._effects[cause].discard(code)

    def add_fact(self, id: str, fields: Mapping[str, Scalar]) -> list[Join]:
        """The combinations of the operator's correlations that this fact completes."""
        return self._joins.add(id, fields) if self.correlations else []

    def remove_fact(self, id: str) -> None:
        if self.correlations:
            self._joins.remove(id)


def _edges(causes: Causes) -> Iterator[Pattern]:
    for cause, effects in sorted(causes.effects.items()):
        for effect in sorted(effects):
            name = f"{_EDGE}{cause}:{effect}"
            yield Pattern(name, (_code(_CAUSE, cause), _code(_EFFECT, effect)))


def _code(alias: str, code: str) -> Part:
    return Part(alias, {ON: ("code",), "code": (code,)})


def _values(part: Part) -> tuple[Scalar, ...]:
    wanted = part.where.get(ON, ())
    return wanted if isinstance(wanted, tuple) else ()


def may_be_effect(correlation: Correlation, fields: Mapping[str, Scalar]) -> bool:
    """Whether an alert with these fields can fill another part than the root."""
    return any(
        all(
            not isinstance(wanted, tuple) or fields.get(name) in wanted
            for name, wanted in part.where.items()
        )
        for part in correlation.pattern.parts
        if part.alias != correlation.root
    )
