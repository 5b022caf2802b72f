"""Devices: the browsers in which a user has switched push messages on."""

import base64
import binascii
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sentinel.api import Device
from sentinel.errors import Invalid
from sentinel.push import StoredDevices, public_key
from sentinel.store import push_devices
from sentinel.web import auth
from sentinel.web.render import STATIC
from sentinel.web.visit import Visit, Web, signed_in

_LONGEST_ENDPOINT = 2_000
_LONGEST_NAME = 100
_POINT, _AUTH = 65, 16


async def _list(visit: Visit) -> Response:
    return await _show(visit)


async def _show(visit: Visit, *, refusal: str = "", status: int = 200) -> Response:
    channels = [one.name for one in visit.config.channels.values() if one.type == "webpush"]
    key = await public_key(StoredDevices(visit.services.database)) if channels else ""
    name = visit.user.name
    return await visit.render(
        "settings/devices.html",
        status=status,
        refusal=refusal,
        channels=channels,
        key=key,
        person=name if name.isidentifier() else "alice",
        people=[
            one for one in visit.config.people.values() if one.addresses.get("webpush") == name
        ],
        devices=await visit.read(lambda conn: push_devices.of_user(conn, visit.user.id)),
        tests=_tests(visit, channels),
    )


def _tests(visit: Visit, channels: list[str]) -> list[str]:
    """The actions that send a test message, for whoever may run them."""
    names = [f"test:channel:{channel}" for channel in channels]
    known = visit.config.actions
    return [name for name in names if name in known and auth.may(visit.user, known[name].role)]


async def _add(visit: Visit) -> Response:
    """Asked for by a script, which shows what is answered."""
    try:
        device = _device(visit)
        name = "".join(one for one in visit.form.get("name", "") if one.isprintable())
        await visit.change(
            "device added",
            f"user {visit.user.name}",
            lambda conn: push_devices.add(
                conn, visit.user.id, device, name[:_LONGEST_NAME] or "Browser", visit.now
            ),
            urlsplit(device.endpoint).hostname or "",
        )
    except Invalid as error:
        return PlainTextResponse(str(error), 422)
    return PlainTextResponse("Added.")


async def _remove(visit: Visit) -> Response:
    number = visit.number("id")
    removed = await visit.change(
        "device removed",
        f"user {visit.user.name}",
        lambda conn: push_devices.remove(conn, number, visit.user.id),
    )
    if not removed:
        raise HTTPException(404, "You have no such device.")
    return RedirectResponse("/settings/devices?done=removed", 303)


def _device(visit: Visit) -> Device:
    """As the browser's `PushSubscription` has it. Raises Invalid."""
    given = {name: visit.form.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    device = Device(**given)
    url = urlsplit(device.endpoint)
    if len(device.endpoint) > _LONGEST_ENDPOINT or url.scheme != "https" or not url.hostname:
        raise Invalid("found no push service in what the browser gave, expected its https address")
    if _size(device.p256dh) != _POINT or _size(device.auth) != _AUTH:
        raise Invalid("found no keys in what the browser gave, expected a P-256 point and a secret")
    return device


def _size(text: str) -> int:
    try:
        return len(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return -1


async def _worker(request: Request) -> Response:
    """At the root, as a worker rules over its own folder alone; under a name that stays, as it is
    by its name that a browser asks whether it has changed."""
    web: Web = request.app.state.web
    built = web.pages.asset("push-worker.js")
    if not built:
        raise HTTPException(404, "The web interface was not built: run `make assets`.")
    path = STATIC / built.rpartition("/")[2]
    return FileResponse(path, media_type="text/javascript", headers={"cache-control": "no-cache"})


routes = [
    Route("/settings/devices", signed_in(_list)),
    Route("/settings/devices/add", signed_in(_add), methods=["POST"]),
    Route("/settings/devices/{id:number}/remove", signed_in(_remove), methods=["POST"]),
    Route("/push-worker.js", _worker),
]
