"""Asking rankers, which are foreign code: what one does wrong costs nothing but its answer."""

import threading
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
import structlog

from sentinel.api import Candidate, Evidence, Ranker

log = structlog.get_logger("sentinel.causes")

PATIENCE = 1.0
"""Seconds that a ranker may take. Whoever waits for a page waits for it."""

_MOST_CANDIDATES = 100


class Panel:
    """The rankers of one configuration. One that raises, or answers with what is no candidate, is
    asked again the next time; one that does not answer in time, once it has come to an end: a
    machine that stood still for a moment must not cost the causes of all that comes after."""

    def __init__(self, rankers: Sequence[type[Ranker]], patience: float = PATIENCE) -> None:
        self._rankers = rankers
        self._patience = patience
        self._busy: dict[str, threading.Thread] = {}
        self._told: set[tuple[str, str]] = set()

    def candidates(self, evidence: Evidence) -> Iterator[Candidate]:
        for ranker in self._rankers:
            busy = self._busy.get(ranker.type)
            if busy is None or not busy.is_alive():
                yield from self._asked(ranker, evidence)

    def _asked(self, ranker: type[Ranker], evidence: Evidence) -> Sequence[Candidate]:
        answer = _Answer(ranker, evidence)
        # Nothing can interrupt a function. What hangs keeps this thread, and nobody else.
        thread = threading.Thread(target=answer.run, name=f"ranker {ranker.type}", daemon=True)
        thread.start()
        thread.join(self._patience)
        if thread.is_alive():
            self._busy[ranker.type] = thread
            self._tell(ranker, "a ranker did not answer", waited=self._patience)
            return ()
        if answer.error is not None:
            self._tell(ranker, "a ranker failed", exc_info=answer.error)
        return answer.given

    def _tell(self, ranker: type[Ranker], what: str, **facts: object) -> None:
        """It is asked on every page: told once will do."""
        if (ranker.type, what) not in self._told:
            self._told.add((ranker.type, what))
            log.error(what, type=ranker.type, **facts)


class _Answer:
    """`given` is empty where there was an `error`."""

    def __init__(self, ranker: type[Ranker], evidence: Evidence) -> None:
        self._ranker = ranker
        self._evidence = evidence
        self.given: Sequence[Candidate] = ()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            found = list(islice(self._ranker().rank(self._evidence), _MOST_CANDIDATES))
            # Records check no types when they are made.
            self.given = [msgspec.convert(msgspec.to_builtins(one), Candidate) for one in found]
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything, or exit
            self.error = error
