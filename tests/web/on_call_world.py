"""A daemon's web side with people, schedules, maintenance and mutes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.on_call.crew import MAIN, RULES

from sentinel.installation import Installation, require
from sentinel.model.override import Override

from .conftest import World

HOUR = 3_600.0
_MAIN = MAIN.replace("  console: {type: console}\n", "  console: {type: inapp}\n") + "hold: 0s\n"


def installation_of(folder: Path, rules: str = RULES) -> Installation:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(rules)
    (folder / "sentinel.yaml").write_text(_MAIN)
    return require(folder / "sentinel.yaml", {})[0]


@asynccontextmanager
async def on_call_world(folder: Path, found: Installation) -> AsyncIterator[World]:
    world = World(folder, found)
    await world.start()
    try:
        yield world
    finally:
        await world.stop()


def an_override(now: float, *people: str, after: float = 0.0, lasts: float = 2 * HOUR) -> Override:
    return Override(
        id=0,
        schedule="primary",
        people=people or ("bob",),
        starts=now + after,
        ends=now + after + lasts,
        author="alice",
        created=now,
    )
