"""Overrides of schedules as people set and end them. Nothing is due when one begins or ends: who
is on call is asked for when a step runs."""

from collections.abc import Iterable

from msgspec.structs import replace

from sentinel.engine.state import State
from sentinel.model.override import Override


def put(state: State, override: Override) -> None:
    """Set a new one. What has no use, or would fight with another, is not set."""
    what = f"{override.author}: {', '.join(override.people)} in {override.schedule}"
    if override.ends <= max(state.now, override.starts):
        state.decide("override_set", "too_late", f"no override by {what}: it is over already")
        return
    lasting = (one for one in state.overrides.values() if one.state_at(state.now) != "over")
    clash = clash_of(override, lasting)
    if clash is not None:
        text = f"no override by {what}: override {clash.id} holds at that time"
        state.decide("override_set", "overlap", text)
        return
    number = state.next_override()
    state.put_override(replace(override, id=number, created=state.now, ended=None, ended_by=None))
    state.decide("override_set", "person", f"override {number} by {what}")


def end(state: State, number: int, by: str) -> None:
    """Take one back: those whose turn it is are on call again."""
    override = state.overrides.get(number)
    if override is None or override.state_at(state.now) == "over":
        text = f"{by} ended override {number}, which is over already"
        state.decide("override_ended", "too_late", text)
        return
    state.put_override(replace(override, ended=state.now, ended_by=by))
    state.decide("override_ended", "person", f"{by} ended override {number}")


def clash_of(override: Override, others: Iterable[Override]) -> Override | None:
    """The first of the others that wants to hold in the same schedule at the same time."""
    return next((one for one in others if one.meets(override)), None)
