"""Patterns over several facts at once, and what the engine asks of whoever joins them.

A fact is something that holds now: an alert that fires, a component that is down, a change that
was made lately. It is flat, `{"kind": "alert", "code": "DB_DOWN", "tenant": "acme"}`, and is added
when it begins and removed when it ends. How long ago each began is the caller's to compare.
"""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from msgspec import Struct

FEWEST_PARTS, MOST_PARTS = 2, 6

Scalar: TypeAlias = str | float | bool


class SameAs(Struct, frozen=True):
    """Equal to a field of another part. Missing equals nothing, not even missing."""

    part: str
    field: str


class Part(Struct, frozen=True):
    """One line of `all:`. Each field must equal one of the values, in type and in value."""

    alias: str
    where: Mapping[str, tuple[Scalar, ...] | SameAs]


class Pattern(Struct, frozen=True):
    name: str
    parts: tuple[Part, ...]


class Join(Struct, frozen=True):
    """Facts that together fill a pattern: alias to fact id, in the order of the parts."""

    pattern: str
    facts: Mapping[str, str]


class Joins(Protocol):
    @property
    def overflowed(self) -> bool:
        """Whether the last `add` left something out, because a bound was reached."""

    def add(self, id: str, fields: Mapping[str, object]) -> list[Join]:
        """Every join that this fact completes, sorted. A fact of the same id is replaced.

        A field whose value is no text, finite number or boolean counts as missing.
        """

    def remove(self, id: str) -> None:
        """An id that isn't there is nothing to remove."""

    def close(self) -> None:
        """Forget all facts."""


def faults(pattern: Pattern) -> list[str]:
    """What is wrong with a pattern, each in words for its author; empty where it is sound."""
    aliases = [part.alias for part in pattern.parts]
    found = []
    if not FEWEST_PARTS <= len(aliases) <= MOST_PARTS:
        found.append(
            f"{pattern.name} joins {len(aliases)} parts; "
            f"between {FEWEST_PARTS} and {MOST_PARTS} can be joined"
        )
    found += [
        f"{pattern.name} has two parts called {alias}; give each a name of its own"
        for alias in sorted({alias for alias in aliases if aliases.count(alias) > 1})
    ]
    for part in pattern.parts:
        for field, wanted in part.where.items():
            if isinstance(wanted, SameAs) and wanted.part not in aliases:
                known = ", ".join(aliases)
                found.append(
                    f"{part.alias}.{field} of {pattern.name} is the same as {wanted.part}."
                    f"{wanted.field}, but the parts are {known}; name one of them"
                )
    return found
