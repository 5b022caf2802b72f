"""Silences as the web sets and ends them: committed first, then noted in the audit trail."""

from sentinel.errors import Invalid
from sentinel.model.silence import Silence
from sentinel.store import audit, silences
from sentinel.web.services import Services

MOST_LASTING = 1_000
"""Every alert is held against each of them."""


async def put_silence(services: Services, asked: Silence, by: str, how: str = "") -> Silence:
    """Set a new one, or change one that has a number; returns it as it is now."""
    now = services.clock.now()
    if not asked.id:
        count = await services.database.read(lambda conn: len(silences.lasting(conn, now)))
        if count >= MOST_LASTING:
            raise Invalid(
                f"found {count:,} silences that are not over, expected fewer than "
                f"{MOST_LASTING:,}: end some, or widen the matchers of one"
            )
    await services.pipeline.silence(asked)
    found = await services.database.read(
        lambda conn: silences.get(conn, asked.id) if asked.id else silences.like(conn, asked)
    )
    assert found is not None
    action = "silence changed" if asked.id else "silence set"
    await _note(services, by, action, found, how)
    return found


async def end_silence(services: Services, silence: Silence, by: str, how: str = "") -> None:
    await services.pipeline.end_silence(silence.id, by)
    await _note(services, by, "silence ended", silence, how)


async def _note(services: Services, by: str, action: str, silence: Silence, how: str) -> None:
    now = services.clock.now()
    what = f"silence {silence.id}"
    detail = ", ".join(filter(None, (", ".join(silence.matchers)[:500], how)))
    await services.database.write(lambda conn: audit.note(conn, now, by, action, what, detail))
