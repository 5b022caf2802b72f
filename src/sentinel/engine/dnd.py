"""Do not disturb: a person is left alone until a time, but for what is critical."""

from msgspec.structs import replace

from sentinel.engine import paging
from sentinel.engine.state import State
from sentinel.model.rest import DoNotDisturb

LONGEST = 30 * 86_400.0


def put(state: State, person: str, until: float, by: str) -> None:
    """A time that is over ends what there is; what waited for it is told."""
    before = state.dnd.get(person)
    if until <= state.now:
        if before is None:
            state.decide("dnd_ended", "too_late", f"{person} can be disturbed already")
            return
        state.put_dnd(replace(before, until=state.now))
        state.decide("dnd_ended", "person", f"{by}: {person} can be disturbed again")
        _release(state, person)
        return
    until = min(until, state.now + LONGEST)
    since = state.now if before is None else before.since
    state.put_dnd(DoNotDisturb(person=person, since=since, until=until, by=by))
    state.decide("dnd_set", "person", f"{by}: only what is critical reaches {person}")
    if before is not None and until < before.until:
        _release(state, person)


def on_timer(state: State, person: str) -> None:
    state.put_dnd(state.dnd[person])
    state.decide("dnd_ended", "expired", f"{person} can be disturbed again")


def _release(state: State, person: str) -> None:
    """Look anew at what waits for a person: it is told, or waits for something else."""
    for key in sorted(state.pagings):
        waiting = state.pagings[key]
        if any(one.recipient.person == person for one in waiting.held):
            held = tuple(
                replace(one, until=state.now) if one.recipient.person == person else one
                for one in waiting.held
            )
            state.put_paging(replace(waiting, held=held))
            paging.run(state, key)
