"""What people decide that clients are told, as the web asks for it: checked, committed, and noted
in the audit trail."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import TypeVar

from msgspec import Struct
from starlette.exceptions import HTTPException

from sentinel.broadcasts.writing import check_phase, checked_text, redaction_for
from sentinel.engine.commands import (
    EditUpdate,
    EndBroadcast,
    PublishUpdate,
    Telling,
    VetoUpdate,
    WriteUpdate,
)
from sentinel.errors import Invalid
from sentinel.model.broadcast import Broadcast, Phase, Update
from sentinel.store import broadcasts
from sentinel.store.audit import Noted
from sentinel.web.services import Services

_T = TypeVar("_T")


class Told(Struct, frozen=True):
    broadcast: Broadcast
    update: Update


async def publish_update(
    services: Services, number: int, by: str, *, text: str = "", as_is: bool = False, how: str = ""
) -> Told:
    """Let one that waits go out now, in other words if a text is given. Answers with 404 where
    there is none; raises Invalid where it does not wait, or should not be read by clients."""
    told = await _waiting(services, number)
    # Unless seen by a person, an automatic text is no better than another.
    words = await _checked(services, told.broadcast, text or told.update.text, as_is=as_is)
    command = PublishUpdate(number, by, services.clock.now(), words if text else "")
    await _do(services, command, by, "update published", f"update {number}", how)
    return await _decided(services, number, "published")


async def veto_update(services: Services, number: int, by: str, *, how: str = "") -> Told:
    await _waiting(services, number)
    command = VetoUpdate(number, by, services.clock.now())
    await _do(services, command, by, "update stopped", f"update {number}", how)
    return await _decided(services, number, "vetoed")


async def edit_update(
    services: Services, number: int, text: str, by: str, *, as_is: bool = False, how: str = ""
) -> Told:
    told = await _waiting(services, number)
    words = await _checked(services, told.broadcast, text, as_is=as_is)
    command = EditUpdate(number, words, by, services.clock.now())
    await _do(services, command, by, "update edited", f"update {number}", how)
    return await _find(services, number)


async def write_update(
    services: Services,
    of: Broadcast,
    phase: Phase,
    text: str,
    by: str,
    *,
    publish: bool,
    as_is: bool = False,
    how: str = "",
) -> Told:
    """A new one, in a broadcast that there is or in one without a number."""
    check_phase(of, phase)
    words = await _checked(services, of, text, as_is=as_is)
    now = services.clock.now()
    command = WriteUpdate(of=of, phase=phase, text=words, by=by, publish=publish, received=now)
    last = await services.database.read(broadcasts.last_update)

    def noting(conn: Connection) -> Noted | None:
        found = broadcasts.written(conn, by, words, last)
        action = "update published" if publish else "update drafted"
        return None if found is None else Noted(by, action, f"update {found.id}", how)

    await services.pipeline.command(command, noting=noting)
    found = await services.database.read(lambda conn: broadcasts.written(conn, by, words, last))
    if found is None:
        raise Invalid("it was not written: the broadcast has ended meanwhile; reload the page")
    return await _find(services, found.id)


async def end_broadcast(services: Services, number: int, by: str, *, how: str = "") -> Broadcast:
    """Nothing more is said, not even that it is over."""
    broadcast = await find_broadcast(services, number)
    if broadcast.ended is not None:
        raise Invalid(f"broadcast {number} is over already")
    command = EndBroadcast(number, by, services.clock.now())
    await _do(services, command, by, "broadcast ended", f"broadcast {number}", how)
    return await find_broadcast(services, number)


async def find_broadcast(services: Services, number: int) -> Broadcast:
    return await _read(services, lambda conn: broadcasts.get(conn, number), "broadcast")


async def _find(services: Services, number: int) -> Told:
    update = await _read(services, lambda conn: broadcasts.get_update(conn, number), "update")
    return Told(await find_broadcast(services, update.broadcast), update)


async def _waiting(services: Services, number: int) -> Told:
    told = await _find(services, number)
    if not told.update.waits:
        why = told.update.reason or f"it is {told.update.state}"
        raise Invalid(f"update {number} does not wait any more: {why}")
    return told


async def _decided(services: Services, number: int, state: str) -> Told:
    """Somebody else may have been quicker."""
    told = await _find(services, number)
    if told.update.state != state:
        raise Invalid(f"update {number} is {told.update.state} already")
    return told


async def _checked(services: Services, of: Broadcast, text: str, *, as_is: bool) -> str:
    config = services.setup.config
    redaction = await services.database.read(lambda conn: redaction_for(conn, config, of.incident))
    return checked_text(text, redaction, as_is=as_is)


async def _do(
    services: Services, command: Telling, by: str, action: str, object: str, how: str
) -> None:
    noted = Noted(by, action, object, how)
    await services.pipeline.command(command, noting=lambda _: noted)


async def _read(services: Services, query: Callable[[Connection], _T | None], what: str) -> _T:
    found = await services.database.read(query)
    if found is None:
        raise HTTPException(404, f"there is no such {what}, or it has been forgotten")
    return found
