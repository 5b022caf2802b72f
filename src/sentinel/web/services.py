"""What the web's pages and API endpoints may use of the running daemon."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from sentinel.acting.performer import Performer
from sentinel.acting.worker import Worker
from sentinel.answering import Answering
from sentinel.clock import Clock
from sentinel.keys import Keys
from sentinel.metrics import Metrics
from sentinel.outbox import Channel, Outbox
from sentinel.pipeline import Pipeline, Setup
from sentinel.plugins import PluginInfo, Registry
from sentinel.signing import Signer
from sentinel.store.database import Database
from sentinel.web.live import Live


class Services(Struct):
    """`setup` and `registry` are exchanged by a reload: read them anew for each request.

    `channels` are those that have started. `unready` says why the daemon can't do its work now, or
    None when it can; `held` has the reasons of the plugins in quarantine, by kind and type.
    """

    database: Database
    pipeline: Pipeline
    outbox: Outbox
    performer: Performer
    worker: Worker
    setup: Setup
    registry: Registry
    keys: Keys
    signer: Signer
    answering: Answering
    channels: Callable[[], Sequence[Channel]]
    clock: Clock
    live: Live
    metrics: Metrics
    unready: Callable[[], str | None]
    held: Callable[[], Mapping[tuple[str, str], str]]

    def plugins(self) -> list[PluginInfo]:
        return self.registry.listing(self.held())
