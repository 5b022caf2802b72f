"""Everything that the configuration tells the engine."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from sentinel.engine.broadcast_rules import BroadcastRule
from sentinel.engine.correlations import Correlation
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.joining import Joins, Pattern
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.quiet import Digest, Quiet
from sentinel.engine.routing import Route
from sentinel.engine.rules import RuleIndex
from sentinel.model.delivery import Reason, Recipient
from sentinel.model.signal import Status

HOLD = 30.0


class Causes(Struct, frozen=True):
    """The catalog's `causes:` edges, followed to their ends.

    `effects` maps a code to all codes that it may bring about, near and far, and `direct` to the
    near ones alone; if that is left out, all are near. The codes in `per_tenant` concern
    one tenant each (a company's configuration or data), so that two tenants never share an
    incident over them. An effect is held back for `hold` seconds, to give its cause time to show.
    """

    effects: dict[str, frozenset[str]] = field(default_factory=dict)
    per_tenant: frozenset[str] = frozenset()
    hold: float = HOLD
    direct: dict[str, frozenset[str]] = field(default_factory=dict)
    behind: dict[str, frozenset[str]] = field(default_factory=dict)
    """Each code that others may bring about, with all of these; filled in from `effects`."""

    def __post_init__(self) -> None:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for cause, effects in self.effects.items():
            for effect in effects:
                found[effect].add(cause)
        behind = {effect: frozenset(causes) for effect, causes in found.items()}
        msgspec.structs.force_setattr(self, "behind", behind)
        msgspec.structs.force_setattr(self, "direct", self.direct or self.effects)


def _as_it_is(text: str) -> str:
    return text


def _an_hour(_: Status) -> float:
    return 3_600.0


class Book(Struct, frozen=True, kw_only=True):
    """`open_joins` starts the join engine behind correlations. `quiet` are people's quiet hours and
    `digests` their digests, by name, `people` all of them with where each is reached. `only` are
    the reasons for which a channel is used, for those that are not used for all."""

    rules: RuleIndex
    routes: Route
    open_joins: Callable[[Sequence[Pattern]], Joins]
    causes: Causes = Causes()
    correlations: tuple[Correlation, ...] = ()
    inhibit: tuple[InhibitRule, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    quiet: Mapping[str, Quiet] = {}
    digests: Mapping[str, Digest] = {}
    patience: Callable[[Status], float] = _an_hour
    people: Mapping[str, tuple[Recipient, ...]] = {}
    only: Mapping[str, frozenset[Reason]] = {}
    broadcasts: tuple[BroadcastRule, ...] = ()
    redact: Callable[[str], str] = _as_it_is
    """Takes out of a text what clients must not read."""

    def broadcast(self, name: str) -> BroadcastRule | None:
        return next((one for one in self.broadcasts if one.name == name), None)
