"""Hands what one channel hears to whom it concerns."""

import sqlite3
from collections.abc import Callable
from typing import Literal

import structlog
from msgspec import Struct

from sentinel.answering import replies
from sentinel.answering.desk import Desk, Said
from sentinel.answering.people import people_at
from sentinel.api import Answers, Outcome, Verb
from sentinel.clients import subscribing
from sentinel.clock import Clock
from sentinel.config.model import ChannelConfig, Config
from sentinel.discretion import masked, presentable
from sentinel.errors import Overloaded, StoreError, Unauthorized
from sentinel.intelligence.untrusted import one_line
from sentinel.model.alert import Incident
from sentinel.model.delivery import Delivery
from sentinel.outbox import Outbox
from sentinel.pipeline import Pipeline
from sentinel.quota import Quotas
from sentinel.signing import Grant, Signer
from sentinel.store import alerts, deliveries, links, meta, receipts, told
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.answering")

_A_MINUTE = 30.0
_STRANGERS_A_MINUTE = 60.0
# A provider may be quicker with its report than we with noting that it took the message.
_LOOKS, _BETWEEN_LOOKS = 5, 0.5
_STRANGER = "Sentinel does not know you: this address is nobody's in its configuration."
_BUSY = "Sentinel could not take that just now. Please send it again in a minute."
_TOO_OFTEN = "Sentinel takes no more from you in this minute. Please wait a little and try again."
_MOST_LISTED = 4


class Parts(Struct):
    """The pipeline and the outbox are asked for: channels start before them."""

    database: Database
    clock: Clock
    signer: Signer
    config: Callable[[], Config]
    pipeline: Callable[[], Pipeline]
    outbox: Callable[[], Outbox]


class Answering:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.desk = Desk(parts.database, parts.clock, parts.pipeline, parts.config)
        self._quotas = Quotas(parts.clock)

    def of(self, channel: str) -> Answers:
        return ChannelAnswers(self, self._parts, self._quotas, channel)

    async def act(self, grant: Grant, token: str, by: str, how: str) -> Said:
        """Do what a link allows, once. Raises StoreError or Overloaded where nothing was done."""
        spent = await self._parts.database.read(lambda conn: links.used(conn, token))
        if spent is not None:
            return await self.desk.spent(token)
        expires = float(grant.expires)
        match grant.purpose:
            case "acknowledge" if grant.object.startswith("delivery:"):
                return await self._take_all(grant, token, by, how)
            case "acknowledge" | "resolve" | "escalate" as verb:
                return await self.desk.handle(verb, grant.number, by, how, token, expires)
            case "publish" | "veto" as verb:
                return await self.desk.decide(verb, grant.number, by, how, token, expires)
        raise Unauthorized("this link is for something else")

    async def incidents_of(self, grant: Grant) -> list[Incident]:
        """Those that a link is about; none of a link about something else."""
        return await self._parts.database.read(lambda conn: _incidents_of(conn, grant))

    async def _take_all(self, grant: Grant, token: str, by: str, how: str) -> Said:
        """The link counts as used with the last that is taken by it: whoever is interrupted can
        follow it again."""
        expires = float(grant.expires)
        done: list[int] = []
        rest: list[str] = []
        found = await self.incidents_of(grant)
        last = max((one.id for one in found if one.state == "open"), default=0)
        for incident in sorted(found, key=lambda one: one.id):
            once = token if incident.id == last else ""
            said = await self.desk.handle("acknowledge", incident.id, by, how, once, expires)
            if said.done:
                done.append(incident.id)
            else:
                rest.append(said.text)
        if not done:
            return Said(" ".join(rest[:2]) or "None of these incidents is known any more.")
        numbers = ", ".join(map(str, done))
        return Said(f"You have incidents {numbers}. Nobody else is called for them.", done=True)


def check_known(config: Config, grant: Grant) -> None:
    """Raises Unauthorized for the links of whoever has left."""
    if grant.who not in config.people:
        raise Unauthorized("this link was made for somebody who is not known here any more")


