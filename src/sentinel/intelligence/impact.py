"""What an error group means for the business: judged by the catalog, counted from its events."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from sentinel.intelligence.catalog import Companies, Entry, Priority, Revenue
from sentinel.model.group import Group
from sentinel.model.reach import Reach
from sentinel.model.signal import Level, Severity

_MOST_FEATURES = 3
_OF_SEVERITY: dict[Severity, Priority] = {
    "critical": "P0",
    "high": "P1",
    "medium": "P2",
    "low": "P2",
}
_OF_LEVEL: dict[Level, Priority] = {"fatal": "P0", "error": "P1"}


class GroupImpact(Struct, frozen=True, kw_only=True):
    """`revenue`, `companies` and `customer_facing` are None where no catalog entry says so.

    `sentence` tells it in plain words, `past` once it is over. Times are seconds since 1970 UTC.
    """

    priority: Priority
    revenue: Revenue | None = None
    companies: Companies | None = None
    customer_facing: bool | None = None
    features: tuple[str, ...] = ()
    tenants: int = 0
    users: int = 0
    events: int = 0
    first_seen: float
    last_seen: float
    sentence: str = ""
    past: str = ""


def impact_of(
    group: Group,
    entry: Entry | None,
    zone: tzinfo = UTC,
    reach: Reach | None = None,
    tenant: str | None = None,
) -> GroupImpact:
    """`zone` is the one to tell times in. With `reach` it is what the incident means that the group
    stands at the root of, effects included. `tenant` is called by its name where it is the only
    one. Without an entry the priority follows the severity, or else the level."""
    features = entry.impact.features if entry else ()
    if reach is not None:
        group = replace(
            group,
            tenants=reach.tenants,
            users=reach.users,
            count=sum(reach.events.values()),
            first_seen=reach.began,
        )
    return GroupImpact(
        priority=entry.impact.priority if entry else _priority_of(group),
        revenue=entry.impact.revenue if entry else None,
        companies=entry.impact.companies if entry else None,
        customer_facing=entry.customer_facing if entry else None,
        features=features,
        tenants=group.tenants,
        users=group.users,
        events=group.count,
        first_seen=group.first_seen,
        last_seen=group.last_seen,
        sentence=_sentence(group, features, zone, tenant),
        past=_past(group, features, tenant),
    )


def _priority_of(group: Group) -> Priority:
    return _OF_SEVERITY[group.severity] if group.severity else _OF_LEVEL.get(group.level, "P2")


def _sentence(group: Group, features: Sequence[str], zone: tzinfo, tenant: str | None) -> str:
    """Such as "3 tenants and 41 users affected since 14:02 UTC: SMS and phone greetings"."""
    if who := _who(group, tenant):
        text = f"{_listed(who)} affected since {_since(group, zone)}"
    else:
        text = f"{_count(group.count, 'event')} since {_since(group, zone)}, no user named"
    return _with_features(text, features)


def _past(group: Group, features: Sequence[str], tenant: str | None) -> str:
    if who := _who(group, tenant):
        is_one = len(who) == 1 and (group.tenants or group.users) == 1
        text = f"{_listed(who)} {'was' if is_one else 'were'} affected"
    else:
        text = f"{_count(group.count, 'event')}, no user named"
    return _with_features(text, features)


def _who(group: Group, tenant: str | None) -> list[str]:
    who = [_count(group.users, "user")] if group.users else []
    if group.tenants:
        is_named = tenant and group.tenants == 1
        who.insert(0, tenant if is_named and tenant else _count(group.tenants, "tenant"))
    return who


def _with_features(text: str, features: Sequence[str]) -> str:
    return f"{text}: {_features(features)}" if features else text


def _features(features: Sequence[str]) -> str:
    rest = len(features) - _MOST_FEATURES
    if rest <= 0:
        return _listed(features)
    return _listed([*features[:_MOST_FEATURES], f"{rest} more"])


def _since(group: Group, zone: tzinfo) -> str:
    first, last = (datetime.fromtimestamp(at, zone) for at in (group.first_seen, group.last_seen))
    return f"{first:%H:%M %Z}" if first.date() == last.date() else f"{first:%-d %b %Y %H:%M %Z}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
