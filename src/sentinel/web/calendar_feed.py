"""`/on-call/calendar/TOKEN.ics`: a calendar feed, for programs that can't sign in."""

import asyncio
import hashlib
import sqlite3

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sentinel.engine.stand_ins import StandIns, stand_ins_of
from sentinel.errors import StoreError, Unauthorized
from sentinel.model.calendar_feed import CalendarFeed
from sentinel.on_call.feed import beginning, calendar_of
from sentinel.signing import Grant, Signer
from sentinel.store import calendar_feeds, overrides
from sentinel.web.services import Services

_OBJECT = "feed:"
_GONE = "This calendar address was taken back, or was never made. Make a new one under On call."
_KEPT = "private, max-age=300"


def address_of(signer: Signer, public_url: str, feed: CalendarFeed) -> str:
    """The same each time: it is taken back by removing the feed."""
    token = signer.sign(Grant("calendar", f"{_OBJECT}{feed.id}", feed.user, 0))
    return f"{public_url}/on-call/calendar/{token}.ics"


async def _serve(request: Request) -> Response:
    services: Services = request.app.state.web.services
    now, config = services.clock.now(), services.setup.config
    try:
        grant = services.signer.open(request.path_params["token"], now)
        if grant.purpose != "calendar":
            raise Unauthorized("this link is for something else")
    except Unauthorized as error:
        return PlainTextResponse(f"{str(error).capitalize()}.", 403)

    def read(conn: sqlite3.Connection) -> tuple[CalendarFeed, StandIns] | None:
        feed = calendar_feeds.get(conn, grant.number)
        if feed is None or feed.user != grant.who:
            return None
        held = overrides.between(conn, beginning(now), float("inf"))
        return feed, stand_ins_of(held, config.people)

    try:
        found = await services.database.read(read)
    except StoreError as error:
        return PlainTextResponse(str(error), 503, {"retry-after": "60"})
    if found is None:
        return PlainTextResponse(_GONE, 410)
    feed, stand_ins = found
    text = await asyncio.to_thread(calendar_of, config, feed, stand_ins, now)
    tag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": _KEPT}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    headers["content-disposition"] = f'inline; filename="on-call-{feed.name}.ics"'
    return Response(text, headers=headers, media_type="text/calendar")


routes = [Route("/on-call/calendar/{token}.ics", _serve)]
