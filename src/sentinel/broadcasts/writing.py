"""What people write to clients, checked before it becomes a command: nothing that only operators
should know goes out without somebody having seen that it is there."""

import re
import sqlite3
from collections.abc import Iterable, Sequence

from sentinel.broadcasts.redaction import Redaction, described
from sentinel.config.components import known_components_of
from sentinel.config.model import Config
from sentinel.config.suggest import one_of, show
from sentinel.engine.broadcast_commands import refusal
from sentinel.errors import Invalid
from sentinel.model.alert import Alert, AlertSeverity
from sentinel.model.broadcast import Broadcast, BroadcastAudience, BroadcastKind, Phase
from sentinel.store import alerts, clients
from sentinel.wiring import redaction_of

LONGEST_TEXT = 6_000
"""A post-mortem has room in it; where there is less, as in an SMS, its beginning stands."""
LONGEST_TITLE = 120
_BREAKS = re.compile(r"\r\n?|\x85|\u2028|\u2029")
_SPACES = re.compile(r"[\xa0\u2000-\u200a\u202f\u205f\u3000]")
# They part lines, and join the letters and emoji of some scripts.
_FINE = "\n\t\u200c\u200d"
_ABOUT = ("host", "service", "component")


class Leaky(Invalid):
    """What was written holds something that clients should not read."""


def redaction_for(conn: sqlite3.Connection, config: Config, incident: int | None) -> Redaction:
    """With the names of the tenants that are known, and of what is behind the incident."""
    tenants = [each for one in clients.tenants(conn) for each in (one.name, one.title)]
    behind = names_behind(alerts.of_incident(conn, incident)) if incident else ()
    return redaction_of(config, tenants, behind)


def names_behind(found: Iterable[Alert]) -> list[str]:
    """Codes, hosts, services and the like that alerts name."""
    return [
        each
        for alert in found
        for each in (alert.rule, alert.code, *(alert.about.get(name, "") for name in _ABOUT))
        if each
    ]


def checked_text(given: str, redaction: Redaction, *, as_is: bool = False) -> str:
    """The text with line breaks as `\\n`. Raises Invalid, or Leaky unless it is to be sent as it
    is."""
    # Spaces of other widths come with what is copied from elsewhere, and look the same.
    text = _BREAKS.sub("\n", _SPACES.sub(" ", given)).strip()
    if not text or len(text) > LONGEST_TEXT:
        raise Invalid(
            f"text: expected 1 to {LONGEST_TEXT:,} characters for clients to read, found "
            f"{len(text):,}"
        )
    unseen = next((one for one in text if one not in _FINE and not one.isprintable()), None)
    if unseen is not None:
        raise Invalid(
            f"text: found a character that can't be seen (U+{ord(unseen):04X}), expected plain text"
        )
    _check("text", text, redaction, as_is=as_is)
    return text


def checked_title(given: str, redaction: Redaction, *, as_is: bool = False) -> str:
    """Raises Invalid, or Leaky, likewise: it becomes the subject of mails."""
    title = given.strip()
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise Invalid(f"title: expected one line of 1 to {LONGEST_TITLE} characters")
    _check("title", title, redaction, as_is=as_is)
    return title


def check_phase(of: Broadcast, phase: Phase) -> None:
    """Raises Invalid where that can't be said in this broadcast."""
    refused = refusal(of, phase)
    if refused is not None:
        raise Invalid(f"phase: {refused}")


def new_broadcast(
    conn: sqlite3.Connection,
    config: Config,
    *,
    title: str,
    kind: BroadcastKind = "incident",
    severity: AlertSeverity = "warning",
    components: Sequence[str] = (),
    audience: BroadcastAudience = "subscribers",
    tenants: Sequence[str] = (),
    incident: int | None = None,
    starts: float | None = None,
    ends: float | None = None,
    now: float,
    as_is: bool = False,
) -> Broadcast:
    """One that a person begins; it gets its number when it is stored. Raises Invalid."""
    known = known_components_of(config)
    for name in components:
        if name not in known:
            expected = one_of(sorted(known)) if known else "none, as there are no components"
            raise Invalid(f"components: found {show(name)}, expected {expected}")
    if incident is not None and alerts.get_incident(conn, incident) is None:
        raise Invalid(f"incident: found {incident}, which there is not")
    if audience == "affected" and not tenants and incident is None:
        raise Invalid("tenants: expected those that are affected, or an incident that says so")
    if audience != "affected" and tenants:
        raise Invalid("tenants: only a broadcast to those affected is for some tenants alone")
    for tenant in tenants:
        if clients.tenant(conn, tenant) is None:
            raise Invalid(f"tenants: found {show(tenant)}, which is not known as a tenant")
    if kind == "maintenance":
        if starts is None or ends is None or starts >= ends:
            raise Invalid("starts, ends: expected when the work begins and when it ends after that")
    elif starts is not None or ends is not None:
        raise Invalid("starts, ends: only maintenance has times that are announced")
    return Broadcast(
        id=0,
        kind=kind,
        incident=incident,
        title=checked_title(title, redaction_for(conn, config, incident), as_is=as_is),
        severity=severity,
        components=tuple(dict.fromkeys(components)),
        audience=audience,
        tenants=tuple(dict.fromkeys(tenants)),
        opened=now,
        starts=starts,
        ends=ends,
    )


def _check(what: str, text: str, redaction: Redaction, *, as_is: bool) -> None:
    leaks = [] if as_is else redaction.leaks(text)
    if leaks:
        raise Leaky(
            f"{what}: found {described(leaks)}; expected nothing that only you should know: say it "
            "in the clients' words, or send it as it is"
        )
