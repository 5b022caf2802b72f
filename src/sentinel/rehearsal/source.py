"""Signals as the pipeline hands them to the engine: stamped, enriched, numbered and grouped."""

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from sentinel.config.model import Config
from sentinel.config.model_tests import FeedConfig
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.classify import Classifier
from sentinel.intelligence.enrich import enrich
from sentinel.model.signal import AnySignal, Error
from sentinel.stamping import stamp
from sentinel.wiring import build_classifier

# What a test says of an error itself goes before what the catalog and the grouping know.
_FOUND = ("severity", "category", "title", "fingerprint")


class Source:
    """Of one installation, for any number of tests."""

    def __init__(self, config: Config, catalog: Catalog) -> None:
        self._config = config
        self._catalog = catalog
        self._classifier: Classifier = build_classifier(config)

    def signals(self, feed: FeedConfig, start: float) -> Iterator[AnySignal]:
        """In the order of their times, without number and group. `start` is when the test begins,
        in seconds since 1970 UTC."""
        signal = feed.signal
        own = self._config.projects.get(signal.project)
        stamped = stamp(signal, signal.project, own, start + feed.at)
        if isinstance(stamped, Error):
            stamped = self._enriched(stamped)
        for number in range(feed.times):
            at = start + feed.at + number * feed.every
            yield replace(stamped, at=at, received=at)

    def _enriched(self, error: Error) -> Error:
        known = enrich(error, self._catalog, self._classifier).error
        given = {name: value for name in _FOUND if (value := getattr(error, name))}
        return replace(known, **given)


class Groups(Struct):
    """Numbers signals and groups errors as an empty store would."""

    signals: int = 0
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, signal: AnySignal) -> AnySignal:
        """The next signal, in the order of their times."""
        self.signals += 1
        if not isinstance(signal, Error):
            return replace(signal, seq=self.signals)
        key = (signal.project, signal.fingerprint)
        number = self.numbers.get(key)
        state = signal.group_state
        if number is None:
            number = self.numbers[key] = len(self.numbers) + 1
            state = "new" if state == "known" else state
        return replace(signal, seq=self.signals, group=signal.group or number, group_state=state)
