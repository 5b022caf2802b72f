"""Everything that the configuration tells the engine: rules, routes and causes."""

from msgspec import Struct, field

from sentinel.engine.routing import Route
from sentinel.engine.rules import RuleIndex


class Causes(Struct, frozen=True):
    """The catalog's `causes:` edges, followed to their ends.

    `effects` maps a code to all codes that it may bring about. The codes in `per_tenant` concern
    one tenant each (a company's configuration or data), so that two tenants never share an
    incident over them.
    """

    effects: dict[str, frozenset[str]] = field(default_factory=dict)
    per_tenant: frozenset[str] = frozenset()

    def may_cause(self, cause: str, effect: str) -> bool:
        return effect in self.effects.get(cause, frozenset())


class Book(Struct, frozen=True):
    rules: RuleIndex
    routes: Route
    causes: Causes = Causes()
