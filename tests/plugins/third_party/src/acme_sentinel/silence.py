"""A detector of signals that no longer come."""

from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict


class SilenceParams(Params, frozen=True):
    longest: Annotated[Duration, Meta(description="Fires when nothing has come for this long.")]


class Silence(Detector[SilenceParams]):
    """The state is the time of the latest signal."""

    type = "silence"
    summary = "Nothing has come for a while"
    Params = SilenceParams
    State = float

    def observe(self, signal: AnySignal, state: float | None, now: float) -> tuple[float, Verdict]:
        return self.tick(now, now)

    def tick(self, state: float, now: float) -> tuple[float, Verdict]:
        end = state + self.params.longest
        holds = now >= end
        return state, Verdict(holds, None if holds else end)

    def explain(self, state: Any, now: float) -> str:
        if state is None:
            return "nothing has come yet"
        return f"nothing has come for {now - state:.0f} s, the bound is {self.params.longest}"
