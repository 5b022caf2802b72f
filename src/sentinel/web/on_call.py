"""Overrides and do-not-disturb as the web sets and ends them, each with its entry in the audit
trail."""

import sqlite3

from sentinel.engine.commands import EndOverride, SetDoNotDisturb, SetOverride
from sentinel.engine.overrides import clash_of
from sentinel.errors import Invalid
from sentinel.model.override import Override
from sentinel.on_call.request import overlap, undisturbed_until, zone_of
from sentinel.store import overrides
from sentinel.store.audit import Noted
from sentinel.web.services import Services


async def put_override(services: Services, asked: Override, by: str, how: str = "") -> Override:
    """Returns it as it was set. Raises Invalid where somebody else was quicker."""
    now = services.clock.now()

    def noting(conn: sqlite3.Connection) -> Noted | None:
        found = overrides.like(conn, asked)
        if found is None:
            return None
        return _noted(by, "override set", _named(found), _about(found), found.reason, how)

    await services.pipeline.command(SetOverride(asked, now), noting=noting)
    found, others = await services.database.read(
        lambda conn: (overrides.like(conn, asked), overrides.lasting(conn, now))
    )
    if found is None:
        clash = clash_of(asked, others)
        if clash is None:
            raise Invalid("until: found a time that has passed meanwhile, expected a later one")
        raise Invalid(overlap(clash, zone_of(services.setup.config, asked.schedule), now))
    return found


async def end_override(services: Services, override: Override, by: str, how: str = "") -> None:
    noted = _noted(by, "override ended", _named(override), _about(override), how)
    command = EndOverride(override.id, by, services.clock.now())
    await services.pipeline.command(command, noting=lambda _: noted)


async def leave_alone(services: Services, person: str, lasts: str, by: str, how: str = "") -> float:
    """Until the time that is returned only what is critical reaches the person; `off` ends that.
    Raises Invalid."""
    now = services.clock.now()
    until = undisturbed_until(services.setup.config, person, lasts, now)
    action = "do not disturb set" if until > now else "do not disturb ended"
    noted = _noted(by, action, f"person {person}", f"for {lasts.strip()}", how)
    command = SetDoNotDisturb(person, until, by, now)
    await services.pipeline.command(command, noting=lambda _: noted)
    return until


def _named(override: Override) -> str:
    return f"override {override.id}"


def _about(override: Override) -> str:
    return f"{', '.join(override.people)} in {override.schedule}"


def _noted(by: str, action: str, what: str, *details: str) -> Noted:
    return Noted(by, action, what, ", ".join(filter(None, details))[:500])
