"""Deliveries: what was sent, over which channel, with which end, and what was tried."""

import sqlite3
from typing import get_args
from urllib.parse import urlencode

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sentinel.model.delivery import Audience, Delivery, DeliveryState, Message
from sentinel.store import audit, deliveries, sending
from sentinel.store.tries import Failure, failures
from sentinel.web.delivery_data import shown_delivery, shown_failures, shown_message
from sentinel.web.numbers import number_in
from sentinel.web.security import POLICY
from sentinel.web.visit import Visit, signed_in

STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
_A_PAGE = 50
# It can run nothing, load nothing and send nothing.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)


class Sought(Struct, frozen=True, kw_only=True):
    """The filters as they were asked for."""

    state: DeliveryState | None
    channel: str
    person: str
    incident: int | None
    audience: Audience | None

    @property
    def query(self) -> dict[str, str | int]:
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in given.items() if value}

    def address(self, **changes: str | int | None) -> str:
        """The list with some of the filters changed."""
        query = {name: value for name, value in {**self.query, **changes}.items() if value}
        return f"/deliveries?{urlencode(query)}" if query else "/deliveries"


class Told(Struct, frozen=True, kw_only=True):
    """`family` is the same message over other channels, `merged` are those in whose place this one
    tells."""

    delivery: Delivery
    message: Message | None
    failures: list[Failure]
    family: list[Delivery]
    merged: list[Delivery]


async def _list(visit: Visit) -> Response:
    sought = _sought(visit)
    before = visit.page_before()
    found, counts = await visit.read(
        lambda conn: (
            deliveries.listing(
                conn,
                state=sought.state,
                channel=sought.channel or None,
                person=sought.person or None,
                incident=sought.incident,
                audience=sought.audience,
                before=before,
                limit=_A_PAGE + 1,
            ),
            deliveries.counts(conn),
        )
    )
    older = sought.address(before=found[_A_PAGE - 1].id) if len(found) > _A_PAGE else None
    return await visit.render(
        "deliveries.html",
        deliveries=[shown_delivery(visit.user, one) for one in found[:_A_PAGE]],
        counts=counts,
        channels=sorted({*counts, *visit.config.channels}),
        persons=sorted(visit.config.people),
        sought=sought,
        states=STATES,
        audiences=AUDIENCES,
        older=older,
    )


async def _show(visit: Visit) -> Response:
    told = await _told(visit)
    page = await visit.render("delivery.html", told=told, delivery=told.delivery)
    page.headers["content-security-policy"] = f"{POLICY}; frame-src 'self'"
    return page


async def _letter(visit: Visit) -> Response:
    """The HTML by itself, for a frame."""
    told = await _told(visit)
    if told.message is None or not told.message.html:
        raise HTTPException(404, "This message has no HTML.")
    return HTMLResponse(told.message.html, headers={"content-security-policy": _LETTER_POLICY})


async def _told(visit: Visit) -> Told:
    """Answers with 404. That somebody read what a client was sent is noted."""
    number = visit.number("id")

    def read(conn: sqlite3.Connection) -> Told | None:
        delivery = deliveries.get(conn, number)
        if delivery is None:
            return None
        shown = (shown_delivery(visit.user, one) for one in deliveries.family(conn, number))
        merged = deliveries.merged(conn, number)
        return Told(
            delivery=shown_delivery(visit.user, delivery),
            message=shown_message(visit.user, delivery, deliveries.message(conn, number)),
            failures=shown_failures(visit.user, delivery, failures(conn, number)),
            family=[one for one in shown if one.id != number],
            merged=[shown_delivery(visit.user, one) for one in merged],
        )

    told = await visit.find(read, "delivery")
    if told.delivery.audience == "client" and told.message is not None:
        what = f"delivery {number}"
        await visit.services.database.write(
            lambda conn: audit.note(conn, visit.now, visit.user.name, "clients read", what)
        )
    return told


async def _send_again(visit: Visit) -> Response:
    number = visit.number("id")
    delivery = await visit.find(lambda conn: deliveries.get(conn, number), "delivery")
    queued = await visit.change(
        "delivery sent again",
        f"delivery {number}",
        lambda conn: sending.send_again(conn, number, visit.now),
    )
    visit.services.outbox.notify((delivery.channel,))
    visit.services.live.tell("deliveries")
    done = "queued" if queued else "not-failed"
    return RedirectResponse(f"/deliveries/{number}?done={done}", 303)


def _sought(visit: Visit) -> Sought:
    """What is no value of a filter is as if it were not there."""
    return Sought(
        state=next((one for one in STATES if one == visit.query("state")), None),
        channel=visit.query("channel"),
        person=visit.query("person"),
        incident=number_in(visit.query("incident")),
        audience=next((one for one in AUDIENCES if one == visit.query("audience")), None),
    )


routes = [
    Route("/deliveries", signed_in(_list)),
    Route("/deliveries/{id:number}", signed_in(_show)),
    Route("/deliveries/{id:number}/letter", signed_in(_letter)),
    Route(
        "/deliveries/{id:number}/send-again", signed_in(_send_again, "responder"), methods=["POST"]
    ),
]
