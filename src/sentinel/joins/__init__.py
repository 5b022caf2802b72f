"""Joins the facts that hold now by the patterns that operators write, with durable-rules.

That library is native code with state, so it is kept behind this door: what comes in is cut to
safe values, what goes into the library is text of our own making, and everything is bounded.
"""

from collections.abc import Mapping, Sequence

from sentinel.engine.joining import Join, Joins, Pattern, faults


def open_joins(patterns: Sequence[Pattern]) -> Joins:
    """Raises ValueError where a pattern is unsound or two have one name."""
    names = [pattern.name for pattern in patterns]
    problems = [fault for pattern in patterns for fault in faults(pattern)]
    problems += [f"two patterns are called {name}" for name in names if names.count(name) > 1]
    if problems:
        raise ValueError("; ".join(dict.fromkeys(problems)))
    if not patterns:
        return _Nothing()
    # Only an installation that joins loads the native library.
    from sentinel.joins.session import Session

    return Session(patterns)


class _Nothing:
    """Stands in where there is nothing to join."""

    overflowed = False

    def add(self, id: str, fields: Mapping[str, object]) -> list[Join]:
        return []

    def remove(self, id: str) -> None:
        pass

    def close(self) -> None:
        pass
