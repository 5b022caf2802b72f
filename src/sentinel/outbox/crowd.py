"""What is not to be sent as it stands: too much for one person, too late, or old news."""

import sqlite3
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, field

from sentinel.model.delivery import Delivery, Limit
from sentinel.model.values import Duration
from sentinel.outbox.channel import Channel
from sentinel.outbox.merging import Merge, may_merge, merged
from sentinel.outbox.policy import Policy
from sentinel.store import alerts, merging


class Postponed(Struct, frozen=True):
    """What is over a person's limit waits until then, and may then be told together."""

    ids: tuple[int, ...]
    until: float
    why: str


class Crowd(Struct):
    """`outdated` are pairs of a delivery and the newer one that says all that matters, `digests`
    pairs of an update for a client and the others that it is to tell of."""

    merges: list[Merge] = field(default_factory=list)
    digests: list[tuple[Delivery, list[Delivery]]] = field(default_factory=list)
    postponed: list[Postponed] = field(default_factory=list)
    outdated: list[tuple[int, int]] = field(default_factory=list)

    @property
    def ids(self) -> set[int]:
        groups = [*(one.ids for one in self.merges), *(one.ids for one in self.postponed)]
        told = [one.id for leader, others in self.digests for one in (leader, *others)]
        return {*(id for ids in groups for id in ids), *(old for old, _ in self.outdated), *told}


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
    crowd = Crowd()
    seen: set[tuple[str, str | None]] = set()
    taken: Counter[str] = Counter()
    for delivery in chosen:
        if delivery.update is not None and delivery.subscription is not None:
            _of_client(conn, channel, delivery, now, crowd)
            continue
        if delivery.id in crowd.ids or not may_merge(delivery):
            continue
        over = _over_limit(conn, channel, delivery, now, taken)
        if over is not None:
            crowd.postponed.append(over)
            continue
        address = (delivery.address, delivery.person)
        if channel.notifier.capabilities.merges and address not in seen:
            seen.add(address)
            found = merging.waiting(conn, delivery, now)
            numbers = {n for one in found for n in (one.delivery.incident, *one.delivery.also) if n}
            known = alerts.incidents(conn, numbers)
            merge = merged(found, known, now, policy.stale_after, works=works)
            if merge is not None:
                crowd.merges.append(merge)
        taken[delivery.person or ""] += 1
    return crowd


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