def _incidents_of(conn: sqlite3.Connection, grant: Grant) -> list[Incident]:
    kind = grant.object.partition(":")[0]
    numbers: tuple[int, ...] = (grant.number,) if kind == "incident" else ()
    if kind == "delivery":
        delivery = deliveries.get(conn, grant.number)
        numbers = (delivery.incident or 0, *delivery.also) if delivery else ()
    found = (alerts.get_incident(conn, number) for number in numbers)
    # Where several were folded into one it is one.
    homes = (alerts.home(conn, incident) for incident in found if incident is not None)
    return list({incident.id: incident for incident in homes}.values())


class ChannelAnswers(Answers):
    def __init__(self, answering: Answering, parts: Parts, quotas: Quotas, channel: str) -> None:
        self._answering = answering
        self._desk = answering.desk
        self._parts = parts
        self._quotas = quotas
        self._name = channel

    async def receipt(self, reference: str, outcome: Outcome, detail: str = "") -> None:
        detail = presentable(detail, ())
        delivery = await self._referred(reference)
        if delivery is None:
            log.info("receipt_of_nothing", channel=self._name, outcome=outcome)
            return
        # Of clients, those that do not arrive are counted as bounces by `clients/keeper.py`.
        await self._parts.outbox().report(delivery, outcome, detail)

    async def said(self, address: str, text: str) -> str:
        person = await self._person(address)
        if person is None:
            return self._refused_stranger(address)
        try:
            self._quotas.take(f"{self._name} {person}", 1, _A_MINUTE)
        except Overloaded:
            log.warning("too_many_answers", channel=self._name, person=person)
            return _TOO_OFTEN
        try:
            asked = replies.read(text)
            log.info("answer", channel=self._name, person=person, asked=asked and asked.verb)
            return await self._answer(asked, person)
        except (Overloaded, StoreError) as error:
            log.warning("answer_not_taken", channel=self._name, person=person, error=str(error))
            return _BUSY

    async def chose(self, token: str, address: str = "") -> str:
        parts = self._parts
        try:
            grant = parts.signer.open(token, parts.clock.now())
            by = await self._chooser(grant, address)
        except Unauthorized as error:
            log.warning("choice_refused", channel=self._name, error=str(error))
            return _sentence(str(error))
        if by is None:
            return self._refused_stranger(address)
        try:
            said = await self._answering.act(grant, token, by, f"by {self._name}")
        except Unauthorized as error:
            return _sentence(str(error))
        except (Overloaded, StoreError) as error:
            log.warning("choice_not_taken", channel=self._name, person=by, error=str(error))
            return _BUSY
        return said.text

    async def acted(self, thread: str, verb: Verb, by: str = "") -> None:
        number = await self._incident_of(thread)
        if number is None or verb not in ("acknowledge", "resolve", "escalate"):
            log.info("act_on_nothing", channel=self._name, verb=verb)
            return
        who = f"{one_line(by, 80)} ({self._name})" if by else self._name
        said = await self._desk.handle(verb, number, who, f"by {self._name}")
        log.info("acted", channel=self._name, incident=number, verb=verb, done=said.done)

    async def gone(self, address: str, why: Literal["bounced", "complained"], detail: str) -> None:
        channel = self._channel()
        if channel is None or channel.heard_from is None:
            return
        kind, now = channel.heard_from, self._parts.clock.now()
        detail = presentable(detail, ())
        most = self._parts.config().clients.limits.bounces
        ended = await self._parts.database.write(
            lambda conn: subscribing.lost(conn, kind, address, why, detail, now, bounces=most)
        )
        log.info("address_gone", channel=self._name, to=masked(address), ended=len(ended))

    async def _referred(self, reference: str) -> Delivery | None:
        database = self._parts.database
        for _ in range(_LOOKS):
            found = await database.read(
                lambda conn: receipts.by_reference(conn, self._name, reference)
            )
            if found is not None:
                return found
            await self._parts.clock.sleep(_BETWEEN_LOOKS)
        return None

    async def _answer(self, asked: replies.Asked | None, person: str) -> str:
        if asked is None or asked.verb == "help":
            return replies.HELP
        found = await self._told(person)
        if asked.verb == "list":
            return _listed(found) if found else "Nothing that you were told of is open."
        verb: Verb = asked.verb
        open_ones = [one for one in found if verb != "acknowledge" or one.state == "open"]
        numbers = asked.incidents
        if asked.everything:
            numbers = tuple(one.id for one in open_ones)
        elif not numbers and len(open_ones) == 1:
            numbers = (open_ones[0].id,)
        if numbers:
            return await self._handle(verb, numbers, person)
        if not open_ones:
            taken = f"All that you were told of is taken: {_listed(found)}" if found else ""
            return taken or "Nothing that you were told of is open."
        letter = verb[0] if verb != "resolve" else "c"
        return f"Which one? {_listed(open_ones)} Reply {open_ones[0].id}{letter}, for instance."

    async def _handle(self, verb: Verb, numbers: tuple[int, ...], person: str) -> str:
        how = f"by {self._name}"
        said = [await self._desk.handle(verb, number, person, how) for number in numbers]
        if len(said) == 1:
            hint = f" Reply {numbers[0]}c to close it." if verb == "acknowledge" else ""
            return said[0].text + (hint if said[0].done else "")
        done = [str(n) for n, one in zip(numbers, said, strict=True) if one.done]
        rest = [one.text for one in said if not one.done]
        head = f"You have incidents {', '.join(done)}." if verb == "acknowledge" else ""
        if verb != "acknowledge" and done:
            head = f"{'Closed' if verb == 'resolve' else 'Escalated'}: {', '.join(done)}."
        return " ".join([head, *rest[:2]] if done else rest[:2])

    async def _told(self, person: str) -> list[Incident]:
        """What the person was told of, over any channel, or the place that this one writes to."""
        channel, now = self._channel(), self._parts.clock.now()
        if channel is None:
            return []
        own = self._parts.config().people[person].addresses
        # As it stands in the configuration, which is how messages are kept.
        address = own.get(channel.address or "", "")
        return await self._parts.database.read(
            lambda conn: told.open_incidents(conn, person, self._name, address, now)
        )

    async def _chooser(self, grant: Grant, address: str) -> str | None:
        """Who acts: whose address it is, if the channel knows it, or else whom the link is for."""
        if not address:
            if not grant.who:
                raise Unauthorized("this button does not say who pressed it: sign in instead")
            check_known(self._parts.config(), grant)
            return grant.who
        return await self._person(address, grant.who)

    async def _person(self, address: str, likely: str = "") -> str | None:
        """Whose address it is; where several share it, the `likely` one, or else the one whom the
        latest message there was for."""
        channel = self._channel()
        found = people_at(self._parts.config(), channel, address) if channel else {}
        if len(found) < 2 or likely in found:
            return likely if likely in found else next(iter(found), None)
        latest = await self._parts.database.read(
            lambda conn: told.last_written_to(conn, self._name, found)
        )
        return latest or next(iter(found))

    def _refused_stranger(self, address: str) -> str:
        try:
            self._quotas.take(f"{self._name} strangers", 1, _STRANGERS_A_MINUTE)
        except Overloaded:
            return ""
        log.warning("answer_of_a_stranger", channel=self._name, address=masked(address))
        return _STRANGER

    async def _incident_of(self, thread: str) -> int | None:
        instance, mark, number = thread.rpartition("-incident-")
        if not mark or not number.isdecimal() or len(number) > 12:
            return None
        own = await self._parts.database.read(meta.known_instance)
        return int(number) if own == instance else None

    def _channel(self) -> ChannelConfig | None:
        return self._parts.config().channels.get(self._name)


def _listed(incidents: list[Incident]) -> str:
    names = [
        f"{one.id}: {one_line(one.title, 40)}"
        + (f" ({one.acknowledged_by} has it)" if one.acknowledged_by else "")
        for one in incidents[:_MOST_LISTED]
    ]
    more = len(incidents) - len(names)
    return f"{'; '.join(names)}{f' and {more} more' if more > 0 else ''}."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
