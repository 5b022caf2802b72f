"""The job that checks the books every hour, beside the pipeline."""

from collections.abc import Callable

import structlog

from sentinel.books.audit import Audit
from sentinel.books.imbalance import Balance
from sentinel.clock import Clock
from sentinel.config.schema import Retention
from sentinel.errors import StoreError
from sentinel.model.signal import Error
from sentinel.pipeline import Setup
from sentinel.self_report import BOOKS, error
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.books")

_FIRST_AFTER, _EVERY = 300.0, 3_600.0
_LOOK_BACK = 86_400.0
# The slices leave the readers to pages and queries in between.
_PAUSE = 0.02
_MOST_LOGGED = 20
# What is removed while the books are read would seem to be missing.
_MARGIN = 900.0


class BookKeeper:
    """`report` takes what operators have to know. `imbalances` is how many the last check found."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        setup: Callable[[], Setup],
        report: Callable[[Error], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._setup = setup
        self._report = report
        self.imbalances = 0

    async def run(self) -> None:
        await self._clock.sleep(_FIRST_AFTER)
        since = self._clock.now() - _LOOK_BACK
        while True:
            begun = self._clock.now()
            try:
                await self.check(since)
                since = begun - _EVERY
            except StoreError as refused:
                log.error("the books could not be read", error=str(refused))
            await self._clock.sleep(_EVERY)

    async def check(self, since: float) -> Balance:
        """Of what came since a time and is still kept."""
        now, setup = self._clock.now(), self._setup()
        audit = Audit(kept_since(since, now, setup.config.retention), now, setup.book.rules.by_name)
        for one in audit.slices():
            await self._database.read(one)
            await self._clock.sleep(_PAUSE)
        balance = audit.balance
        self.imbalances = balance.found
        for imbalance in balance.imbalances[:_MOST_LOGGED]:
            log.error("the books do not balance", what=imbalance.what, text=imbalance.text)
        if not balance.balanced:
            text = f"{balance.found} not accounted for; the first: {balance.imbalances[0].text}"
            self._report(error(BOOKS, text))
        log.info("books", imbalances=balance.found, **balance.matches)
        return balance


def kept_since(since: float, now: float, kept: Retention) -> float:
    """Not before what is older than what is kept of signals, decisions or deliveries."""
    shortest = min(kept.signals, kept.decisions, kept.deliveries)
    return max(since, now - shortest + _MARGIN)
