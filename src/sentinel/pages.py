"""From a delivery in the store to the message that is sent."""

import sqlite3

from sentinel.causes import CauseFinder
from sentinel.config.model import Config
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.message import PageFacts, compose, compose_drill, compose_test
from sentinel.model.cause import Findings
from sentinel.model.delivery import Delivery, Message
from sentinel.outbox.plain import plain_message
from sentinel.store.pages import page_of

_TOLD_WHY = ("firing", "cause_found", "reminder")


class Composer:
    """For the outbox. A reload exchanges all that it is made with."""

    def __init__(self, config: Config, catalog: Catalog, finder: CauseFinder) -> None:
        self.reconfigure(config, catalog, finder)

    def reconfigure(self, config: Config, catalog: Catalog, finder: CauseFinder) -> None:
        self._public_url = config.public_url
        self._application_url = config.application_url
        self._catalog = catalog
        self._finder = finder
        self._titles = {code: entry.title for code, entry in catalog.entries.items()}

    def __call__(self, conn: sqlite3.Connection, delivery: Delivery) -> Message:
        if delivery.reason == "test":
            return compose_test(delivery, self._public_url)
        if delivery.reason == "drill":
            return compose_drill(delivery, self._public_url)
        page = page_of(conn, delivery)
        if page is None:
            return plain_message(delivery)
        findings = Findings()
        if delivery.reason in _TOLD_WHY:
            findings = self._finder.findings(conn, page.incident, delivery.created)
        facts = PageFacts(
            page=page,
            entry=self._catalog.get(page.incident.code),
            titles=self._titles,
            findings=findings,
            public_url=self._public_url,
            base_url=self._application_url,
        )
        return compose(facts, delivery)
