"""Deliveries: what was sent to whom, and with which end."""

import sqlite3
from typing import Annotated

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from sentinel.model.delivery import Audience, Delivery, DeliveryState, Message
from sentinel.store import deliveries, sending
from sentinel.store.tries import Failure, failures
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit
from sentinel.web.delivery_data import shown_delivery, shown_failures, shown_message


class DeliveryQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: DeliveryState | None = None
    channel: str | None = None
    incident: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    person: str | None = None
    audience: Audience | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class DeliveryDetail(Struct, frozen=True):
    """`message` is what was rendered at the first attempt, without the keys in its links; None
    before it, and for viewers where it is a client's. `failures` are attempts, `family` is the
    same message over other channels, `merged` are those in whose place this one tells."""

    delivery: Delivery
    message: Message | None
    failures: list[Failure]
    family: list[Delivery]
    merged: list[Delivery]


async def _list(call: Call) -> Listing[Delivery]:
    query: DeliveryQuery = call.query
    before = number_after(query.cursor)
    found = await call.read(
        lambda conn: deliveries.listing(
            conn,
            state=query.state,
            channel=query.channel,
            incident=query.incident,
            person=query.person,
            audience=query.audience,
            before=before,
            limit=query.limit + 1,
        )
    )
    shown = [shown_delivery(call.user, one) for one in found]
    return page_of(shown, query.limit, lambda delivery: str(delivery.id))


async def _get(call: Call) -> DeliveryDetail:
    number, user = call.number, call.user

    def read(conn: sqlite3.Connection) -> DeliveryDetail | None:
        delivery = deliveries.get(conn, number)
        if delivery is None:
            return None
        family, merged = deliveries.family(conn, number), deliveries.merged(conn, number)
        return DeliveryDetail(
            delivery=shown_delivery(user, delivery),
            message=shown_message(user, delivery, deliveries.message(conn, number)),
            failures=shown_failures(user, delivery, failures(conn, number)),
            family=[shown_delivery(user, one) for one in family if one.id != number],
            merged=[shown_delivery(user, one) for one in merged],
        )

    found = await call.find(read, "delivery")
    if found.delivery.audience == "client" and found.message is not None:
        await call.change("clients read", f"delivery {number}", lambda conn: None)
    return found


async def _send_again(call: Call) -> Delivery:
    number, now = call.number, call.now
    delivery = await call.find(lambda conn: deliveries.get(conn, number), "delivery")
    queued = await call.change(
        "delivery sent again",
        f"delivery {number}",
        lambda conn: sending.send_again(conn, number, now),
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
