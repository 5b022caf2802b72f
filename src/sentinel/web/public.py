"""Pages for those who are not users of Sentinel: clients, and whoever follows a link in a message.
They look as the operator wants, and need no script."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sentinel.config.model import Config
from sentinel.config.model_status import StatusPageConfig
from sentinel.health.bars import percent
from sentinel.intelligence.untrusted import visible
from sentinel.intelligence.wording import counted, iso, span
from sentinel.markdown import rendered
from sentinel.status.words import date, minute
from sentinel.web.render import STATIC, Assets, is_web_address

_TEMPLATES = Path(__file__).parents[1] / "templates"
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%230f8a7d'/%3E%3C/svg%3E"
)
PATH = "/status"
STYLE, INNER = "public.css", "public-inner.css"


class Look(Struct, frozen=True, kw_only=True):
    """What stands around each page; addresses are empty where there is nothing. `style`,
    `inner` and `theme` are style sheets, the second for all pages but the front one; `home` is the
    status page."""

    title: str
    home: str = ""
    style: str = ""
    inner: str = ""
    theme: str = ""
    logo: str = ""
    icon: str = _ICON


class PublicPages:
    """Renders `templates/public/…` and `templates/status/…`."""

    def __init__(self) -> None:
        self.assets = Assets(STATIC)
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            minute=_minute,
            date=_date,
            percent=percent,
            counted=counted,
            span=span,
            markdown=rendered,
        )
        self._environment.tests["web_address"] = is_web_address

    def render(self, template: str, look: Look, **values: Any) -> str:
        """`template` is such as `public/plain.html`. Times are in UTC unless there is a `zone`."""
        values = {"index": False, "zone": UTC, **values}
        return self._environment.get_template(template).render(look=look, **values)

    def plain_look(self, title: str) -> Look:
        return Look(title=title, style=self.assets.url(STYLE), inner=self.assets.url(INNER))

    def look(self, config: Config) -> Look:
        page = config.status_page
        if page is None:
            return self.plain_look(config.clients.title)
        logo = f"{PATH}/{logo_name(page)}" if page.logo else ""
        return Look(
            title=page.title,
            home=PATH if page.audience == "public" else "",
            style=self.assets.url(STYLE),
            inner=self.assets.url(INNER),
            theme=f"{PATH}/theme.css?{_mark(theme(page))}" if page.accent else "",
            logo=f"{logo}?{_mark(page.logo.data)}" if page.logo else "",
        )


def answer(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page of one visitor, which nobody keeps."""
    state = request.app.state
    look = state.public.look(state.web.services.setup.config)
    return HTMLResponse(state.public.render(template, look, **values), status)


def subscribe_path(config: Config, token: str = "") -> str:
    """Empty where only those sign up whom the operator lets. `token` is that of a tenant's page."""
    if token and config.clients.sign_up != "off":
        return f"/subscribe/{token}"
    return "/subscribe" if config.clients.sign_up == "open" else ""


def logo_name(page: StatusPageConfig) -> str:
    return f"logo.{page.logo.suffix}" if page.logo else ""


def theme(page: StatusPageConfig) -> bytes:
    """The style sheet with the operator's colours, which were checked to be colours and nothing
    else. Empty where there are none."""
    if page.accent is None:
        return b""
    light, dark = page.accent
    return (
        f":root{{--accent:{light}}}@media (prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n"
    ).encode()


@lru_cache(8)
def _mark(data: bytes) -> str:
    """Another one for other data, so that what browsers keep for long is what is meant."""
    return hashlib.sha256(data).hexdigest()[:8]


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value


@pass_context
def _minute(context: Context, at: float) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(iso(at), minute(at, context["zone"]))


@pass_context
def _date(context: Context, at: float) -> Markup:
    zone = context["zone"]
    day = datetime.fromtimestamp(at, zone).date().isoformat()
    return Markup('<time datetime="{}">{}</time>').format(day, date(at, zone))
