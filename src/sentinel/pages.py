"""From a delivery in the store to the message that is sent."""

import sqlite3
from collections.abc import Callable

from msgspec.structs import replace

from sentinel.acting.proof import proofs
from sentinel.answering.choices import ChoiceMaker
from sentinel.broadcasts.asking import compose_asking
from sentinel.broadcasts.compose import compose_update
from sentinel.causes import CauseFinder
from sentinel.clients.links import Links
from sentinel.clients.messages import confirmation
from sentinel.config.model import Config
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.causes import suspect
from sentinel.intelligence.message import PageFacts, compose, compose_drill, compose_test
from sentinel.model.cause import Findings
from sentinel.model.delivery import Delivery, Message
from sentinel.outbox.plain import plain_message
from sentinel.signing import Signer
from sentinel.store import broadcasts, meta
from sentinel.store.pages import page_of
from sentinel.templating.flaw import Flaw
from sentinel.templating.incident import admin_view
from sentinel.templating.templates import Templates

_TOLD_WHY = ("firing", "assigned", "cause_found", "remedy_failed", "reminder")


class Composer:
    """For the outbox. A reload exchanges all that it is made with."""

    def __init__(
        self,
        config: Config,
        catalog: Catalog,
        finder: CauseFinder,
        on_failure: Callable[[str, Flaw], None] | None = None,
    ) -> None:
        """`on_failure` hears, from any thread, of a template that failed, and why."""
        self._on_failure = on_failure
        self.reconfigure(config, catalog, finder)

    def reconfigure(self, config: Config, catalog: Catalog, finder: CauseFinder) -> None:
        self._config = config
        self._public_url = config.public_url
        self._application_url = config.application_url
        self._catalog = catalog
        self._finder = finder
        self._titles = {code: entry.title for code, entry in catalog.entries.items()}
        self._templates = Templates(config.templates, self._on_failure)

    def __call__(self, conn: sqlite3.Connection, delivery: Delivery) -> Message:
        if delivery.reason == "test":
            return compose_test(delivery, self._public_url)
        if delivery.reason == "drill":
            return compose_drill(delivery, self._public_url)
        if delivery.reason == "confirm":
            links = Links(Signer(meta.link_key(conn)), self._public_url)
            return confirmation(conn, delivery, self._config.clients, links)
        if delivery.reason == "update":
            # One that is not wanted any more goes to nobody, which no channel takes.
            told = compose_update(conn, delivery, self._config, self._templates)
            return told or replace(plain_message(delivery), to="", audience="client")
        if delivery.reason == "veto":
            maker = self._choices(conn)
            update = broadcasts.get_update(conn, delivery.update or 0)
            choices = maker.of_update(delivery, update) if maker else ()
            return compose_asking(
                conn, delivery, self._public_url, delivery.created, choices
            ) or plain_message(delivery)
        facts = self.facts(conn, delivery)
        if facts is None:
            return plain_message(delivery)
        return self._templates.apply(
            compose(facts, delivery),
            delivery.channel,
            lambda message: admin_view(facts, delivery, message),
        )

    def facts(self, conn: sqlite3.Connection, delivery: Delivery) -> PageFacts | None:
        """What is known of the incident that it is about; None where that has been forgotten."""
        page = page_of(conn, delivery)
        if page is None:
            return None
        findings = Findings()
        if delivery.reason in _TOLD_WHY:
            findings = self._finder.findings(conn, page.incident, delivery.created)
        suspected = suspect(findings.candidates)
        maker = self._choices(conn)
        return PageFacts(
            page=page,
            entry=self._catalog.get(page.incident.code),
            behind=self._catalog.behind(suspected),
            titles=self._titles,
            findings=findings,
            tests=()
            if page.home
            else proofs(
                self._config,
                self._catalog,
                page.incident,
                page.alerts,
                suspect=suspected,
                tags=page.sample.tags if page.sample else None,
            ),
            choices=maker.of_incident(delivery, page.incident, page.others) if maker else (),
            public_url=self._public_url,
            base_url=self._application_url,
        )

    def _choices(self, conn: sqlite3.Connection) -> ChoiceMaker | None:
        """None before the first daemon has made the key."""
        key = meta.known_link_key(conn)
        return None if key is None else ChoiceMaker(Signer(key), self._public_url)
