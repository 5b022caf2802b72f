"""The facts in the shapes of the public API of Atlassian Statuspage, version 2, which many status
clients read: https://metastatuspage.com/api. Pure.

That API has no word for a state that is not known: such a component is left out of it, and our own
`status.json` beside it has it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from sentinel.intelligence.wording import iso
from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import Phase
from sentinel.status.facts import RANK, Facts, Part, PartState, Story, Told
from sentinel.status.words import overall

Json = dict[str, Any]
_PAGE = "status"
_COMPONENT: Mapping[PartState, str] = {
    "up": "operational",
    "degraded": "degraded_performance",
    "partial": "partial_outage",
    "down": "major_outage",
    "maintenance": "under_maintenance",
}
_INDICATOR: Mapping[PartState, str] = {
    "up": "none",
    "unknown": "minor",
    "degraded": "minor",
    "partial": "major",
    "down": "critical",
    "maintenance": "maintenance",
}
_IMPACT: Mapping[AlertSeverity, str] = {"info": "minor", "warning": "major", "critical": "critical"}
_OF_STAGE: Mapping[Phase, str] = {"retraction": "resolved"}


class Names(Struct, frozen=True):
    """`page` is the address of the status page, `zone` the time zone that it shows."""

    title: str
    page: str
    zone: str = "UTC"


def documents(facts: Facts, names: Names) -> dict[str, Json]:
    """By path, below `api/v2`."""
    head = {"page": _page(facts, names)}
    components = {"components": _components(facts)}
    status = {"status": _status(facts)}
    incidents = [one for one in facts.stories if one.kind == "incident"]
    works = [one for one in facts.stories if one.kind == "maintenance"]
    unresolved = [one for one in incidents if one.is_open]
    upcoming = [one for one in works if one.is_upcoming(facts.at)]
    active = [one for one in works if one.is_open and not one.is_upcoming(facts.at)]

    def stories(key: str, found: Iterable[Story]) -> Json:
        return {key: [_story(one, facts, names) for one in found]}

    planned = "scheduled_maintenances"
    return {
        "summary.json": {
            **head,
            **components,
            **stories("incidents", unresolved),
            **stories(planned, [*active, *upcoming]),
            **status,
        },
        "status.json": {**head, **status},
        "components.json": {**head, **components},
        "incidents.json": {**head, **stories("incidents", incidents[:50])},
        "incidents/unresolved.json": {**head, **stories("incidents", unresolved)},
        "scheduled-maintenances.json": {**head, **stories(planned, works[:50])},
        "scheduled-maintenances/upcoming.json": {**head, **stories(planned, upcoming)},
        "scheduled-maintenances/active.json": {**head, **stories(planned, active)},
    }


def _page(facts: Facts, names: Names) -> Json:
    return {
        "id": _PAGE,
        "name": names.title,
        "url": names.page,
        "time_zone": "Etc/UTC" if names.zone == "UTC" else names.zone,
        "updated_at": _time(facts.at - facts.at % 60),
    }


def _status(facts: Facts) -> Json:
    return {"indicator": _INDICATOR[facts.overall], "description": overall(facts)}


def _components(facts: Facts) -> list[Json]:
    """Those of a group come after it, and name it."""
    found: list[Json] = []
    groups: dict[str, Json] = {}
    for one in facts.parts:
        if one.state == "unknown":
            continue
        if one.group and one.group not in groups:
            same = [other for other in facts.parts if other.group == one.group]
            groups[one.group] = _group(one.group, same, len(found) + 1, facts)
            found.append(groups[one.group])
        found.append(_component(one, groups.get(one.group), len(found) + 1, facts))
    return found


def _component(one: Part, group: Json | None, position: int, facts: Facts) -> Json:
    return {
        "id": one.id,
        "name": one.title,
        "status": _COMPONENT[one.state],
        "description": one.description or None,
        "group": False,
        "group_id": group["id"] if group else None,
        "position": position,
        **_common(one.changed, facts),
    }


def _group(title: str, parts: Iterable[Part], position: int, facts: Facts) -> Json:
    shown = [one for one in parts if one.state != "unknown"]
    worst = max((one.state for one in shown), key=lambda state: RANK[state])
    changed = [one.changed for one in shown if one.changed is not None]
    return {
        "id": f"group-{shown[0].id}",
        "name": title,
        "status": _COMPONENT[worst],
        "description": None,
        "group": True,
        "group_id": None,
        "components": [one.id for one in shown],
        "position": position,
        **_common(max(changed, default=None), facts),
    }


def _common(changed: float | None, facts: Facts) -> Json:
    """Where nobody knows when it turned, it is not said to have done so just now, either."""
    at = _time(facts.at - facts.at % 86_400 if changed is None else changed)
    return {
        "page_id": _PAGE,
        "showcase": True,
        "only_show_if_degraded": False,
        "start_date": None,
        "created_at": at,
        "updated_at": at,
    }


def _story(one: Story, facts: Facts, names: Names) -> Json:
    work = one.kind == "maintenance"
    shown = [part for part in facts.parts if part.id in one.parts and part.state != "unknown"]
    found: Json = {
        "id": str(one.id),
        "name": one.title,
        "status": _OF_STAGE.get(one.stage, one.stage),
        "impact": "maintenance" if work else _IMPACT[one.severity],
        "created_at": _time(one.opened),
        "started_at": _time(one.opened),
        "updated_at": _time(one.changed),
        "monitoring_at": _time(_at_stage(one, "monitoring")),
        "resolved_at": _time(one.ended),
        "shortlink": f"{names.page}/incidents/{one.id}",
        "page_id": _PAGE,
        "incident_updates": [_update(told, one, facts) for told in reversed(one.updates)],
        "components": [_component(part, None, 1, facts) for part in shown],
        "reminder_intervals": None,
    }
    if work:
        found["scheduled_for"] = _time(one.starts if one.starts is not None else one.opened)
        found["scheduled_until"] = _time(one.ends)
    return found


def _update(told: Told, story: Story, facts: Facts) -> Json:
    status = "postmortem" if told.phase == "postmortem" else told.stage
    return {
        "id": str(told.id),
        "incident_id": str(story.id),
        "status": _OF_STAGE.get(status, status),
        "body": told.text,
        "created_at": _time(told.at),
        "updated_at": _time(told.at),
        "display_at": _time(told.at),
        "affected_components": [{"code": one, "name": facts.title_of(one)} for one in story.parts],
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _at_stage(story: Story, stage: Phase) -> float | None:
    return next((one.at for one in story.updates if one.stage == stage), None)


def _time(at: float | None) -> str | None:
    """With milliseconds, as these clients expect it."""
    text = iso(at)
    return None if text is None else text.replace("Z", ".000Z")
