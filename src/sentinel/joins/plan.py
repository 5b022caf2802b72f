"""How a pattern is joined: in which order its parts, and by which keys.

`same_as` is an equality, so the fields it ties together fall into classes, and all fields of a
class must be equal. A part's *key* is its values for the classes that it shares with other parts:
facts with the same key are alike to the join, however many they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

from msgspec import Struct

from sentinel.engine.joining import Part, Pattern, SameAs
from sentinel.joins.values import canonical

Slot: TypeAlias = tuple[str, str]  # of a part, its alias and a field
Key: TypeAlias = tuple[str, ...]


class Place(Struct, frozen=True):
    """A part of a pattern at its position in the order of joining."""

    alias: str
    constants: tuple[tuple[str, frozenset[str]], ...]
    classes: tuple[int, ...]
    fields: tuple[tuple[str, ...], ...]  # of each class

    def key(self, seen: Mapping[str, str]) -> Key | None:
        """The key of a fact that can fill this part, else None. `seen` holds canonical values."""
        for field, wanted in self.constants:
            if seen.get(field) not in wanted:
                return None
        key = []
        for fields in self.fields:
            values = {seen.get(field) for field in fields}
            value = values.pop()
            if values or value is None:
                return None
            key.append(value)
        return tuple(key)


class Plan(Struct, frozen=True):
    """`serial` is unique in the process: it keeps patterns and reloads apart in the library."""

    serial: int
    pattern: str
    aliases: tuple[str, ...]  # as they were written
    places: tuple[Place, ...]
    # For each place the first earlier one that it shares a class with.
    parents: tuple[int | None, ...]

    def shared(self, one: int, other: int) -> tuple[int, ...]:
        theirs = self.places[other].classes
        return tuple(name for name in self.places[one].classes if name in theirs)

    def tokens(self, position: int, key: Key) -> dict[int, str]:
        """What must be equal to join the place at each other position, as [0-9a-f] text."""
        values = dict(zip(self.places[position].classes, key, strict=True))
        return {
            other: self._token(position, other, values)
            for other in range(len(self.places))
            if other != position
        }

    def _token(self, one: int, other: int, values: Mapping[int, str]) -> str:
        shared = sorted(self.shared(one, other))
        # The repr of a tuple of texts is unambiguous, and escapes what UTF-8 can't hold.
        content = repr((self.serial, sorted((one, other)), [values[name] for name in shared]))
        return blake2b(content.encode(), digest_size=16).hexdigest()


def plan_of(pattern: Pattern, serial: int) -> Plan:
    classes = _classes(pattern)
    places = _ordered([_place(part, classes) for part in pattern.parts])
    return Plan(
        serial=serial,
        pattern=pattern.name,
        aliases=tuple(part.alias for part in pattern.parts),
        places=tuple(places),
        parents=tuple(_parent(places, position) for position in range(len(places))),
    )


class Catalogue:
    """Finds the places that a fact can fill without asking every one of them."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        every = [(plan, position) for plan in plans for position in range(len(plan.places))]
        self._fields = sorted(
            {field for plan, position in every for field in _fields(plan.places[position])}
        )
        self._anywhere: list[tuple[Plan, int]] = []
        self._anchored: dict[Slot, list[tuple[Plan, int]]] = {}
        crowd = _crowds(plans)
        for plan, position in every:
            constants = plan.places[position].constants
            if not constants:
                self._anywhere.append((plan, position))
                continue
            # Under its rarest field: `kind: alert` stands in nearly every part.
            field, values = min(
                constants, key=lambda one: sum(crowd[one[0], value] for value in one[1])
            )
            for value in values:
                self._anchored.setdefault((field, value), []).append((plan, position))

    def roles(self, fields: Mapping[str, object]) -> Iterator[tuple[Plan, int, Key]]:
        seen = {}
        for field in self._fields:
            value = canonical(fields.get(field))
            if value is not None:
                seen[field] = value
        candidates = [*self._anywhere]
        for slot in seen.items():
            candidates += self._anchored.get(slot, ())
        for plan, position in candidates:
            key = plan.places[position].key(seen)
            if key is not None:
                yield plan, position, key


def _fields(place: Place) -> Iterator[str]:
    for field, _ in place.constants:
        yield field
    for fields in place.fields:
        yield from fields


def _crowds(plans: Sequence[Plan]) -> dict[Slot, int]:
    crowd: dict[Slot, int] = {}
    for plan in plans:
        for place in plan.places:
            for field, values in place.constants:
                for value in values:
                    crowd[field, value] = crowd.get((field, value), 0) + 1
    return crowd


def _classes(pattern: Pattern) -> dict[Slot, int]:
    """The class of each slot that a `same_as` touches."""
    groups: list[set[Slot]] = []
    for part in pattern.parts:
        for field, wanted in part.where.items():
            if isinstance(wanted, SameAs):
                tied = {(part.alias, field), (wanted.part, wanted.field)}
                for group in [group for group in groups if group & tied]:
                    groups.remove(group)
                    tied |= group
                groups.append(tied)
    return {slot: number for number, group in enumerate(groups) for slot in group}


def _place(part: Part, classes: Mapping[Slot, int]) -> Place:
    constants = []
    for field, wanted in part.where.items():
        if not isinstance(wanted, SameAs):
            values = frozenset(filter(None, map(canonical, wanted)))
            constants.append((field, values))
    own: dict[int, list[str]] = {}
    for (alias, field), number in sorted(classes.items()):
        if alias == part.alias:
            own.setdefault(number, []).append(field)
    return Place(
        alias=part.alias,
        constants=tuple(constants),
        classes=tuple(own),
        fields=tuple(tuple(fields) for fields in own.values()),
    )


def _ordered(places: list[Place]) -> list[Place]:
    """Each place after one that it shares a class with, so that fewer combinations are begun."""
    order, rest = [places[0]], places[1:]
    while rest:
        tied = {name for place in order for name in place.classes}
        following = next((place for place in rest if tied & set(place.classes)), rest[0])
        rest.remove(following)
        order.append(following)
    return order


def _parent(places: Sequence[Place], position: int) -> int | None:
    own = set(places[position].classes)
    return next((n for n in range(position) if own & set(places[n].classes)), None)
