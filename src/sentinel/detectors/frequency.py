"""At least so many signals within a time."""

from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, duration, hook

LARGEST = 10_000


class FrequencyParams(Params, frozen=True):
    num_events: Annotated[
        int, Meta(ge=1, le=LARGEST, description="How many signals make the alert.")
    ]
    timeframe: Annotated[
        Duration, Meta(description="Within how long they must come, each counted for this long.")
    ] = duration("5m")


class Frequency(Detector[FrequencyParams]):
    """The state is the times of the latest `num_events` signals, oldest first.

    The window is open at its old end, as Prometheus' range selectors are: of two signals exactly
    `timeframe` apart, the first is no longer counted when the second comes.
    """

    type = "frequency"
    summary = "At least num_events signals within timeframe"
    Params = FrequencyParams
    State = tuple[float, ...]

    def __init__(self, params: FrequencyParams) -> None:
        super().__init__(params)
        self._written = str(params.timeframe)

    def observe(
        self, signal: AnySignal, state: tuple[float, ...] | None, now: float
    ) -> tuple[Any, Verdict]:
        return self._judge((*(state or ()), now)[-self.params.num_events :], now)

    def tick(self, state: tuple[float, ...] | None, now: float) -> tuple[Any, Verdict]:
        return self._judge(state or (), now)

    def explain(self, state: tuple[float, ...] | None, now: float) -> str:
        found = len(self._alive(state or (), now))
        wanted = self.params.num_events
        many = f"{found} or more" if found == wanted > 1 else str(found)
        noun = "signal" if many == "1" else "signals"
        return f"{many} {noun} within {self.params.timeframe}, the bound is {wanted}"

    def _judge(self, times: tuple[float, ...], now: float) -> tuple[Any, Verdict]:
        alive = self._alive(times, now)
        holds = len(alive) >= self.params.num_events
        # With enough signals the end of the oldest ends the alert; without, only the end of the
        # youngest matters, after which nothing is worth keeping.
        recheck = (alive[0] if holds else alive[-1]) + self.params.timeframe if alive else None
        facts = {"count": len(alive), "timeframe": self._written}
        return alive or None, Verdict(holds, recheck, facts)

    def _alive(self, times: tuple[float, ...], now: float) -> tuple[float, ...]:
        timeframe = self.params.timeframe
        if not times or times[0] + timeframe > now:
            return times
        return tuple(time for time in times if time + timeframe > now)


@hook
def register_detectors(register: Any) -> None:
    register(Frequency)
