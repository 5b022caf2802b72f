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
        self.failure: Exception | None = None
        """Why nothing is joined any more."""
        self.failure_told = False
        self._joins: Joins | None = None
        try:
            self._joins = book.open_joins([*_edges(book.causes), *own])
        except Exception as error:  # noqa: BLE001 - whatever is wrong with joins, pages go out
            self._give_up(error)
        self._codes: Counter[str] = Counter()
        self._causes: defaultdict[str, set[str]] = defaultdict(set)
        self._effects: defaultdict[str, set[str]] = defaultdict(set)
        self.uses = {
            str(value) for pattern in own for part in pattern.parts for value in _values(part)
        }
        """Which sorts of facts the correlations ask for: alert, change, status."""

    @property
    def overflowed(self) -> bool:
        return self._joins is not None and self._joins.overflowed

    def causes_of(self, code: str) -> list[str]:
        """The open codes that may have brought this one about; the code must be open itself."""
        return sorted(self._causes.get(code, ()))

    def effects_of(self, code: str) -> list[str]:
        return sorted(self._effects.get(code, ()))

    def is_open(self, code: str) -> bool:
        return code in self._codes

    def add_code(self, code: str) -> None:
        self._codes[code] += 1
        if self._codes[code] > 1:
            return
        for join in self._add(f"code:{code}", {ON: "code", "code": code}):
            cause = join.facts[_CAUSE].removeprefix("code:")
            effect = join.facts[_EFFECT].removeprefix("code:")
            self._causes[effect].add(cause)
            self._effects[cause].add(effect)

    def drop_code(self, code: str) -> None:
        self._codes[code] -= 1
        if self._codes[code] > 0:
            return
        del self._codes[code]
        self._remove(f"code:{code}")
        for effect in self._effects.pop(code, ()):
            self._causes[effect].discard(code)
        for cause in self._causes.pop(code, ()):
            self._effects[cause].discard(code)

    def add_fact(self, id: str, fields: Mapping[str, Scalar]) -> list[Join]:
        """The combinations of the operator's correlations that this fact completes."""
        return self._add(id, fields) if self.correlations else []

    def remove_fact(self, id: str) -> None:
        if self.correlations:
            self._remove(id)

    def _add(self, id: str, fields: Mapping[str, Scalar]) -> list[Join]:
        if self._joins is None:
            return []
        try:
            return self._joins.add(id, fields)
        except Exception as error:  # noqa: BLE001 - native code with a state of its own
            self._give_up(error)
            return []

    def _remove(self, id: str) -> None:
        if self._joins is None:
            return
        try:
            self._joins.remove(id)
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """After a failure its answers can't be relied upon. Each alert is an incident of its own
        then, and told of, until the next start or reload."""
        self.failure, self._joins = error, None


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
