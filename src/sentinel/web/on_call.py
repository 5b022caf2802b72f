"""Overrides and do-not-disturb as the web sets and ends them: committed first, then noted in the
audit trail."""

from zoneinfo import ZoneInfo

from sentinel.config.model import Config
from sentinel.engine.commands import EndOverride, SetDoNotDisturb, SetOverride
from sentinel.engine.overrides import clash_of
from sentinel.errors import Invalid
from sentinel.model.override import Override
from sentinel.on_call.request import overlap, undisturbed_until
from sentinel.store import audit, overrides
from sentinel.web.services import Services


async def put_override(services: Services, asked: Override, by: str, how: str = "") -> Override:
    """Returns it as it was set. Raises Invalid where somebody else was quicker."""
    now = services.clock.now()
    await services.pipeline.command(SetOverride(asked, now))
    found, others = await services.database.read(
        lambda conn: (overrides.like(conn, asked), overrides.lasting(conn, now))
    )
    if found is None:
        clash = clash_of(asked, others)
        if clash is None:
            raise Invalid("until: found a time that has passed meanwhile, expected a later one")
        raise Invalid(overlap(clash, zone_of(services.setup.config, asked.schedule), now))
    what = f"{', '.join(found.people)} in {found.schedule}"
    await _note(services, by, "override set", f"override {found.id}", what, found.reason, how)
    return found


async def end_override(services: Services, override: Override, by: str, how: str = "") -> None:
    await services.pipeline.command(EndOverride(override.id, by, services.clock.now()))
    what = f"{', '.join(override.people)} in {override.schedule}"
    await _note(services, by, "override ended", f"override {override.id}", what, how)


async def leave_alone(services: Services, person: str, lasts: str, by: str, how: str = "") -> float:
    """Until the time that is returned only what is critical reaches the person; `off` ends that.
    Raises Invalid."""
    now = services.clock.now()
    until = undisturbed_until(services.setup.config, person, lasts, now)
    await services.pipeline.command(SetDoNotDisturb(person, until, by, now))
    action = "do not disturb set" if until > now else "do not disturb ended"
    await _note(services, by, action, f"person {person}", f"for {lasts.strip()}", how)
    return until


def zone_of(config: Config, schedule: str) -> ZoneInfo:
    known = config.schedules.get(schedule)
    return config.timezone if known is None else known.schedule.zone


async def _note(services: Services, by: str, action: str, what: str, *details: str) -> None:
    now, detail = services.clock.now(), ", ".join(filter(None, details))[:500]
    await services.database.write(lambda conn: audit.note(conn, now, by, action, what, detail))
