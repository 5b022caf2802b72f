"""Templates: what they are, what they make of each message, and a test of them."""

from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sentinel.clients.words import Words
from sentinel.errors import Invalid
from sentinel.model.delivery import Audience
from sentinel.templating.preview import DEFAULT, Wish, abouts
from sentinel.web.numbers import number_in
from sentinel.web.security import POLICY
from sentinel.web.templating import narrowed, reachable, send_to, shown
from sentinel.web.visit import Visit, signed_in

_BEST, _NONE = "", "-"
"""In the place of a template's name: the one that would be taken, and none."""
_LETTER_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)


async def _show(visit: Visit) -> Response:
    return await _page(visit, {name: visit.query(name) for name in _FIELDS})


async def _page(
    visit: Visit, given: dict[str, str], *, refusal: str = "", status: int = 200
) -> Response:
    preview = None
    try:
        preview = await shown(visit.services, _wish(visit, given))
    except Invalid as error:
        refusal, status = refusal or str(error), max(status, 422)
    query = urlencode({name: value for name, value in given.items() if value})
    config = visit.config
    name = preview.template if preview else ""
    source = next((one for one in config.templates if one.name == name), None)
    page = await visit.render(
        "settings/templates.html",
        status=status,
        templates=config.templates,
        channels=list(config.channels),
        abouts=_ABOUTS,
        given=given,
        preview=preview,
        chosen=f"{preview.audience}/{preview.about}" if preview else given["show"],
        source=source,
        query=query,
        reachable=reachable(config, visit.user),
        languages=Words(config.clients.languages).languages,
        refusal=refusal,
    )
    page.headers["content-security-policy"] = f"{POLICY}; frame-src 'self'"
    return page


async def _letter(visit: Visit) -> Response:
    """The HTML by itself, for a frame: it can run nothing, load nothing and send nothing."""
    given = {name: visit.query(name) for name in _FIELDS}
    try:
        html = (await shown(visit.services, _wish(visit, given))).html
    except Invalid as error:
        return Response(str(error), 422, media_type="text/plain")
    return HTMLResponse(html, headers={"content-security-policy": _LETTER_POLICY})


async def _send(visit: Visit) -> Response:
    given = {name: visit.form.get(name, "")[:300] for name in _FIELDS}
    try:
        wish = _wish(visit, given)
        await send_to(visit.services, visit.user, wish, f"over {wish.channel}")
    except Invalid as error:
        return await _page(visit, given, refusal=str(error), status=422)
    asked = {name: value for name, value in given.items() if value}
    query = urlencode({**asked, "done": "template-test"})
    return RedirectResponse(f"/settings/templates?{query}", 303)


_FIELDS = ("template", "show", "channel", "incident", "broadcast", "language")
_ABOUTS: dict[str, tuple[Audience, tuple[str, ...]]] = {
    "About incidents": ("admin", abouts("admin")),
    "For clients": ("client", abouts("client")),
}


def _wish(visit: Visit, given: dict[str, str]) -> Wish:
    """Raises Invalid."""
    audience, _, about = given["show"].partition("/")
    template = {_BEST: None, _NONE: DEFAULT}.get(given["template"], given["template"])
    broadcast = _number(given, "broadcast")
    read: Audience = "client" if audience == "client" or broadcast is not None else "admin"
    wish = Wish(
        about=about if read == audience else "",
        audience=read,
        channel=given["channel"],
        template=template,
        incident=_number(given, "incident"),
        broadcast=broadcast,
        language=given["language"],
        person=visit.user.name,
    )
    return narrowed(wish, visit.config)


def _number(given: dict[str, str], name: str) -> int | None:
    """Raises Invalid."""
    if not given[name]:
        return None
    number = number_in(given[name])
    if number is None:
        raise Invalid(f"found the {name} {given[name][:40]!r}, expected its number")
    return number


routes = [
    Route("/settings/templates", signed_in(_show)),
    Route("/settings/templates/letter", signed_in(_letter)),
    Route("/settings/templates/send", signed_in(_send, "responder"), methods=["POST"]),
]
