"""The shop: https://…/TENANT shows the products, orders are placed and confirmed by SMS."""

import os
from html import escape

import sentry_sdk
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from examples.shop.failures import tag_code
from examples.shop.notifications import Notifications
from examples.shop.orders import PHONES, PRODUCTS, TENANTS, Order, Orders

# All that connects the shop to Sentinel: the DSN in SENTRY_DSN.
sentry_sdk.init(
    dsn=os.environ.get("SENTRY_DSN"),
    release=os.environ.get("SHOP_RELEASE", "shop@1.4.1"),
    environment="production",
    before_send=tag_code,
)
sentry_sdk.set_tag("service", "shop")

orders = Orders(os.environ.get("SHOP_DATABASE", "shop.sqlite"))
notifications = Notifications()


def home(request: Request) -> Response:
    links = "".join(f'<li><a href="/{tenant}">{tenant.title()}</a></li>' for tenant in TENANTS)
    return _page("Shops", f"<ul>{links}</ul>")


def products(request: Request) -> Response:
    tenant = _tenant(request)
    rows = "".join(
        f'<li>{name}, {price / 100:.2f} <button name="product" value="{name}">Order</button></li>'
        for name, price in PRODUCTS.items()
    )
    form = f'<form method="post" action="/{tenant}/orders"><input name="customer" value="alice">'
    return _page(tenant.title(), f"{form}<ul>{rows}</ul></form>")


async def place_order(request: Request) -> Response:
    tenant = _tenant(request)
    async with request.form() as form:
        customer, product = str(form.get("customer")), str(form.get("product"))
    if customer not in PHONES or product not in PRODUCTS:
        raise HTTPException(400, "Unknown customer or product")
    _identify(customer)
    order = await run_in_threadpool(orders.place, tenant, customer, product)
    told = await run_in_threadpool(notifications.order_placed, order)
    note = "We have sent you an SMS." if told else "We could not send you an SMS."
    return _page(f"Order {order.id}", f"<p>Thank you, {escape(customer)}. {note}</p>", 201)


def send_again(request: Request) -> Response:
    """The confirmation once more. A failure is the customer's to see: a plain 500."""
    order = _order(request)
    _identify(order.customer)
    notifications.confirm(order)
    return _page(f"Order {order.id}", "<p>We have sent you the SMS again.</p>")


def health(request: Request) -> Response:
    return PlainTextResponse("ok")


def _tenant(request: Request) -> str:
    tenant = str(request.path_params["tenant"])
    if tenant not in TENANTS:
        raise HTTPException(404, "No such shop")
    sentry_sdk.set_tag("tenant", tenant)
    return tenant


def _order(request: Request) -> Order:
    order = orders.find(_tenant(request), request.path_params["id"])
    if order is None:
        raise HTTPException(404, "No such order")
    return order


def _identify(customer: str) -> None:
    sentry_sdk.set_user({"id": customer})


def _page(title: str, body: str, status: int = 200) -> Response:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
    return HTMLResponse(f"{head}<h1>{escape(title)}</h1>{body}</html>", status)


app = Starlette(
    routes=[
        Route("/", home),
        Route("/healthz", health),
        Route("/{tenant}", products),
        Route("/{tenant}/orders", place_order, methods=["POST"]),
        Route("/{tenant}/orders/{id:int}/confirmation", send_again, methods=["POST"]),
    ]
)
