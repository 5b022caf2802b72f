"""Where clients sign up, confirm and unsubscribe. A GET shows a page and changes nothing, since
scanners of mail follow links; only a POST acts."""

import sqlite3

from starlette.responses import Response
from starlette.routing import Route

from sentinel.clients import subscribing
from sentinel.clients.addresses import Kind, clean_name, normalised
from sentinel.clients.sign_up import SignUp, ask
from sentinel.errors import Invalid
from sentinel.model.client import Contact, Subscription
from sentinel.store import clients
from sentinel.store.status import generation
from sentinel.web.client_visit import ClientVisit, LinkRefused, for_clients

OPEN_KINDS: tuple[Kind, ...] = ("email", "sms")
"""What a stranger may sign up. URLs are added by those who have confirmed an address already."""


async def _subscribe(visit: ClientVisit) -> Response:
    tenant = await _tenant(visit)
    if not may_sign_up(visit, tenant):
        return visit.tell("subscribe_title", "subscribe_closed", 404)
    return _form(visit)


async def _sign_up(visit: ClientVisit) -> Response:
    """Whatever is known of the address, the answer is the same."""
    tenant = await _tenant(visit)
    if not may_sign_up(visit, tenant):
        return visit.tell("subscribe_title", "subscribe_closed", 404)
    try:
        asked = _asked(visit, tenant)
    except Invalid as error:
        return _form(visit, refusal=str(error))
    settings, now = visit.settings, visit.now
    channels = await visit.write(lambda conn: ask(conn, asked, settings, now))
    visit.services.outbox.notify(channels)
    return visit.tell("sent_title", "sent_text")


async def _ask_confirm(visit: ClientVisit) -> Response:
    contact, subscription = await _subscription(visit, "confirm")
    if subscription.state == "active":
        return _confirmed(visit, subscription)
    if subscription.state != "pending":
        raise LinkRefused("link_expired", 410)
    visit.language = _spoken(visit, contact)
    return _question(visit, "confirm", subscription)


async def _confirm(visit: ClientVisit) -> Response:
    contact, subscription = await _subscription(visit, "confirm")
    visit.language = _spoken(visit, contact)
    fresh = await visit.write(
        lambda conn: subscribing.confirm(conn, subscription.id, visit.now, visit.origin)
    )
    if not fresh and subscription.state != "active":
        raise LinkRefused("link_expired", 410)
    visit.services.live.tell("clients")
    return _confirmed(visit, subscription, _secret(visit, subscription) if fresh else "")


async def _ask_unsubscribe(visit: ClientVisit) -> Response:
    try:
        contact, subscription = await _subscription(visit, "unsubscribe")
    except _Gone:
        return _unsubscribed(visit, "")
    visit.language = _spoken(visit, contact)
    return _question(visit, "unsubscribe", subscription)


async def _unsubscribe(visit: ClientVisit) -> Response:
    """Also for mail programs, which have no cookies and read no page (RFC 8058)."""
    try:
        contact, subscription = await _subscription(visit, "unsubscribe")
    except _Gone:
        return _unsubscribed(visit, "")
    visit.language = _spoken(visit, contact)
    await visit.write(
        lambda conn: subscribing.unsubscribe(
            conn, subscription.id, subscribing.THE_CONTACT, visit.now, "by the link in a message"
        )
    )
    visit.services.live.tell("clients")
    return _unsubscribed(visit, subscription.address)


class _Gone(LinkRefused):
    """The link is ours, and what it is about has been forgotten."""


async def _subscription(visit: ClientVisit, purpose: str) -> tuple[Contact, Subscription]:
    number = visit.grant(
        "confirm" if purpose == "confirm" else "unsubscribe", "subscription"
    ).number
    found = await visit.read(lambda conn: clients.subscriber(conn, number))
    if found is None:
        raise _Gone("link_expired", 410)
    return found


