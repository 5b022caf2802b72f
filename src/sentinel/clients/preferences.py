"""What a contact chooses: when it is told, of what, and in which language."""

import sqlite3
from collections.abc import Collection
from functools import cache
from zoneinfo import available_timezones

from msgspec import Struct
from msgspec.structs import replace

from sentinel.clients.subscribing import THE_CONTACT
from sentinel.engine.calendar_text import parse_clock
from sentinel.errors import Invalid
from sentinel.model.alert import AlertSeverity
from sentinel.model.client import Change, ClientQuiet, Contact, Subscription
from sentinel.store import client_history, clients
from sentinel.store.clients import Reached

_MINUTES = 1440
_MOST_COMPONENTS = 200
_LONGEST_COMPONENT = 200


class Choice(Struct, frozen=True, kw_only=True):
    """As a form or a client of the API gives it: times such as `22:00`, empty for none."""

    language: str = "en"
    timezone: str = "UTC"
    quiet_from: str = ""
    quiet_until: str = ""
    digest: str = ""
    components: tuple[str, ...] = ()
    severity: str = "info"


class Preferences(Struct, frozen=True, kw_only=True):
    """A choice that was checked."""

    language: str
    timezone: str
    quiet: ClientQuiet | None
    digest: int | None
    components: tuple[str, ...]
    severity: AlertSeverity


def checked(choice: Choice, languages: Collection[str]) -> Preferences:
    """Raises Invalid, naming the field and what was expected."""
    if choice.language not in languages:
        raise Invalid(
            f"language: expected one of {', '.join(languages)}, found {choice.language[:20]!r}"
        )
    if choice.timezone not in zones():
        raise Invalid(
            f"timezone: expected a name such as Europe/London, found {choice.timezone[:20]!r}"
        )
    severity = next((one for one in _SEVERITIES if one == choice.severity), None)
    if severity is None:
        raise Invalid(
            f"severity: expected one of {', '.join(_SEVERITIES)}, found {choice.severity[:20]!r}"
        )
    components = tuple(dict.fromkeys(one.strip() for one in choice.components if one.strip()))
    if len(components) > _MOST_COMPONENTS or any(
        len(one) > _LONGEST_COMPONENT or not one.isprintable() for one in components
    ):
        raise Invalid("components: expected at most 200 names, each on one short line")
    digest = choice.digest.strip()
    return Preferences(
        language=choice.language,
        timezone=choice.timezone,
        quiet=_quiet(choice.quiet_from.strip(), choice.quiet_until.strip()),
        digest=clock("digest", digest) if digest else None,
        components=components,
        severity=severity,
    )


def choose(
    conn: sqlite3.Connection, reached: Reached, wanted: Preferences, actor: str, now: float
) -> bool:
    """Set what the contact wants, and note what is different now. What its holder sets stands
    against the configuration from then on. Whether anything changed."""
    old = reached.contact
    new = replace(
        old,
        language=wanted.language,
        timezone=wanted.timezone,
        quiet=wanted.quiet,
        digest=wanted.digest,
    )
    wishes = [
        one
        for one in reached.live
        if (one.components, one.severity) != (wanted.components, wanted.severity)
    ]
    changes = [*_differences(old, new), *_wishes(wishes, wanted)]
    if not changes:
        return False
    clients.update_contact(conn, replace(new, chosen=now if actor == THE_CONTACT else old.chosen))
    for one in wishes:
        clients.set_wish(conn, one.id, wanted.components, wanted.severity)
    change = Change(at=now, actor=actor, what="preferences", detail="; ".join(changes))
    client_history.note(conn, old.id, change)
    return True


def of(reached: Reached) -> Preferences:
    """As they are: the wishes are those of the contact's first live address."""
    contact = reached.contact
    wish = next(iter(reached.live or reached.subscriptions), None)
    return Preferences(
        language=contact.language,
        timezone=contact.timezone,
        quiet=contact.quiet,
        digest=contact.digest,
        components=wish.components if wish else (),
        severity=wish.severity if wish else "info",
    )


def clock(field: str, text: str) -> int:
    """Minutes after midnight. Raises Invalid."""
    try:
        return parse_clock(text) % _MINUTES
    except ValueError as error:
        raise Invalid(f"{field}: {error}") from None


def clock_text(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


_SEVERITIES: tuple[AlertSeverity, ...] = ("info", "warning", "critical")


def _quiet(start: str, end: str) -> ClientQuiet | None:
    if not start and not end:
        return None
    if not start or not end:
        raise Invalid("quiet hours: expected a begin and an end, found only one of them")
    quiet = ClientQuiet(start=clock("quiet hours", start), end=clock("quiet hours", end))
    if quiet.start == quiet.end:
        raise Invalid("quiet hours: expected another end than the begin")
    return quiet


def _differences(old: Contact, new: Contact) -> list[str]:
    pairs = (
        ("language", old.language, new.language),
        ("timezone", old.timezone, new.timezone),
        ("quiet hours", _quiet_text(old.quiet), _quiet_text(new.quiet)),
        ("digest", clock_text(old.digest), clock_text(new.digest)),
    )
    return [f"{name} {was or 'none'} → {now or 'none'}" for name, was, now in pairs if was != now]


def _wishes(changed: list[Subscription], wanted: Preferences) -> list[str]:
    if not changed:
        return []
    shown = ", ".join(wanted.components[:20]) or "all"
    return [f"components {shown}; severity {wanted.severity}"]


def _quiet_text(quiet: ClientQuiet | None) -> str:
    return "" if quiet is None else f"{clock_text(quiet.start)}-{clock_text(quiet.end)}"
