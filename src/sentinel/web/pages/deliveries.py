"""Deliveries: what was sent, over which channel, with which end."""

from typing import get_args
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.model.delivery import DeliveryState
from sentinel.store import deliveries
from sentinel.web.visit import Visit, signed_in

STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
_A_PAGE = 50


async def _list(visit: Visit) -> Response:
    state = next((one for one in STATES if one == visit.query("state")), None)
    channel, before = visit.query("channel"), visit.page_before()
    found, counts = await visit.read(
        lambda conn: (
            deliveries.listing(
                conn, state=state, channel=channel or None, before=before, limit=_A_PAGE + 1
            ),
            deliveries.counts(conn),
        )
    )
    older = None
    if len(found) > _A_PAGE:
        query = {"state": state or "", "channel": channel, "before": found[_A_PAGE - 1].id}
        older = f"/deliveries?{urlencode({name: value for name, value in query.items() if value})}"
    return await visit.render(
        "deliveries.html",
        deliveries=found[:_A_PAGE],
        counts=counts,
        channels=sorted({*counts, *visit.config.channels}),
        state=state,
        states=STATES,
        channel=channel,
        older=older,
    )


async def _show(visit: Visit) -> Response:
    number = visit.number("id")
    delivery = await visit.find(lambda conn: deliveries.get(conn, number), "delivery")
    message = await visit.read(lambda conn: deliveries.message(conn, number))
    return await visit.render("delivery.html", delivery=delivery, message=message)


async def _send_again(visit: Visit) -> Response:
    number = visit.number("id")
    delivery = await visit.find(lambda conn: deliveries.get(conn, number), "delivery")
    queued = await visit.change(
        "delivery sent again",
        f"delivery {number}",
        lambda conn: deliveries.send_again(conn, number, visit.now),
    )
    visit.services.outbox.notify((delivery.channel,))
    visit.services.live.tell("deliveries")
    done = "queued" if queued else "not-failed"
    return RedirectResponse(f"/deliveries/{number}?done={done}", 303)


routes = [
    Route("/deliveries", signed_in(_list)),
    Route("/deliveries/{id:number}", signed_in(_show)),
    Route(
        "/deliveries/{id:number}/send-again", signed_in(_send_again, "responder"), methods=["POST"]
    ),
]
