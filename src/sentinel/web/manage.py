"""What a client sees and changes of itself, by the signed link in each message."""

import msgspec
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.clients import personal, preferences, sign_up, subscribing
from sentinel.clients.addresses import KINDS, normalised
from sentinel.clients.preferences import Choice, checked, clock_text
from sentinel.clients.subscribing import THE_CONTACT
from sentinel.config.model_status import StatusPartConfig
from sentinel.errors import Invalid
from sentinel.store import clients
from sentinel.store.clients import Reached
from sentinel.web.client_visit import ClientVisit, LinkRefused, for_clients
from sentinel.web.numbers import number_in

_MOST_ADDRESSES = 10
_DONE = ("saved", "add_sent", "unsubscribed_title")


async def _show(visit: ClientVisit) -> Response:
    return _page(visit, await _reached(visit))


async def _save(visit: ClientVisit) -> Response:
    reached = await _reached(visit)
    try:
        wanted = checked(_choice(visit, reached), visit.words.languages)
    except Invalid as error:
        return _page(visit, reached, refusal=str(error))
    now = visit.now
    await visit.write(lambda conn: preferences.choose(conn, reached, wanted, THE_CONTACT, now))
    return _back(visit, "saved")


async def _add(visit: ClientVisit) -> Response:
    """Another address hears of nothing until its holder confirms it."""
    reached = await _reached(visit)
    kind, now, settings = visit.field("kind"), visit.now, visit.settings
    try:
        if kind not in settings.channels:
            raise Invalid("expected a kind of address that is offered")
        if len(reached.live) >= _MOST_ADDRESSES:
            raise Invalid(f"expected at most {_MOST_ADDRESSES} addresses")
        address = normalised(kind, visit.field("address"))
        channels = await visit.write(
            lambda conn: sign_up.add_address(
                conn, reached, kind, address, visit.origin, settings, now
            )
        )
    except Invalid as error:
        return _page(visit, reached, refusal=str(error))
    visit.services.outbox.notify(channels)
    return _back(visit, "add_sent")


async def _remove(visit: ClientVisit) -> Response:
    reached = await _reached(visit)
    number = number_in(visit.field("subscription"))
    if number not in {one.id for one in reached.live}:
        return _back(visit, "")
    assert number is not None
    await visit.write(
        lambda conn: subscribing.unsubscribe(
            conn, number, THE_CONTACT, visit.now, "on the page of preferences"
        )
    )
    visit.services.live.tell("clients")
    return _back(visit, "unsubscribed_title")


async def _data(visit: ClientVisit) -> Response:
    reached = await _reached(visit)
    found = await visit.read(lambda conn: personal.dossier(conn, reached.contact.id))
    return Response(
        msgspec.json.format(msgspec.json.encode(found), indent=2),
        headers={
            "content-type": "application/json",
            "content-disposition": 'attachment; filename="subscription.json"',
        },
    )


async def _ask_erase(visit: ClientVisit) -> Response:
    await _reached(visit)
    return visit.render(
        "ask.html",
        heading=visit.say("erase"),
        text=visit.say("erase_text"),
        button=visit.say("erase"),
        danger=True,
        back=f"/manage/{visit.token}",
    )


async def _erase(visit: ClientVisit) -> Response:
    reached = await _reached(visit)
    await visit.write(lambda conn: personal.erase(conn, reached.contact.id, THE_CONTACT, visit.now))
    visit.services.live.tell("clients")
    return visit.tell("erased_title", "erased_text")


async def _reached(visit: ClientVisit) -> Reached:
    number = visit.grant("manage", "contact").number
    found = await visit.read(lambda conn: clients.reached(conn, number))
    if found is None:
        raise LinkRefused("link_expired", 410)
    if found.contact.language in visit.words.languages:
        visit.language = found.contact.language
    return found


def _choice(visit: ClientVisit, reached: Reached) -> Choice:
    """Parts of the status page stand for the components that they tell of; what else the contact
    has among its components it can't see, and keeps."""
    parts = _parts(visit)
    ticked = {value for key, value in visit.fields if key == "part"}
    chosen = [name for part in parts if part.id in ticked for name in part.components]
    shown = {name for part in parts for name in part.components}
    kept = [name for name in preferences.of(reached).components if name not in shown]
    return Choice(
        language=visit.field("language"),
        timezone=visit.field("timezone"),
        quiet_from=visit.field("quiet_from"),
        quiet_until=visit.field("quiet_until"),
        digest=visit.field("digest"),
        components=(*chosen, *kept),
        severity=visit.field("severity"),
    )


def _page(visit: ClientVisit, reached: Reached, refusal: str = "") -> Response:
    now_set = preferences.of(reached)
    done = visit.request.query_params.get("done", "")
    return visit.render(
        "manage.html",
        422 if refusal else 200,
        base=f"/manage/{visit.token}",
        contact=reached.contact,
        subscriptions=reached.live,
        chosen=now_set,
        clock=clock_text,
        parts=[(part, set(part.components) <= set(now_set.components)) for part in _parts(visit)],
        kinds=[kind for kind in KINDS if kind in visit.settings.channels],
        languages=visit.words.languages,
        severities=("info", "warning", "critical"),
        refusal=refusal,
        done=visit.say(done) if done in _DONE else "",
    )


def _parts(visit: ClientVisit) -> tuple[StatusPartConfig, ...]:
    page = visit.config.status_page
    return () if page is None else page.parts


def _back(visit: ClientVisit, done: str) -> Response:
    query = f"?done={done}" if done else ""
    return RedirectResponse(f"/manage/{visit.token}{query}", 303)


routes = [
    Route("/manage/{token}", for_clients(_show), methods=["GET"]),
    Route("/manage/{token}", for_clients(_save), methods=["POST"]),
    Route("/manage/{token}/add", for_clients(_add), methods=["POST"]),
    Route("/manage/{token}/remove", for_clients(_remove), methods=["POST"]),
    Route("/manage/{token}/data", for_clients(_data), methods=["GET"]),
    Route("/manage/{token}/erase", for_clients(_ask_erase), methods=["GET"]),
    Route("/manage/{token}/erase", for_clients(_erase), methods=["POST"]),
]
