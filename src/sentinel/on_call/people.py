"""Each person: on call where, reached how, left alone when, and what waits for them."""

import sqlite3
from collections.abc import Iterable, Mapping

from msgspec import Struct

from sentinel.config.model import ChannelConfig, Config, PersonConfig
from sentinel.config.reach import recipients_of
from sentinel.discretion import masked
from sentinel.engine.quiet import Digest, Quiet, quiet_until
from sentinel.engine.schedules import on_call
from sentinel.engine.stand_ins import StandIns, overlaid, stand_ins_of
from sentinel.model.alert import SEVERITY_RANK
from sentinel.model.delivery import Limit
from sentinel.model.paging import Paging
from sentinel.model.rest import DoNotDisturb
from sentinel.model.values import Duration
from sentinel.store import overrides, pagings, proven, rests
from sentinel.store.proven import Proven


class Way(Struct, frozen=True, kw_only=True):
    """A channel over which a person is reached, the address masked. `proven` is when a message
    last got through there, with its delivery; `limit` the most that the person gets over it."""

    channel: str
    address: str
    proven: float | None
    delivery: int | None
    limit: str


class Waiting(Struct, frozen=True, kw_only=True):
    """A message that is kept for a person `until` then."""

    until: float
    reason: str
    severity: str
    channel: str
    incidents: tuple[int, ...]


class PersonNow(Struct, frozen=True, kw_only=True):
    """`quiet` and `digest` are said in words, empty where there are none; `quiet_until` where the
    quiet hours last just now."""

    name: str
    on_call: tuple[str, ...]
    ways: list[Way]
    quiet: str
    quiet_until: float | None
    digest: str
    undisturbed: DoNotDisturb | None
    waiting: list[Waiting]


def people_of(conn: sqlite3.Connection, config: Config, now: float) -> list[PersonNow]:
    """All of `people:`, those who are on call first."""
    stand_ins = stand_ins_of(overrides.lasting(conn, now), config.people)
    known, resting = proven.proven(conn), {one.person: one for one in rests.lasting(conn, now)}
    held = _held(pagings.load(conn))
    found = [
        PersonNow(
            name=person.name,
            on_call=_duties(config, person.name, stand_ins, now),
            ways=list(_ways(config, person, known)),
            quiet=quiet_text(person.quiet),
            quiet_until=_quiet_until(person.quiet, now),
            digest=digest_text(person.digest),
            undisturbed=resting.get(person.name),
            waiting=held.get(person.name, []),
        )
        for person in config.people.values()
    ]
    return sorted(found, key=lambda one: (not one.on_call, one.name))


def quiet_text(quiet: Quiet | None) -> str:
    if quiet is None:
        return ""
    let_through = f", but for what is {' or '.join(sorted(quiet.exempt))}" if quiet.exempt else ""
    return f"{_clock(quiet.start)} to {_clock(quiet.end)} ({quiet.zone.key}){let_through}"


def digest_text(digest: Digest | None) -> str:
    if digest is None:
        return ""
    severities = " and ".join(sorted(digest.severities, key=lambda one: -SEVERITY_RANK[one]))
    times = ", ".join(_clock(at) for at in digest.times)
    return f"what is {severities} at {times} ({digest.zone.key})"


def _ways(
    config: Config, person: PersonConfig, known: Mapping[tuple[str, str | None], Proven]
) -> Iterable[Way]:
    for one in recipients_of(person.name, person.addresses, config.channels.values()):
        last = known.get((one.channel, person.name))
        yield Way(
            channel=one.channel,
            address=masked(one.address),
            proven=last.at if last else None,
            delivery=last.delivery if last else None,
            limit=_limit_text(limit_of(person, config.channels[one.channel])),
        )


def limit_of(person: PersonConfig, channel: ChannelConfig) -> Limit | None:
    """The person's own goes before the channel's."""
    own = person.limits.get(channel.name) or person.limits.get(channel.address or "")
    return own or channel.per_person


def _limit_text(limit: Limit | None) -> str:
    return "" if limit is None else f"at most {limit.most} in {Duration(limit.within)}"


def _held(known: Iterable[Paging]) -> dict[str, list[Waiting]]:
    found: dict[str, list[Waiting]] = {}
    for paging in known:
        for one in paging.held:
            waiting = Waiting(
                until=one.until,
                reason=one.reason,
                severity=one.severity,
                channel=one.recipient.channel,
                incidents=one.incidents,
            )
            found.setdefault(one.recipient.person or "", []).append(waiting)
    return {name: sorted(own, key=lambda one: one.until) for name, own in found.items()}


def _duties(config: Config, person: str, stand_ins: StandIns, now: float) -> tuple[str, ...]:
    schedules = (one.schedule for one in config.schedules.values())
    return tuple(one.name for one in schedules if person in on_call(overlaid(one, stand_ins), now))


def _quiet_until(quiet: Quiet | None, now: float) -> float | None:
    if quiet is None:
        return None
    ends = (quiet_until(quiet, now, severity) for severity in SEVERITY_RANK)
    return next((end for end in ends if end is not None), None)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
