"""Entries of `broadcasts:` for the engine's tests, and what came of them."""

from typing import Any
from zoneinfo import ZoneInfo

from sentinel.engine.broadcast_rules import BroadcastRule
from sentinel.model.broadcast import Phase, Update
from tests.engine.worlds import World

MESSAGES = {
    "investigating": {"en": "{components}: we look into it, since {since}."},
    "resolved": {"en": "{title} is over after {duration}."},
}
FULL = {
    **MESSAGES,
    "identified": {"en": "We know what it is."},
    "monitoring": {"en": "It seems to be over."},
}


def entry(name: str = "outage", **options: Any) -> BroadcastRule:
    options.setdefault("title", "Text messages are delayed")
    options.setdefault("components", ("sms",))
    options.setdefault("shown", ("Text messages",))
    options.setdefault("messages", MESSAGES)
    options.setdefault("zone", ZoneInfo("UTC"))
    options.setdefault("mode", "auto")
    return BroadcastRule(name=name, **options)


def published(world: World) -> list[tuple[float, Phase]]:
    """When what was said, in the order in which it went out."""
    found = [one for one in world.updates.values() if one.state == "published"]
    found.sort(key=lambda one: (one.published or 0.0, one.id))
    return [(one.published or 0.0, one.phase) for one in found]


def only(world: World, phase: Phase) -> Update:
    [found] = [one for one in world.updates.values() if one.phase == phase]
    return found
