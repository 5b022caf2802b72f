"""How states and stages are called."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from sentinel.intelligence.wording import counted, span
from sentinel.model.broadcast import Phase
from sentinel.status.facts import Day, Facts, PartState, Story

STATES: Mapping[PartState, str] = {
    "up": "Working",
    "degraded": "Degraded",
    "partial": "Partly out",
    "down": "Out",
    "maintenance": "Maintenance",
    "unknown": "Not known",
}
OVERALL: Mapping[PartState, str] = {
    "up": "All systems work",
    "degraded": "Some systems are degraded",
    "partial": "Some systems are out",
    "down": "Out of service",
    "maintenance": "Maintenance is in progress",
    "unknown": "Some states are not known at the moment",
}
STAGES: Mapping[Phase, str] = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "completed": "Completed",
    "correction": "Correction",
    "retraction": "Taken back",
    "postmortem": "Post-mortem",
}
DAYS: Mapping[PartState, str] = {
    "up": "no trouble",
    "degraded": "degraded",
    "partial": "out for a part of the day",
    "down": "out for most of the day",
    "maintenance": "maintenance",
    "unknown": "no data",
}
_MOST_NAMED = 3
_LONGEST_OPENING = 400
_BAD: tuple[PartState, ...] = ("down", "partial", "degraded")


def overall(facts: Facts) -> str:
    if not facts.parts and facts.overall == "up":
        return "No trouble is known"
    return OVERALL[facts.overall]


def state_of_story(story: Story, now: float) -> PartState:
    """The shape that stands beside its title."""
    if not story.is_open:
        return "up"
    if story.kind == "maintenance":
        return "maintenance"
    if story.stage == "monitoring":
        return "degraded"
    of: Mapping[str, PartState] = {"info": "degraded", "warning": "partial", "critical": "down"}
    return of[story.severity]


def date(at: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%-d %b %Y}"


def minute(at: float, zone: tzinfo) -> str:
    """With the name of the clocks. Where these have a number for a name, it is told of what."""
    moment = datetime.fromtimestamp(at, zone)
    name = moment.tzname() or ""
    return f"{moment:%-d %b %Y, %H:%M} {name if name[:1].isalpha() else f'UTC{name}'}"


def opening(text: str) -> str:
    """So much of an update as there is room for on the front page."""
    if len(text) <= _LONGEST_OPENING:
        return text
    return f"{text[:_LONGEST_OPENING].rsplit(maxsplit=1)[0]} …"


def day(one: Day) -> str:
    """What a day was like, with how long it was bad."""
    text = DAYS[one.state]
    for name, seconds in (("out", one.down), ("degraded", one.degraded)):
        if seconds:
            text += f", {name} for {span(seconds)}"
    return text


def brief(found: tuple[Day, ...]) -> str:
    """How many of them were bad, for those who can't see the bars; `days` has more."""
    bad = sum(one.state in _BAD for one in found)
    unknown = sum(one.state == "unknown" for one in found)
    if unknown == len(found):
        return "No data"
    told = f"Trouble on {counted(bad, 'day')}" if bad else "No trouble"
    return f"{told}, no data on {unknown}" if unknown else told


def days(found: tuple[Day, ...], zone: tzinfo) -> str:
    """All of them in one sentence, with the worst by their dates."""
    bad = [one for one in found if one.state in _BAD]
    unknown = sum(one.state == "unknown" for one in found)
    told = f"The last {len(found)} days: "
    if unknown == len(found):
        return told + "no data"
    told += f"trouble on {len(bad)}" if bad else "no trouble"
    worst = sorted(bad, key=lambda one: (-one.down, -one.degraded))[:_MOST_NAMED]
    if worst:
        told += ", most on " + ", ".join(
            f"{datetime.fromtimestamp(one.at, zone):%-d %b}" for one in sorted(worst, key=_at)
        )
    return f"{told}; no data on {unknown}" if unknown else told


def _at(one: Day) -> float:
    return one.at
