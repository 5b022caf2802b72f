"""Who hears now."""

import asyncio

from sentinel.on_call import Roster, roster_of
from sentinel.web.api.call import Call, Endpoint


async def _get(call: Call) -> Roster:
    # Looking for the end of an interval can mean to walk through two years of days.
    return await asyncio.to_thread(roster_of, call.config, call.now)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/on-call",
        summary="Who is on call, which maintenance is on, what is muted, whom each step reaches",
        handler=_get,
        reply=Roster,
    ),
)
