"""What a template makes of a message, before it is sent to anybody, and as a test to oneself."""

import sqlite3
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from sentinel.broadcasts.compose import titles
from sentinel.clients.words import Words
from sentinel.config.model import Config
from sentinel.config.suggest import did_you_mean, one_of
from sentinel.errors import Invalid
from sentinel.intelligence.message import compose
from sentinel.intelligence.message.payload import envelope
from sentinel.intelligence.untrusted import clip
from sentinel.model.delivery import Audience, Choice, Delivery, DeliveryIntent, Message, Recipient
from sentinel.pages import Composer
from sentinel.store import alerts, deliveries, sending
from sentinel.templating.flaw import Flaw
from sentinel.templating.incident import admin_view
from sentinel.templating.samples import (
    CLIENT_PHASES,
    REASONS,
    Sample,
    client_sample,
    incident_sample,
    stored_sample,
)
from sentinel.templating.stored import stored_update
from sentinel.templating.templates import Template, Templates

DEFAULT = ""
"""In the place of a template's name: the words without any."""
_LONGEST_SUBJECT = 200


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be seen. `about` is a reason, such as firing, or for clients a phase;
    `template` is a name, DEFAULT, or None for the one that would be taken. `incident` is a real
    one instead of the sample, for clients what they were told of it; `broadcast` is a real one of
    those. `bare` is the sample of which little is known. `language` is a client's."""

    about: str = ""
    audience: Audience = "admin"
    channel: str = ""
    template: str | None = None
    incident: int | None = None
    broadcast: int | None = None
    language: str = ""
    bare: bool = False
    person: str = ""

    @property
    def is_stored(self) -> bool:
        return self.incident is not None or self.broadcast is not None


class Preview(Struct, frozen=True, kw_only=True):
    """`template` is the name of the one that was taken, empty for none. Where it failed, `flaw`
    says why, and the rest is what is sent then: the default message."""

    template: str
    audience: Audience
    about: str
    channel: str
    subject: str
    text: str
    html: str
    short: str
    flaw: str = ""

    @property
    def is_long(self) -> bool:
        """Whether telephones cut the subject."""
        return len(self.subject) > 70


def abouts(audience: Audience) -> tuple[str, ...]:
    return CLIENT_PHASES if audience == "client" else REASONS["admin"]


