"""What is not to be sent as it stands: too much for one person, too late, or old news."""

import sqlite3
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, field

from sentinel.model.alert import Incident
from sentinel.model.delivery import Delivery, Limit
from sentinel.model.values import Duration
from sentinel.outbox.channel import Channel
from sentinel.outbox.merging import Merge, may_merge, merged, over
from sentinel.outbox.policy import Policy
from sentinel.store import alerts, merging


class Postponed(Struct, frozen=True):
    """What is over a person's limit waits until then, and may then be told together."""

    ids: tuple[int, ...]
    until: float
    why: str


Address = tuple[str, str | None]
"""An address, and whose it is."""


class Queue(Struct, frozen=True):
    """What waits at one address, and the incidents that it tells of, as far as they are stored."""

    waiting: list[merging.Waiting]
    known: dict[int, Incident]


class Crowd(Struct):
    """`over` calls for what is over. `outdated` are pairs of a delivery and the newer one that says
    all that matters, `digests` pairs of an update for a client and the others that it is to tell
    of."""

    merges: list[Merge] = field(default_factory=list)
    digests: list[tuple[Delivery, list[Delivery]]] = field(default_factory=list)
    postponed: list[Postponed] = field(default_factory=list)
    outdated: list[tuple[int, int]] = field(default_factory=list)
    over: list[int] = field(default_factory=list)

    @property
    def ids(self) -> set[int]:
        groups = [*(one.ids for one in self.merges), *(one.ids for one in self.postponed)]
        told = [one.id for leader, others in self.digests for one in (leader, *others)]
        outdated = (old for old, _ in self.outdated)
        return {*(id for ids in groups for id in ids), *outdated, *told, *self.over}


def thin_out(
    conn: sqlite3.Connection,
    channel: Channel,
    chosen: Sequence[Delivery],
    now: float,
    policy: Policy,
    *,
    works: bool,
) -> Crowd:
    """Looks at what is about to be sent. `works` says that the channel is not known to fail."""
    crowd, queues = Crowd(), Queues(conn, now)
    seen: set[Address] = set()
    taken: Counter[str] = Counter()
    able = channel.notifier.capabilities
    for delivery in chosen:
        if delivery.update is not None and delivery.subscription is not None:
            _of_client(conn, channel, delivery, now, crowd)
            continue
        if delivery.id in crowd.ids or not may_merge(delivery):
            continue
        # A program that nobody answers keeps books of its own: it hears of each beginning.
        if (able.merges or able.ack) and delivery.id in queues.over(delivery, channel):
            crowd.over.append(delivery.id)
            continue
        postponed = _over_limit(conn, channel, delivery, now, taken)
        if postponed is not None:
            crowd.postponed.append(postponed)
            continue
        address = (delivery.address, delivery.person)
        if able.merges and address not in seen:
            seen.add(address)
            merge = queues.merged(delivery, channel, policy.stale_after, works=works)
            if merge is not None:
                crowd.merges.append(merge)
        taken[delivery.person or ""] += 1
    return crowd


class Queues:
    """What waits at each address, read once."""

    def __init__(self, conn: sqlite3.Connection, now: float) -> None:
        self._conn = conn
        self._now = now
        self._found: dict[Address, Queue] = {}

    def over(self, delivery: Delivery, channel: Channel) -> tuple[int, ...]:
        """The calls for what is over that wait with this one."""
        queue = self._of(delivery)
        return over(queue.waiting, queue.known, ends=_tells_ends(channel))

    def merged(
        self, delivery: Delivery, channel: Channel, stale_after: float, *, works: bool
    ) -> Merge | None:
        queue = self._of(delivery)
        over_ones = self.over(delivery, channel)
        found = [one for one in queue.waiting if one.delivery.id not in over_ones]
        return merged(found, queue.known, self._now, stale_after, works=works)

    def _of(self, delivery: Delivery) -> Queue:
        address = (delivery.address, delivery.person)
        if address not in self._found:
            waiting = merging.waiting(self._conn, delivery, self._now)
            numbers = {number for one in waiting for number in one.delivery.incidents}
            self._found[address] = Queue(waiting, alerts.incidents(self._conn, numbers))
        return self._found[address]


def _tells_ends(channel: Channel) -> bool:
    only = channel.notifier.capabilities.only
    return only is None or "resolved" in only


def _of_client(
    conn: sqlite3.Connection, channel: Channel, delivery: Delivery, now: float, crowd: Crowd
) -> None:
    newer = merging.newer_update(conn, delivery)
    if newer is not None:
        crowd.outdated.append((delivery.id, newer))
        return
    was_kept = delivery.due > delivery.created and delivery.attempts == 0
    if not was_kept or delivery.also or delivery.id in crowd.ids:
        return
    if not channel.notifier.capabilities.merges:
        return
    others = merging.digest_of(conn, delivery, now)
    if others:
        crowd.digests.append((delivery, others))


def _over_limit(
    conn: sqlite3.Connection, channel: Channel, delivery: Delivery, now: float, taken: Counter[str]
) -> Postponed | None:
    """`taken` counts what this look has let through."""
    limit = channel.limit_of(delivery.person)
    if limit is None or delivery.person is None or delivery.is_page:
        return None
    since = now - limit.within
    sent = merging.sent_since(conn, channel.name, delivery.person, since, now, limit.most)
    if len(sent) + taken[delivery.person] < limit.most:
        return None
    free = sent[limit.most - 1] if len(sent) >= limit.most else now
    return Postponed((delivery.id,), free + limit.within, _why(limit))


def _why(limit: Limit) -> str:
    return f"waits: {limit.most} messages within {Duration(limit.within)} are the limit"
