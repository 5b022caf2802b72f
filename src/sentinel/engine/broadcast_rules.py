"""When clients are told of an incident or of announced work, and in which words: the entries of
`broadcasts:`, and the `announce` of maintenance."""

from collections.abc import Mapping
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.engine.matchers import Matchers, all_hold
from sentinel.engine.routing import Step
from sentinel.model.alert import Alert, AlertSeverity
from sentinel.model.broadcast import BroadcastAudience, Phase

Mode = Literal["auto", "hold", "draft"]
"""Goes out at once, goes out unless somebody stops it, or goes out once somebody wants it."""
Messages = Mapping[Phase, Mapping[str, str]]
"""Texts with placeholders, by phase and language. The first language stands for all others."""


class BroadcastRule(Struct, frozen=True, kw_only=True):
    """Without `alerts` or `severities` all are meant. `components` are names, `shown` what clients
    call them. `ask` is who is asked whether an update may go out; the first step of the incident's
    escalations if None. Times in seconds: `hold` before a held one goes out, `resolve_after` from
    the end of the incident to the all-clear."""

    name: str
    alerts: frozenset[str] = frozenset()
    severities: frozenset[AlertSeverity] = frozenset()
    matchers: Matchers = ()
    components: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    title: str
    audience: BroadcastAudience = "affected"
    mode: Mode = "hold"
    hold: float = 0.0
    messages: Messages
    ask: Step | None = None
    resolve_after: float = 0.0
    zone: ZoneInfo

    def takes(self, alert: Alert) -> bool:
        return (
            (not self.alerts or alert.rule in self.alerts)
            and (not self.severities or alert.severity in self.severities)
            and all_hold(self.matchers, alert.labels)
        )


class Announcement(Struct, frozen=True, kw_only=True):
    """What clients are told of a maintenance. `before` are the times ahead of its beginning at
    which they are told of it, in seconds, the longest first."""

    components: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    title: str
    severity: AlertSeverity = "info"
    audience: BroadcastAudience = "subscribers"
    before: tuple[float, ...]
    messages: Messages
    zone: ZoneInfo
