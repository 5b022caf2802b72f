"""The message by which an address is asked whether it wants to be told.

Nothing in it comes from whoever signed up: it must not carry a stranger's words, or links, into
somebody else's inbox.
"""

import sqlite3
from datetime import UTC, datetime

from sentinel.clients.links import Links
from sentinel.clients.words import Words
from sentinel.config.model import ClientsConfig
from sentinel.model.client import Contact, Subscription
from sentinel.model.delivery import Delivery, Message
from sentinel.store import clients


def confirmation(
    conn: sqlite3.Connection, delivery: Delivery, settings: ClientsConfig, links: Links
) -> Message:
    number = delivery.subscription
    found = None if number is None else clients.subscriber(conn, number)
    if found is None:
        return _to_nobody(delivery)
    contact, subscription = found
    until = subscription.since + settings.limits.confirm_within
    if subscription.state == "pending":
        link = links.confirm(subscription, until)
        return _message(delivery, contact, subscription, settings, "confirm", link, until)
    link = links.manage(contact, delivery.created)
    return _message(delivery, contact, subscription, settings, "known", link, until)


def _to_nobody(delivery: Delivery) -> Message:
    """For a contact that has been forgotten meanwhile: no channel takes a message to nobody."""
    return Message(
        key=delivery.key,
        to="",
        reason=delivery.reason,
        severity="info",
        subject="No longer needed",
        text="",
        audience="client",
    )


def _message(
    delivery: Delivery,
    contact: Contact,
    subscription: Subscription,
    settings: ClientsConfig,
    which: str,
    link: str,
    until: float,
) -> Message:
    words = Words(settings.languages)
    values = {"title": settings.title, "link": link, "until": _moment(until)}
    text = words.say(contact.language, f"{which}_text", **values)
    if settings.footer:
        text = f"{text}\n\n-- \n{settings.footer.strip()}"
    return Message(
        key=delivery.key,
        to=subscription.address,
        reason=delivery.reason,
        severity="info",
        subject=words.say(contact.language, f"{which}_subject", **values),
        text=f"{text}\n",
        short=words.say(contact.language, f"{which}_short", **values),
        url=link,
        payload={
            "type": f"subscription.{which}",
            "timestamp": datetime.fromtimestamp(delivery.created, UTC).isoformat(),
            "data": {"title": settings.title, "url": link},
        },
        audience="client",
    )


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%-d %B %Y, %H:%M} UTC"
