"""The messages of the channels that are read here. Looking at them puts the bell to rest."""

from starlette.responses import Response
from starlette.routing import Route

from sentinel.store import inbox
from sentinel.web import auth
from sentinel.web.visit import Visit, inbox_channels, signed_in

_A_PAGE = 50
_SEEN_LASTS = 365 * 86_400


async def _list(visit: Visit) -> Response:
    channels, before = inbox_channels(visit.config), visit.page_before()
    found = await visit.read(
        lambda conn: inbox.messages(conn, channels, before=before, limit=_A_PAGE + 1)
    )
    more = len(found) > _A_PAGE
    response = await visit.render(
        "inbox.html",
        messages=found[:_A_PAGE],
        channels=channels,
        seen=visit.seen(),
        older=found[_A_PAGE - 1].id if more else None,
    )
    if found and found[0].id > visit.seen():
        auth.set_cookie(
            response, visit.services, "sentinel_seen", str(found[0].id), lasts=_SEEN_LASTS
        )
    return response


routes = [Route("/inbox", signed_in(_list))]
