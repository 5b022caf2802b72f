"""What happens in a test, in the order of time."""

import heapq
from collections.abc import Iterable, Iterator

from msgspec import Struct

from sentinel.config.model_tests import AcknowledgeConfig, RuleTestConfig, SilenceConfig
from sentinel.engine.commands import SetSilence
from sentinel.model.signal import AnySignal
from sentinel.model.silence import Silence
from sentinel.rehearsal.source import Source

SOMEBODY = "somebody"


class Restart(Struct, frozen=True):
    """The daemon is started anew, or reads its files again: to the engine that is the same."""

    received: float


class Take(Struct, frozen=True):
    """Somebody acknowledges the incidents of an alert, whose numbers only show then."""

    what: AcknowledgeConfig
    received: float


Event = AnySignal | SetSilence | Restart | Take


def events(test: RuleTestConfig, source: Source, start: float) -> Iterator[Event]:
    """At one moment restarts come first, then silences, then signals, then acknowledgements: a
    silence of that moment holds for its signals, and an acknowledgement finds their alerts."""
    restarts = sorted((*test.restart, *test.reload))
    streams: list[Iterable[Event]] = [
        [Restart(start + at) for at in restarts],
        sorted((_silence(one, start) for one in test.silence), key=_time),
        *(source.signals(feed, start) for feed in test.signals),
        sorted((Take(one, start + one.at) for one in test.acknowledge), key=_time),
    ]
    return heapq.merge(*streams, key=_time)


def _silence(one: SilenceConfig, start: float) -> SetSilence:
    starts = start + one.at
    silence = Silence(
        id=0,
        matchers=one.matchers,
        starts=starts,
        ends=starts + one.duration,
        author=SOMEBODY,
        created=starts,
    )
    return SetSilence(silence, starts)


def _time(event: Event) -> float:
    return event.received
