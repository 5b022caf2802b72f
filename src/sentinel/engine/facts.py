"""The facts of the present that correlations join: alerts that fire, changes made lately, and the
states of components."""

from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.engine.correlations import ON
from sentinel.engine.joining import Join
from sentinel.engine.state import State
from sentinel.model.alert import Alert
from sentinel.model.fact import Fact, Said, Scalar
from sentinel.model.signal import Change, Signal, Status
from sentinel.model.uptime import RANK

MOST_FACTS = 5_000
MOST_PROBES = 50
"""Of one component; their names may come from outside."""
# A change is remembered for so long where no correlation says how long it matters.
_REMEMBERED = 3_600.0
# A component of which nothing has come for so long is gone for good.
_FORGOTTEN_AFTER = 7 * 86_400.0
_FIELDS = ("tenant", "environment", "release", "service", "component", "host", "project")


def fields_of(alert: Alert) -> dict[str, Scalar]:
    """What correlations know of an alert: its labels before what its first signal said."""
    fields: dict[str, Scalar] = {**alert.about, **alert.labels}
    if alert.code is not None:
        fields["code"] = alert.code
    if alert.tenant is not None:
        fields["tenant"] = alert.tenant
    return {**fields, "severity": alert.severity, "alert": alert.rule, ON: "alert"}


def add_alert(state: State, alert: Alert) -> list[Join]:
    joins = state.links.add_fact(_id_of(alert), fields_of(alert))
    _check_room(state)
    return joins


def remove_alert(state: State, alert: Alert) -> None:
    state.links.remove_fact(_id_of(alert))


def take(state: State, signal: Signal) -> Sequence[Join]:
    """What a change, or a component's new state, completes."""
    if isinstance(signal, Change) and "change" in state.links.uses:
        horizon = max((one.within or _REMEMBERED for one in state.book.correlations), default=0.0)
        fields = {**_common(signal), "kind": signal.kind, ON: "change"}
        if signal.author:
            fields["author"] = signal.author
        return _put(
            state,
            Fact(
                id=f"change:{signal.seq:015d}",
                fields=fields,
                text=signal.title,
                at=state.now,
                until=state.now + horizon,
            ),
        )
    if isinstance(signal, Status) and "status" in state.links.uses:
        return _hear(state, signal)
    return ()


def _hear(state: State, signal: Status) -> Sequence[Join]:
    """A component is in the worst of the states that its probes said last, so that one which is
    well does not hide another that is not."""
    place = (signal.tenant, signal.environment, signal.host, signal.component)
    id = "status:" + "/".join(part or "" for part in place)
    before = state.facts.get(id)
    was = {} if before is None else before.said
    said = {name: one for name, one in was.items() if one.until > state.now}
    probe, patience = signal.tags.get("probe", ""), state.book.patience(signal)
    fields: dict[str, Scalar] = {**_common(signal), "status": signal.status, ON: "status"}
    # It counts for twice its time, as it is written anew only once half of that has passed.
    heard = Said(signal.status, fields, state.now + 2 * patience)
    if probe not in said and len(said) >= MOST_PROBES:
        return ()
    known = said.get(probe)
    said[probe] = heard
    # Of equally bad ones the one that is heard now.
    worst = max((heard, *said.values()), key=lambda one: RANK[one.state])
    until = state.now + _FORGOTTEN_AFTER
    if before is None or before.fields["status"] != worst.state:
        text = f"{signal.component or 'it'} is {worst.state}"
        fact = Fact(id=id, fields=worst.fields, text=text, at=state.now, until=until, said=said)
        return _put(state, fact)
    if known is None or known.state != heard.state or known.until < state.now + patience:
        state.put_fact(replace(before, until=until, said=said))
    return ()


def restore(state: State) -> None:
    """Give the join engine what was saved. What that completes was folded when it began; a
    correlation that is new with a reload folds what begins from now on."""
    for fact in list(state.facts.values()):
        state.links.add_fact(fact.id, fact.fields)
    for alert in list(state.alerts.values()):
        if alert.active:
            state.links.add_fact(_id_of(alert), fields_of(alert))


def find(state: State, id: str) -> Alert | Fact | None:
    """What a join names; None where it is over."""
    if id.startswith("alert:"):
        return state.alerts.get(int(id.removeprefix("alert:")))
    return state.facts.get(id)


def _put(state: State, fact: Fact) -> Sequence[Join]:
    if fact.id in state.facts:
        state.links.remove_fact(fact.id)
    elif len(state.facts) >= MOST_FACTS:
        text = f"{MOST_FACTS:,} changes and component states are known; {fact.text} is left out"
        state.decide("facts_full", "too_many_facts", text)
        return ()
    state.put_fact(fact)
    joins = state.links.add_fact(fact.id, fact.fields)
    _check_room(state)
    return joins


def _check_room(state: State) -> None:
    if state.links.overflowed:
        text = "correlations join more than can be followed; some joins are left out"
        state.decide("facts_full", "too_many_joins", text)


def _common(signal: Signal) -> dict[str, Scalar]:
    fields: dict[str, Scalar] = {f"tags.{name}": value for name, value in signal.tags.items()}
    for name in _FIELDS:
        if value := getattr(signal, name):
            fields[name] = value
    return fields


def _id_of(alert: Alert) -> str:
    return f"alert:{alert.id:012d}"
