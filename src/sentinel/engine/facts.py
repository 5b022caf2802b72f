"""The facts of the present that correlations join: alerts that fire, changes made lately, and the
states of components."""

from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.engine.correlations import ON
from sentinel.engine.joining import Join
from sentinel.engine.state import State
from sentinel.model.alert import Alert
from sentinel.model.fact import Fact, Scalar
from sentinel.model.signal import Change, Signal, Status

MOST_FACTS = 5_000
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
        text = signal.summary or f"{signal.kind} of {signal.service or signal.component or 'it'}"
        fields = {**_common(signal), "kind": signal.kind, ON: "change"}
        if signal.author:
            fields["author"] = signal.author
        return _put(
            state,
            Fact(
                id=f"change:{signal.seq:015d}",
                fields=fields,
                text=f"{signal.kind}: {text}" if signal.summary else text,
                at=state.now,
                until=state.now + horizon,
            ),
        )
    if isinstance(signal, Status) and "status" in state.links.uses:
        fields = {**_common(signal), "status": signal.status, ON: "status"}
        place = (signal.tenant, signal.environment, signal.host, signal.component)
        id = "status:" + "/".join(part or "" for part in place)
        before = state.facts.get(id)
        until = state.now + _FORGOTTEN_AFTER
        if before is not None and before.fields["status"] == signal.status:
            # Written anew now and then, not with every status.
            if (before.until or 0.0) < until - _FORGOTTEN_AFTER / 2:
                state.put_fact(replace(before, until=until))
            return ()
        text = f"{signal.component or 'it'} is {signal.status}"
        return _put(state, Fact(id=id, fields=fields, text=text, at=state.now, until=until))
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