async def _tenant(visit: ClientVisit) -> str | None:
    """The one of the link in the path; None where the path has none."""
    if "token" not in visit.request.path_params:
        return None
    grant = visit.grant("status", "tenant")
    name = grant.object.removeprefix("tenant:")

    def holds(conn: sqlite3.Connection) -> bool:
        known = clients.tenant(conn, name) is not None
        return known and grant.who == str(generation(conn, name))

    if not await visit.read(holds):
        raise LinkRefused("link_expired", 410)
    return name


def may_sign_up(visit: ClientVisit, tenant: str | None) -> bool:
    settings = visit.settings
    if not _offered(visit):
        return False
    return settings.sign_up == "open" or (settings.sign_up == "tenant-only" and tenant is not None)


def _asked(visit: ClientVisit, tenant: str | None) -> SignUp:
    """Raises Invalid, in the words of clients where it is the address."""
    given, kinds = visit.field("address"), _offered(visit)
    kind: Kind = "email" if "@" in given or "sms" not in kinds else "sms"
    wrong = visit.say("address_wrong" if len(kinds) > 1 else f"{kinds[0]}_wrong")
    if kind not in kinds:
        raise Invalid(wrong)
    try:
        address = normalised(kind, given)
    except Invalid as error:
        raise Invalid(wrong) from error
    return SignUp(
        kind=kind,
        address=address,
        name=clean_name(visit.field("name")),
        language=visit.language,
        timezone=visit.config.timezone.key,
        tenant=tenant,
        origin=visit.origin,
    )


def _offered(visit: ClientVisit) -> list[Kind]:
    return [kind for kind in OPEN_KINDS if kind in visit.settings.channels]


def _form(visit: ClientVisit, refusal: str = "") -> Response:
    return visit.render(
        "subscribe.html",
        422 if refusal else 200,
        kinds=_offered(visit),
        address=visit.field("address")[:300],
        name=visit.field("name")[:100],
        refusal=refusal,
    )


def _question(visit: ClientVisit, verb: str, subscription: Subscription) -> Response:
    return visit.render(
        "ask.html",
        heading=visit.say(f"{verb}_title"),
        text=visit.say(f"{verb}_ask", address=subscription.address),
        button=visit.say(verb),
    )


def _confirmed(visit: ClientVisit, subscription: Subscription, secret: str = "") -> Response:
    return visit.render(
        "confirmed.html",
        heading=visit.say("confirmed_title"),
        text=visit.say("confirmed_text", address=subscription.address),
        secret=secret,
        manage=visit.links.manage(subscription.contact, visit.now),
    )


def _unsubscribed(visit: ClientVisit, address: str) -> Response:
    return visit.tell("unsubscribed_title", "unsubscribed_text", address=address or "…")


def _secret(visit: ClientVisit, subscription: Subscription) -> str:
    name = visit.settings.channels.get(subscription.kind)
    found = (one for one in visit.services.channels() if one.name == name)
    channel = next(found, None)
    return "" if channel is None else channel.notifier.secret_for(subscription.address)


def _spoken(visit: ClientVisit, contact: Contact) -> str:
    return contact.language if contact.language in visit.words.languages else visit.language


routes = [
    Route("/subscribe", for_clients(_subscribe), methods=["GET"]),
    Route("/subscribe", for_clients(_sign_up), methods=["POST"]),
    Route("/subscribe/{token}", for_clients(_subscribe), methods=["GET"]),
    Route("/subscribe/{token}", for_clients(_sign_up), methods=["POST"]),
    Route("/confirm/{token}", for_clients(_ask_confirm), methods=["GET"]),
    Route("/confirm/{token}", for_clients(_confirm), methods=["POST"]),
    Route("/unsubscribe/{token}", for_clients(_ask_unsubscribe), methods=["GET"]),
    Route("/unsubscribe/{token}", for_clients(_unsubscribe), methods=["POST"]),
]
