"""A cause that reports nothing, suspected because what depends on it fails at once.

Two codes that begin to fail in the same minutes are often chance. With the third, a dependency that
they share is likelier: the incidents of all of them are then one.
"""

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sentinel.engine.state import State
from sentinel.model.alert import Alert, Incident

# What waits for its cause to show is told of after the hold; its siblings may come somewhat later.
LATER = 90.0
FEWEST_FAILING = 3
# Of these. What a suspect could only have brought about by way of others says little by itself.
FEWEST_DIRECT = 2


class Suspicion(Struct, frozen=True):
    """`incidents` are those that are one, oldest first, and `failing` the codes of what fires in
    them, sorted. All of these depend on `cause`."""

    cause: str
    incidents: tuple[Incident, ...]
    failing: tuple[str, ...]

    @property
    def text(self) -> str:
        *most, last = self.failing
        return (
            f"{', '.join(most)} and {last} fail at once: all of them depend on {self.cause}, "
            "which reports nothing"
        )


class _Fresh(Struct, frozen=True):
    """An incident that has opened just now, with what began to fire in it since."""

    incident: Incident
    codes: frozenset[str]
    tenants: frozenset[str]


def suspicion(state: State, home: Incident, alert: Alert) -> Suspicion | None:
    """What an alert that was put into `home` just now gives rise to, with the other incidents that
    opened lately. Of several suspects it is the one that explains the most; of those, the nearest:
    the one with the fewest effects."""
    causes = state.book.causes
    if alert.code is None or home.code is None or not _is_news(state, home, alert):
        return None
    # After a failure of what joins alerts, each is an incident of its own.
    if state.links.failure is not None:
        return None
    silent = [cause for cause in causes.behind.get(home.code, ()) if _may_be_silent(state, cause)]
    if not silent:
        return None
    fresh = {one.incident.id: one for one in _fresh(state, silent)}
    failing = frozenset().union(*(one.codes for one in fresh.values()))
    if home.id not in fresh or len(failing) < FEWEST_FAILING:
        return None
    return min(
        (one for cause in silent if (one := _suspicion(state, cause, home, fresh))),
        key=lambda one: (-len(one.failing), len(causes.effects[one.cause]), one.cause),
        default=None,
    )


def whole_of(state: State, found: Suspicion) -> Incident:
    """The oldest incident as it is for all of them. Of one tenant or one host it is only if all of
    them are."""
    kept = found.incidents[0]
    effects = state.book.causes.effects[found.cause]
    alerts = [one for incident in found.incidents for one in state.alerts_in(incident.id)]
    codes = frozenset().union(*(one.codes for one in found.incidents))
    failing = {one.code for one in alerts if one.code in effects}
    tenants = {one.tenant for one in alerts if one.tenant}
    hosts = {one.host for one in found.incidents if one.host}
    return replace(
        kept,
        suspect=found.cause,
        dependants=tuple(sorted(codes | failing)),
        tenant=kept.tenant if tenants <= {kept.tenant} else None,
        host=kept.host if hosts <= {kept.host} else None,
        outlived=None,
    )


def _is_news(state: State, home: Incident, alert: Alert) -> bool:
    """Whether nothing else with its code fires in the incident: more of the same is no evidence."""
    return not any(
        state.alerts[number].code == alert.code
        for number in state.members.get(home.id, ())
        if number != alert.id
    )


def _may_be_silent(state: State, cause: str) -> bool:
    """Spares a flood of one code or two the look at all its incidents."""
    is_open = state.links.is_open
    effects = state.book.causes.effects[cause]
    return not is_open(cause) and sum(map(is_open, effects)) >= FEWEST_FAILING


def _fresh(state: State, causes: Collection[str]) -> Iterator[_Fresh]:
    """Of the incidents that one of the causes may be behind."""
    effects = frozenset().union(*(state.book.causes.effects[cause] for cause in causes))
    since = state.now - state.book.causes.hold - LATER
    with_code = state.index.with_code
    for number in {number for effect in effects for number in with_code.get(effect, ())}:
        incident = state.incidents[number]
        if incident.opened < since:
            continue
        alerts = [state.alerts[one] for one in state.members.get(number, ())]
        began = [one for one in alerts if one.fired is not None and one.fired >= since]
        if codes := frozenset([one.code for one in began if one.code]):
            yield _Fresh(incident, codes, frozenset([one.tenant for one in began if one.tenant]))


def _suspicion(
    state: State, cause: str, home: Incident, fresh: Mapping[int, _Fresh]
) -> Suspicion | None:
    causes = state.book.causes
    effects = causes.effects[cause]
    if not home.codes <= effects:
        return None
    chosen = [fresh[home.id]]
    tenants = chosen[0].tenants
    is_own = cause in causes.per_tenant or _is_own(state, chosen[0])
    # What concerns one tenant comes last, so that it keeps none of the others out. Two tenants
    # never share it.
    for one in sorted(fresh.values(), key=lambda one: (_is_own(state, one), one.incident.id)):
        if one.incident.id == home.id or not one.incident.codes <= effects:
            continue
        both, is_shared = tenants | one.tenants, is_own or _is_own(state, one)
        if not is_shared or len(both) <= 1:
            chosen.append(one)
            tenants, is_own = both, is_shared
    incidents = sorted((one.incident for one in chosen), key=lambda one: one.id)
    heads = {head for one in incidents for head in (*one.codes, one.suspect)}
    failing = effects & frozenset().union(*(one.codes for one in chosen))
    if (
        len(incidents) < 2
        or len(failing) < FEWEST_FAILING
        or len(heads & causes.direct.get(cause, frozenset())) < FEWEST_DIRECT
    ):
        return None
    return Suspicion(cause, tuple(incidents), tuple(sorted(failing)))


def _is_own(state: State, one: _Fresh) -> bool:
    return not state.book.causes.per_tenant.isdisjoint(one.incident.codes | one.codes)
