"""Deliveries: what was sent to whom, and with which end."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from sentinel.model.delivery import Delivery, DeliveryState, Message
from sentinel.store import deliveries
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit


class DeliveryQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: DeliveryState | None = None
    channel: str | None = None
    incident: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class DeliveryDetail(Struct, frozen=True):
    """`message` is what was rendered at the first attempt; None before it."""

    delivery: Delivery
    message: Message | None


async def _list(call: Call) -> Listing[Delivery]:
    query: DeliveryQuery = call.query
    before = number_after(query.cursor)
    found = await call.read(
        lambda conn: deliveries.listing(
            conn,
            state=query.state,
            channel=query.channel,
            incident=query.incident,
            before=before,
            limit=query.limit + 1,
        )
    )
    return page_of(found, query.limit, lambda delivery: str(delivery.id))


async def _get(call: Call) -> DeliveryDetail:
    number = call.number
    delivery = await call.find(lambda conn: deliveries.get(conn, number), "delivery")
    return DeliveryDetail(delivery, await call.read(lambda conn: deliveries.message(conn, number)))


async def _send_again(call: Call) -> Delivery:
    number, now = call.number, call.now
    delivery = await call.find(lambda conn: deliveries.get(conn, number), "delivery")
    queued = await call.change(
        "delivery sent again",
        f"delivery {number}",
        lambda conn: deliveries.send_again(conn, number, now),
    )
    if not queued:
        raise HTTPException(400, f"found a delivery that is {delivery.state}, expected failed")
    call.services.outbox.notify((delivery.channel,))
    return await call.find(lambda conn: deliveries.get(conn, number), "delivery")


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/deliveries",
        summary="Messages, newest first",
        handler=_list,
        query=DeliveryQuery,
        reply=Listing[Delivery],
    ),
    Endpoint(
        method="GET",
        path="/deliveries/{id:number}",
        summary="One message as it was sent",
        handler=_get,
        reply=DeliveryDetail,
    ),
    Endpoint(
        method="POST",
        path="/deliveries/{id:number}/send-again",
        summary="Try a failed one once more",
        handler=_send_again,
        reply=Delivery,
        role="responder",
    ),
)
