"""One side of a backtest: a set of rules, with the daemon's own engine, over signals that came
once before."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush, merge
from operator import attrgetter

from msgspec.structs import replace

from sentinel.backtest.tally import Event, Tally, name_of
from sentinel.engine.commands import Acknowledge
from sentinel.engine.effects import Effects
from sentinel.engine.engine import Engine, Input
from sentinel.engine.saved import Saved
from sentinel.installation import Installation
from sentinel.intelligence.classify import Answers
from sentinel.intelligence.enrich import weigh
from sentinel.model.override import Override
from sentinel.model.signal import AnySignal, Error
from sentinel.model.silence import Silence
from sentinel.wiring import build_book, build_classifier

_NO_ANSWERS = Answers()


class Run:
    """Begins at `start` with an engine that knows nothing but the silences and the overrides of
    schedules, and counts from `since` on.

    With `acknowledge_after`, whoever is paged first about an incident takes it so many seconds
    later; without it nobody ever does.
    """

    def __init__(
        self,
        rules: Installation,
        start: float,
        since: float,
        silences: Sequence[Silence] = (),
        overrides: Sequence[Override] = (),
        acknowledge_after: float | None = None,
    ) -> None:
        self.tally = Tally(since)
        self._catalog = rules.catalog
        self._classifier = build_classifier(rules.config) if rules.config.classify else None
        self._after = acknowledge_after
        self._waiting: list[tuple[float, int, str]] = []
        """Who is to take which incident, and when: a heap."""
        self._taken: set[int] = set()
        book = build_book(rules.config, rules.registry, rules.catalog)
        saved = Saved(
            silences=list(silences),
            overrides=list(overrides),
            last_silence=max((one.id for one in silences), default=0),
            last_override=max((one.id for one in overrides), default=0),
        )
        self._engine = Engine(book, saved, start)

    def take(self, signals: Sequence[AnySignal]) -> None:
        """Signals come in the order in which the daemon took them."""
        weighed = [self._weighed(one) if isinstance(one, Error) else one for one in signals]
        self._run(weighed, max(one.received for one in weighed))

    def finish(self, until: float) -> None:
        self._run([], until)

    def _run(self, inputs: Sequence[Input], until: float) -> None:
        if self._after is None:
            self._step(inputs, until)
            return
        begun = 0
        while True:
            # Nothing happens before the next moment, so nobody is paged before it, and nobody
            # acknowledges before the step ends.
            end = min(until, self._next_moment(inputs[begun : begun + 1]) + self._after)
            ended = begun
            while ended < len(inputs) and inputs[ended].received <= end:
                ended += 1
            known = merge(inputs[begun:ended], self._acknowledged(end), key=attrgetter("received"))
            self._step(list(known), end)
            begun = ended
            if end >= until:
                return

    def _step(self, inputs: Sequence[Input], until: float) -> None:
        effects = self._engine.step(inputs, until)
        tally = self.tally
        for alert in effects.alerts.values():
            tally.know_alert(alert.id, alert.rule, alert.key, alert.incident)
        # Of the same moment the decisions come first: an incident is opened before it pages.
        events: list[Event] = [*effects.decisions, *effects.deliveries]
        for event in sorted(events, key=attrgetter("at")):
            tally.take(event)
        tally.forget()
        if self._after is not None:
            self._note_pages(effects, self._after)

    def _note_pages(self, effects: Effects, after: float) -> None:
        for intent in effects.deliveries:
            if intent.reason != "firing" or intent.incident is None:
                continue
            for incident in (intent.incident, *intent.also):
                if incident not in self._taken:
                    self._taken.add(incident)
                    who = name_of(intent.recipient)
                    heappush(self._waiting, (intent.at + after, incident, who))

    def _acknowledged(self, until: float) -> Iterator[Acknowledge]:
        while self._waiting and self._waiting[0][0] <= until:
            at, incident, who = heappop(self._waiting)
            # It may run out, and be paged and taken once more.
            self._taken.discard(incident)
            yield Acknowledge(incident, who, at)

    def _next_moment(self, following: Sequence[Input]) -> float:
        times = [one.received for one in following]
        times += [at for at, _, _ in self._waiting[:1]]
        due = self._engine.next_due()
        times += [] if due is None else [due]
        return max(self._engine.now, min(times, default=float("inf")))

    def _weighed(self, error: Error) -> Error:
        """With the severity and the category that it would be given now."""
        own = _NO_ANSWERS
        if self._classifier is not None:
            own = self._classifier.answers(_as_it_came(error))
        severity, category = weigh(error, self._catalog, own)
        if severity == error.severity and category == error.category:
            return error
        return replace(error, severity=severity, category=category)


def _as_it_came(error: Error) -> Error:
    """Without what the pipeline adds after it has classified an error."""
    return replace(
        error,
        severity=None,
        category=None,
        title="",
        fingerprint="",
        group=None,
        group_state="known",
    )
