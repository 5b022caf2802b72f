"""Decisions: what the engine did or did not do, and why. Reasons are values."""

from typing import Literal

from msgspec import Struct

Verb = Literal[
    "alert_pending",
    "alert_dropped",
    "alert_fired",
    "alert_resolved",
    "alert_flapping",
    "alert_closed",
    "incident_opened",
    "incident_joined",
    "incident_rerooted",
    "incident_acknowledged",
    "incident_unacknowledged",
    "incident_escalated",
    "incident_noted",
    "incident_resolved",
    "delivery_enqueued",
    "not_delivered",
    "detector_failed",
    "detector_full",
    "engine_failed",
    "groups_full",
    "facts_full",
    "silence_set",
    "silence_ended",
    "dnd_set",
    "dnd_ended",
    "override_set",
    "override_ended",
    "broadcast_begun",
    "broadcast_ended",
    "update_held",
    "update_edited",
    "update_published",
    "update_vetoed",
    "command_refused",
    "action_started",
    "action_refused",
    "action_done",
    "action_failed",
    "action_no_help",
]
Outcome = Literal["waiting", "opened", "merged", "suppressed"]


class Decision(Struct, frozen=True, kw_only=True, gc=False):
    """`reason` is a stable word to count by, `text` the sentence for a person. `id` is its number
    in the store; 0 before it is there."""

    at: float
    verb: Verb
    reason: str
    text: str
    rule: str | None = None
    alert: int | None = None
    incident: int | None = None
    id: int = 0


class Match(Struct, frozen=True, kw_only=True, gc=False):
    """How one signal that matched one rule was accounted for; `reason` says why it was
    suppressed."""

    signal: int
    rule: str
    outcome: Outcome
    alert: int | None = None
    reason: str = ""
