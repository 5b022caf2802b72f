"""From a delivery in the store to the message that is sent."""

import sqlite3

from sentinel.config.model import Config
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.message import PageFacts, compose, compose_test
from sentinel.model.delivery import Delivery, Message
from sentinel.outbox.plain import plain_message
from sentinel.store.pages import page_of


class Composer:
    """For the outbox. A reload exchanges the configuration and the catalog."""

    def __init__(self, config: Config, catalog: Catalog) -> None:
        self.reconfigure(config, catalog)

    def reconfigure(self, config: Config, catalog: Catalog) -> None:
        self._public_url = config.public_url
        self._application_url = config.application_url
        self._catalog = catalog
        self._titles = {code: entry.title for code, entry in catalog.entries.items()}

    def __call__(self, conn: sqlite3.Connection, delivery: Delivery) -> Message:
        if delivery.reason == "test":
            return compose_test(delivery, self._public_url)
        page = page_of(conn, delivery)
        if page is None:
            return plain_message(delivery)
        facts = PageFacts(
            page=page,
            entry=self._catalog.get(page.incident.code),
            titles=self._titles,
            public_url=self._public_url,
            base_url=self._application_url,
        )
        return compose(facts, delivery)
