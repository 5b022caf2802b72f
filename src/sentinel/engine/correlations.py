"""What an operator's `correlations:` tell the engine: which alerts, changes and component states
together are one incident, and which of them is its root."""

from msgspec import Struct

from sentinel.engine.joining import Pattern

ON = "on"
"""The field of a fact that says what it is: `alert`, `change`, `status` or, for the catalog's
edges, `code`."""


class Correlation(Struct, frozen=True, kw_only=True):
    """`root` is the alias of the part that is the cause. The facts must have begun `within` so
    many seconds of each other. An alert that may be an effect is held back for `hold` seconds, to
    give its cause time to show. `source` is `file:line`.
    """

    pattern: Pattern
    root: str
    within: float | None = None
    hold: float = 30.0
    source: str = ""

    @property
    def name(self) -> str:
        return self.pattern.name