class Previews:
    """Of one configuration; made anew for each request."""

    def __init__(self, config: Config, composer: Composer) -> None:
        self._config = config
        self._composer = composer
        self._templates = Templates(config.templates)

    def show(self, conn: sqlite3.Connection | None, wish: Wish, now: float) -> Preview:
        """`conn` only for a real incident or broadcast. Raises Invalid for what there is not."""
        return self._made(conn, wish, now)[0]

    def send(
        self,
        conn: sqlite3.Connection,
        wish: Wish,
        recipients: Iterable[Recipient],
        now: float,
    ) -> list[int]:
        """Writes down the message as a test for these; gives the numbers of the deliveries. Raises
        Invalid, also where the template fails: whoever tries it wants to know."""
        sent = []
        for recipient in recipients:
            here = replace(wish, channel=recipient.channel, person=recipient.person or "")
            preview, message = self._made(conn, here, now)
            if preview.flaw:
                raise Invalid(f"the template {preview.template} fails: {preview.flaw}")
            intent = DeliveryIntent(
                recipient=recipient, reason="test", incident=None, severity="info", at=now
            )
            number = deliveries.enqueue(conn, intent, now)
            delivery = deliveries.get(conn, number)
            assert delivery is not None, number
            test = _as_test(message, delivery)
            sending.save_message(conn, number, test.subject, deliveries.pack(test))
            sent.append(number)
        return sent

    def _made(
        self, conn: sqlite3.Connection | None, wish: Wish, now: float
    ) -> tuple[Preview, Message]:
        template = self._named(wish.template)
        if template is not None:
            wish = replace(wish, audience=template.config.audience)
        wish = replace(wish, channel=self._channel(wish, template))
        if wish.audience == "client" and wish.is_stored:
            about, sample = self._stored(conn, wish)
            wish = replace(wish, about=about)
        else:
            wish = replace(wish, about=self._about(wish, template))
            sample = self._sample(conn, wish, now)
        if wish.template is None:
            template = self._templates.choose(wish.channel, wish.audience, sample.message.reason)
        message, flaw = sample.message, ""
        if template is not None:
            try:
                message = template.worded(sample.message, sample.view)
            except Flaw as found:
                flaw = str(found)
        preview = Preview(
            template=template.config.name if template else "",
            audience=wish.audience,
            about=wish.about,
            channel=wish.channel,
            subject=message.subject,
            text=message.text,
            html=message.html,
            short=message.short,
            flaw=flaw,
        )
        return preview, message

    def _named(self, name: str | None) -> Template | None:
        if not name:
            return None
        template = self._templates.named(name)
        if template is None:
            known = [one.name for one in self._config.templates]
            expected = one_of(known) if known else "one under `templates:`, and there is none"
            hint = did_you_mean(name, known)
            raise Invalid(
                f"found the template {name!r}, expected {expected}" + (f"; {hint}" if hint else "")
            )
        return template

    def _about(self, wish: Wish, template: Template | None) -> str:
        known = abouts(wish.audience)
        if not wish.about:
            reasons = template.config.reasons if template else ()
            return next((one for one in known if one in reasons), known[0])
        if wish.about not in known:
            hint = did_you_mean(wish.about, known)
            raise Invalid(
                f"found {wish.about!r}, expected {one_of(known)}" + (f"; {hint}" if hint else "")
            )
        return wish.about

    def _channel(self, wish: Wish, template: Template | None) -> str:
        known = self._config.channels
        if wish.channel:
            if wish.channel not in known:
                hint = did_you_mean(wish.channel, known)
                raise Invalid(
                    f"found the channel {wish.channel!r}, expected {one_of(known) or 'one'}"
                    + (f"; {hint}" if hint else "")
                )
            return wish.channel
        return next(iter(template.config.channels if template else known), "")

    def _language(self, wish: Wish) -> str:
        settings = self._config.clients
        known = Words(settings.languages).languages
        if wish.language and wish.language not in known:
            raise Invalid(f"found the language {wish.language[:40]!r}, expected {one_of(known)}")
        return wish.language or settings.language

    def _stored(self, conn: sqlite3.Connection | None, wish: Wish) -> tuple[str, Sample]:
        """With the phase that it turned out to be about."""
        assert conn is not None, "what is stored is read from a store"
        found = stored_update(
            conn, broadcast=wish.broadcast, incident=wish.incident, phase=wish.about
        )
        sample = stored_sample(
            found,
            channel=wish.channel,
            settings=self._config.clients,
            language=self._language(wish),
            url=self._config.public_url,
            shown=titles(self._config, found.broadcast),
        )
        return found.update.phase, sample

    def _sample(self, conn: sqlite3.Connection | None, wish: Wish, now: float) -> Sample:
        url = self._config.public_url
        if wish.audience == "client":
            phase = next(one for one in CLIENT_PHASES if one == wish.about)
            return client_sample(
                phase,
                channel=wish.channel,
                settings=self._config.clients,
                language=self._language(wish),
                url=url,
            )
        if wish.broadcast is not None:
            raise Invalid("found a broadcast, expected an incident: broadcasts are for clients")
        reason = next(one for one in REASONS["admin"] if one == wish.about)
        if wish.incident is None:
            return incident_sample(reason, bare=wish.bare, channel=wish.channel, url=url)
        incident = None if conn is None else alerts.get_incident(conn, wish.incident)
        delivery = Delivery(
            id=0,
            key="preview-0",
            channel=wish.channel,
            address="",
            person=wish.person or None,
            reason=reason,
            incident=wish.incident,
            severity=incident.severity if incident else "info",
            created=now,
            due=now,
        )
        facts = None if conn is None else self._composer.facts(conn, delivery)
        if facts is None:
            raise Invalid(f"there is no incident {wish.incident}, or it has been forgotten")
        # A preview must not hand out what its reader may not do.
        choices = tuple(_unsigned(one, facts.url) for one in facts.choices)
        facts = replace(facts, choices=choices)
        message = compose(facts, delivery)
        view = admin_view(facts, delivery, message)
        return Sample(name=f"incident {wish.incident}", message=message, view=view)


def _unsigned(choice: Choice, url: str) -> Choice:
    return replace(choice, token="", url=url)


def _as_test(message: Message, delivery: Delivery) -> Message:
    """Nothing in it may be taken for the real thing, least of all by a machine."""
    subject = clip(f"[Test] {message.subject}", _LONGEST_SUBJECT)
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason="test",
        severity=delivery.severity,
        subject=subject,
        text=message.text,
        html=message.html,
        url=message.url,
        payload=envelope(delivery, {"subject": subject, "summary": message.text}),
        short=f"[Test] {message.short}" if message.short else "",
    )
