"""Every signal that meets the conditions."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, duration, hook


class AnyParams(Params, frozen=True):
    timeframe: Annotated[
        Duration, Meta(description="How long one signal keeps the alert firing.")
    ] = duration("5m")


class AnyMatch(Detector[AnyParams]):
    """The state is the time of the latest signal."""

    type = "any"
    summary = "Each match, until none has come for timeframe"
    Params = AnyParams
    State = float
    facts: ClassVar[dict[str, str]] = {"timeframe": "the parameter"}

    def __init__(self, params: AnyParams) -> None:
        super().__init__(params)
        self._facts = {"timeframe": str(params.timeframe)}

    def observe(self, signal: AnySignal, state: float | None, now: float) -> tuple[Any, Verdict]:
        return self._judge(now, now)

    def tick(self, state: float, now: float) -> tuple[Any, Verdict]:
        return self._judge(state, now)

    def explain(self, state: float | None, now: float) -> str:
        if state is None:
            return "no signal has matched"
        end = state + self.params.timeframe
        if end > now:
            return f"a signal matched within {self.params.timeframe}"
        return f"no signal has matched for {self.params.timeframe}"

    def _judge(self, last: float, now: float) -> tuple[Any, Verdict]:
        end = last + self.params.timeframe
        return (last, Verdict(True, end, self._facts)) if end > now else (None, Verdict(False))


@hook
def register_detectors(register: Any) -> None:
    register(AnyMatch)
