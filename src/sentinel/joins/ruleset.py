"""The one ruleset that durable-rules is given, and the calls that drive it.

It holds one rule for each number of parts and no word of any pattern: a pattern is data, namely
tokens that must be equal between two parts. So a reload creates nothing in the library, which
can't free the state of a ruleset, and no text from outside ever reaches its parsers.

The C extension is driven directly. The library's own `Host` starts threads that never end.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import count
from threading import Lock
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

from sentinel.engine.joining import FEWEST_PARTS, MOST_PARTS

# How many combinations are fetched at a time.
BATCH = 100


class _Fact(Struct):
    id: str


_results = Decoder(dict[str, list[dict[str, _Fact]]])


class Ruleset:
    """Facts are numbered, since the library tells facts apart by a hash of 32 bits of their ids:
    of small numbers, no two have the same."""

    def __init__(self) -> None:
        import durable_rules_engine

        self._library: Any = durable_rules_engine
        self._handle: int = self._library.create_ruleset("joins", json.dumps(_rules()))
        # Between an assertion and the last of its results nobody else may ask for results.
        self._lock = Lock()
        self._free: list[int] = []
        self._abandoned: list[int] = []
        self._next = count(1)

    def number(self) -> int:
        abandoned, self._abandoned = self._abandoned, []
        self.release(abandoned)
        return self._free.pop() if self._free else next(self._next)

    def put(
        self, number: int, parts: int, position: int, tokens: Mapping[int, str]
    ) -> list[tuple[int, ...]]:
        """Assert a fact that fills one part. Returns the combinations that it completes, as
        numbers of facts in the order of the parts."""
        fact = {"id": str(number), "r": _role(parts, position)}
        for other, token in tokens.items():
            fact[_pair(position, other)] = token
        with self._lock:
            code, state = self._library.assert_fact(self._handle, json.dumps(fact))
            if code:
                raise RuntimeError(f"durable-rules answered {code} to the fact {fact}")
            found: list[tuple[int, ...]] = []
            started = self._library.start_action_for_state(self._handle, state)
            results = started and started[1]
            while results:
                for name, frames in _results.decode(results).items():
                    names = [f"m{position}" for position in range(int(name[1:]))]
                    found += [tuple(int(frame[m].id) for m in names) for frame in frames]
                results = self._library.complete_and_start_action(self._handle, state)
        return found

    def retract(self, number: int) -> None:
        with self._lock:
            self._library.retract_fact(self._handle, json.dumps({"id": str(number)}))

    def release(self, numbers: Iterable[int]) -> None:
        """Retract facts whose numbers may then be given to others."""
        for number in sorted(numbers):
            self.retract(number)
            self._free.append(number)

    def abandon(self, numbers: Iterable[int]) -> None:
        """As `release`, for a collector of garbage, which may come in the middle of a call here:
        the facts are retracted before the next one is numbered."""
        self._abandoned += numbers


@cache
def the_ruleset() -> Ruleset:
    return Ruleset()


def _rules() -> dict[str, object]:
    return {
        f"r{parts}": {"all": [_condition(parts, p) for p in range(parts)], "cap": BATCH}
        for parts in range(FEWEST_PARTS, MOST_PARTS + 1)
    }


def _condition(parts: int, position: int) -> dict[str, object]:
    role: dict[str, object] = {"r": _role(parts, position)}
    equal = [
        {_pair(earlier, position): {f"m{earlier}": _pair(earlier, position)}}
        for earlier in range(position)
    ]
    return {f"m{position}": {"$and": [role, *equal]} if equal else role}


def _role(parts: int, position: int) -> str:
    return f"{parts}_{position}"


def _pair(one: int, other: int) -> str:
    return f"x{min(one, other)}{max(one, other)}"
