"""Why something can't be done about an incident: for the engine, and for those who ask it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sentinel.engine.commands import Assign, Handling, Note, Release
from sentinel.model.alert import Incident
from sentinel.model.delivery import Recipient

LONGEST_NOTE = 1_000
"""In characters."""


class Objection(Struct, frozen=True):
    """`reason` is a stable word to count by, `text` a sentence that says how to mend it."""

    reason: str
    text: str


def objection(
    command: Handling,
    incident: Incident | None,
    people: Mapping[str, Sequence[Recipient]] | None,
) -> Objection | None:
    """None where it can be done. `people` says where each is reached; None where the asker does
    not know, so that it is left to the engine."""
    if incident is not None and incident.folded_into is not None:
        return Objection("too_late", over(incident))
    if incident is None or incident.state == "resolved":
        return Objection("too_late", "it is over: only an incident that is open can be handled")
    match command:
        case Release() if incident.state != "acknowledged":
            return Objection(
                "nobody_has_it", "nobody has it, so that there is nothing to give back"
            )
        case Assign(to=to):
            return _unfit(to, incident, people)
        case Note(text=text) if not text.strip():
            return Objection("empty", "found a note without any text, expected a sentence")
        case Note(text=text) if len(text) > LONGEST_NOTE:
            found = f"found {len(text):,} characters, expected at most {LONGEST_NOTE:,}"
            return Objection("too_long", f"{found}: shorten the note")
    return None


def over(incident: Incident) -> str:
    """Why nothing can be done about one that is over, and what can."""
    home = incident.folded_into
    if home is None:
        return "it is over"
    return f"it is part of incident {home} now, which has the same cause: turn to that one"


def _unfit(
    to: str, incident: Incident, people: Mapping[str, Sequence[Recipient]] | None
) -> Objection | None:
    if incident.state == "acknowledged" and incident.acknowledged_by == to:
        return Objection("has_it", f"{to} has it already")
    if people is None:
        return None
    if to not in people:
        known = ", ".join(sorted(people)) or "nobody: add some"
        text = f"found no person {to!r}, expected one of those under `people:` ({known})"
        return Objection("unknown_person", text)
    if not people[to]:
        text = f"no channel reaches {to}: give them an address under `people:`"
        return Objection("unreachable", text)
    return None
