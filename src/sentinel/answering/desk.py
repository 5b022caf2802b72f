"""Does with an incident what a person asks for from a message, and says what came of it."""

import sqlite3
from collections.abc import Callable

from msgspec import Struct

from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.engine.commands import (
    Acknowledge,
    Command,
    Escalate,
    PublishUpdate,
    Resolve,
    VetoUpdate,
)
from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import clock_time
from sentinel.model.alert import Incident
from sentinel.model.broadcast import Update
from sentinel.model.delivery import Verb
from sentinel.pipeline import Pipeline
from sentinel.store import alerts, broadcasts, links
from sentinel.store.audit import Noted
from sentinel.store.database import Database
from sentinel.store.links import Use

_TITLE = 60
_NOTED: dict[Verb, str] = {
    "acknowledge": "incident acknowledged",
    "resolve": "incident resolved",
    "escalate": "incident escalated",
    "publish": "broadcast published",
    "veto": "broadcast stopped",
}
_COMMANDS: dict[Verb, type[Acknowledge | Resolve | Escalate]] = {
    "acknowledge": Acknowledge,
    "resolve": Resolve,
    "escalate": Escalate,
}


class Said(Struct, frozen=True):
    """`text` is for the person. `done` is whether something was changed, `used` that the link had
    been used before."""

    text: str
    done: bool = False
    used: bool = False


class Desk:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        pipeline: Callable[[], Pipeline],
        config: Callable[[], Config],
    ) -> None:
        self._database = database
        self._clock = clock
        self._pipeline = pipeline
        self._config = config

    async def handle(
        self, verb: Verb, number: int, by: str, how: str, once: str = "", expires: float = 0.0
    ) -> Said:
        """Acknowledge, resolve or escalate an incident. `how` is for the audit trail; `once` is the
        token of a link that allows it one time. Raises StoreError or Overloaded where nothing was
        done."""
        incident = await self._incident(number)
        if incident is None:
            return Said(f"There is no incident {number}, or it has been forgotten.")
        moved = ""
        if incident.id != number:
            moved = f"Incident {number} goes on as incident {incident.id}. "
            number = incident.id
        objection = self._objection(verb, incident, by)
        if moved and verb == "resolve" and objection is None:
            # Whoever closes what follows from a cause does not mean the cause.
            return Said(f"{moved}To close that, reply {number}c or open its page.")
        if objection is None:
            command = _COMMANDS[verb](number, by, 0.0)
            if not await self._do(command, verb, f"incident {number}", by, how, once, expires):
                return await self.spent(once)
            incident = await self._incident(number) or incident
            objection = self._missed(verb, incident, by)
        if objection is not None:
            return Said(f"{moved}{objection}")
        return Said(f"{moved}{self._done(verb, incident)}", done=True)

    async def decide(
        self, verb: Verb, number: int, by: str, how: str, once: str = "", expires: float = 0.0
    ) -> Said:
        """Publish or stop an update for clients that waits."""
        update = await self._update(number)
        if update is None:
            return Said("That message to clients has been forgotten.")
        if update.state in ("published", "vetoed"):
            return Said(_over(update))
        command: Command = (
            PublishUpdate(number, by, 0.0) if verb == "publish" else VetoUpdate(number, by, 0.0)
        )
        if not await self._do(command, verb, f"update {number}", by, how, once, expires):
            return await self.spent(once)
        update = await self._update(number) or update
        wanted = "published" if verb == "publish" else "vetoed"
        return Said(_over(update), done=update.state == wanted)

    async def spent(self, token: str) -> Said:
        """What there is to say of a link that was used before."""
        found = await self._database.read(lambda conn: links.used(conn, token))
        if found is None:
            return Said("This was answered before.", used=True)
        by, at = found
        return Said(f"This was answered before: by {by} at {self._time(at)}.", used=True)

    async def _do(
        self,
        command: Command,
        verb: Verb,
        object: str,
        by: str,
        how: str,
        once: str,
        expires: float,
    ) -> bool:
        use = Use(once, by, self._clock.now(), expires) if once else None
        noted = Noted(by, _NOTED[verb], object, how)
        return await self._pipeline().command(command, use, lambda _: noted)

    async def _incident(self, number: int) -> Incident | None:
        """The one in which it goes on, if it was folded into another."""

        def find(conn: sqlite3.Connection) -> Incident | None:
            found = alerts.get_incident(conn, number)
            return None if found is None else alerts.home(conn, found)

        return await self._database.read(find)

    async def _update(self, number: int) -> Update | None:
        return await self._database.read(lambda conn: broadcasts.get_update(conn, number))

    def _objection(self, verb: Verb, incident: Incident, by: str) -> str | None:
        if incident.state == "resolved":
            at = f" since {self._time(incident.resolved)}" if incident.resolved else ""
            return f"Incident {incident.id} is over{at}. There is nothing left to do."
        if verb == "acknowledge" and incident.state == "acknowledged":
            return self._held(incident, by)
        return None

    def _missed(self, verb: Verb, incident: Incident, by: str) -> str | None:
        """Somebody else was quicker."""
        if verb == "acknowledge" and incident.acknowledged_by != by:
            return self._objection(verb, incident, by) or f"Incident {incident.id} is open again."
        if verb == "resolve" and incident.state != "resolved":
            return f"Incident {incident.id} could not be closed; its page says why."
        return None

    def _held(self, incident: Incident, by: str) -> str:
        since = f" since {self._time(incident.acknowledged)}" if incident.acknowledged else ""
        if incident.acknowledged_by == by:
            return f"You have had incident {incident.id}{since}. Nobody else is called."
        return f"{incident.acknowledged_by} has had incident {incident.id}{since}."

    def _done(self, verb: Verb, incident: Incident) -> str:
        title = one_line(incident.title, _TITLE)
        title += "" if title.endswith(("…", ".", "!", "?")) else "."
        if verb == "acknowledge":
            return f"You have incident {incident.id}: {title} Nobody else is called."
        if verb == "resolve":
            return f"Incident {incident.id} is closed: {title} Whoever was told hears of it."
        return f"More people are called for incident {incident.id}: {title}"

    def _time(self, at: float) -> str:
        return clock_time(at, self._clock.now(), self._config().timezone)


def _over(update: Update) -> str:
    if update.state == "published":
        return "Clients are being told."
    if update.state == "vetoed":
        return f"It was stopped{f' by {update.by}' if update.by else ''}: clients are not told."
    return "It still waits; its page says why."
