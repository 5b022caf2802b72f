"""At least so many signals within a time."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, duration, hook
from sentinel.detectors._bounds import need_length
from sentinel.detectors._window import gone, latest, pack, unpack, without_oldest

LARGEST = 10_000


class FrequencyParams(Params, frozen=True):
    num_events: Annotated[
        int, Meta(ge=1, le=LARGEST, description="How many signals make the alert.")
    ]
    timeframe: Annotated[
        Duration, Meta(description="Within how long they must come, each counted for this long.")
    ] = duration("5m")

    def __post_init__(self) -> None:
        need_length("timeframe", self.timeframe)


class Frequency(Detector[FrequencyParams]):
    """The state is the times of the latest `num_events` signals, oldest first, packed.

    The window is open at its old end, as Prometheus' range selectors are: of two signals exactly
    `timeframe` apart, the first is no longer counted when the second comes.
    """

    type = "frequency"
    summary = "At least num_events signals within timeframe"
    Params = FrequencyParams
    State = bytes
    facts: ClassVar[dict[str, str]] = {
        "count": "signals within the timeframe, at most `num_events`",
        "timeframe": "the parameter",
    }

    def __init__(self, params: FrequencyParams) -> None:
        super().__init__(params)
        self._written = str(params.timeframe)

    def observe(self, signal: AnySignal, state: bytes | None, now: float) -> tuple[Any, Verdict]:
        return self._judge(latest((state or b"") + pack(now), self.params.num_events), now)

    def tick(self, state: bytes, now: float) -> tuple[Any, Verdict]:
        return self._judge(state, now)

    def explain(self, state: bytes | None, now: float) -> str:
        times, wanted = unpack(state or b""), self.params.num_events
        found = len(times) - gone(times, self.params.timeframe, now)
        many = f"{found} or more" if found == wanted > 1 else str(found)
        noun = "signal" if many == "1" else "signals"
        return f"{many} {noun} within {self.params.timeframe}, the bound is {wanted}"

    def _judge(self, state: bytes, now: float) -> tuple[Any, Verdict]:
        timeframe, wanted = self.params.timeframe, self.params.num_events
        times = unpack(state)
        old = gone(times, timeframe, now)
        count = len(times) - old
        holds = count >= wanted
        facts = {"count": count, "timeframe": self._written}
        if not count:
            return None, Verdict(holds, None, facts)
        # With enough signals the end of the oldest that is needed ends the alert; without, only
        # the end of the youngest matters, after which nothing is worth keeping.
        recheck = times[-wanted if holds else -1] + timeframe
        return without_oldest(state, old), Verdict(holds, recheck, facts)


@hook
def register_detectors(register: Any) -> None:
    register(Frequency)
