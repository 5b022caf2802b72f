"""Fewer signals than there should be: a heartbeat that was missed."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, duration, hook
from sentinel.detectors._bounds import need_at_least, need_length
from sentinel.detectors._window import gone, latest, pack, unpack

LARGEST = 10_000


class FlatlineParams(Params, frozen=True):
    threshold: Annotated[
        int, Meta(ge=1, le=LARGEST, description="The alert exists while fewer signals come.")
    ] = 1
    timeframe: Annotated[Duration, Meta(description="Within how long they must come.")] = duration(
        "5m"
    )
    forget_after: Annotated[
        Duration,
        Meta(description="With `by`: a group that was silent for so long is no longer expected."),
    ] = duration("7d")

    def __post_init__(self) -> None:
        need_length("timeframe", self.timeframe)
        need_at_least("forget_after", self.forget_after, 2 * self.timeframe, "twice the timeframe")


class Watch(Struct, frozen=True, array_like=True):
    """`times` are packed, oldest first, and hold every signal that came after `since`. `forgets`
    is false for a watch that began with the rule and not with a signal."""

    since: float
    times: bytes = b""
    forgets: bool = True


class Flatline(Detector[FlatlineParams]):
    """Watches from the moment at which the rule is loaded, or with `by` from a group's first
    signal on, and says nothing before one whole timeframe has passed.

    Of each group the times of the latest `threshold` signals are kept, however old.
    """

    type = "flatline"
    summary = "Fewer than threshold signals within timeframe"
    Params = FlatlineParams
    State = Watch
    watches_silence = True
    facts: ClassVar[dict[str, str]] = {
        "count": "signals within the timeframe, at most `threshold`",
        "timeframe": "the parameter",
    }

    def __init__(self, params: FlatlineParams) -> None:
        super().__init__(params)
        self._written = str(params.timeframe)

    def begin(self, now: float) -> tuple[Any, Verdict]:
        return self._judge(Watch(now, forgets=False), now)

    def observe(self, signal: AnySignal, state: Watch | None, now: float) -> tuple[Any, Verdict]:
        before = state or Watch(now)
        packed, most, since = before.times + pack(now), self.params.threshold, before.since
        times = unpack(packed)
        if len(times) > most:
            # Of what came before the latest time that is left out, nothing is known.
            since = times[-most - 1]
        return self._judge(Watch(since, latest(packed, most), before.forgets), now)

    def tick(self, state: Watch, now: float) -> tuple[Any, Verdict]:
        return self._judge(state, now)

    def explain(self, state: Watch | None, now: float) -> str:
        if state is None:
            return "no signal has come yet, and silence is watched from the first one on"
        count = self._count(state, now)
        bound = f"the bound is fewer than {self.params.threshold}"
        if state.since + self.params.timeframe > now:
            return f"{count} so far, watched for less than {self.params.timeframe}; {bound}"
        many = f"{count} or more" if count >= self.params.threshold > 1 else str(count)
        noun = "signal" if many == "1" else "signals"
        return f"{many} {noun} within {self.params.timeframe}, {bound}"

    def _count(self, state: Watch, now: float) -> int:
        times = unpack(state.times)
        return len(times) - gone(times, self.params.timeframe, now)

    def _judge(self, state: Watch, now: float) -> tuple[Any, Verdict]:
        params, times = self.params, unpack(state.times)
        forgotten = times[-1] + params.forget_after if len(times) and state.forgets else None
        if forgotten is not None and forgotten <= now:
            return None, Verdict(False)
        count = self._count(state, now)
        facts = {"count": count, "timeframe": self._written}
        begins = state.since + params.timeframe
        if len(times) >= params.threshold:
            begins = max(begins, times[-params.threshold] + params.timeframe)
        holds = begins <= now
        return state, Verdict(holds, forgotten if holds else begins, facts)


@hook
def register_detectors(register: Any) -> None:
    register(Flatline)
