"""`/a/TOKEN`: what a message lets its reader do. A GET shows what would happen and changes nothing,
since scanners of mail follow every link; only the POST of its button acts. The token is the whole
proof: whoever has it could as well open the page, so that a form needs no further one."""

import math
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sentinel.answering.answering import check_known
from sentinel.errors import Overloaded, StoreError, Unauthorized
from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import counted
from sentinel.model.alert import Incident
from sentinel.model.broadcast import Update
from sentinel.model.delivery import Verb
from sentinel.quota import Quotas
from sentinel.signing import Grant
from sentinel.store import broadcasts, links
from sentinel.web import auth
from sentinel.web.public import PublicPages
from sentinel.web.services import Services

_A_MINUTE = 60.0
_TITLE = 160
_ACTS: dict[str, str] = {
    "acknowledge": "Acknowledge",
    "resolve": "Resolve",
    "escalate": "Escalate",
    "publish": "Publish now",
    "veto": "Stop it",
}
_MEANS: dict[str, str] = {
    "acknowledge": "Nobody else is called for it, and whoever was told hears that {who} has it.",
    "resolve": "It is closed, and whoever was told hears that it is over.",
    "escalate": "The next step of its escalation is called now.",
    "publish": "It goes out to clients at once.",
    "veto": "It never goes out, and clients hear nothing of it.",
}
_NEXT: tuple[Verb, ...] = ("escalate", "resolve")


class Subject(Struct, frozen=True):
    """What a link is about: incidents, or a message to clients."""

    incidents: list[Incident]
    update: Update | None

    @property
    def heading(self) -> str:
        if self.update is not None:
            return "A message to clients"
        if not self.incidents:
            return "It has been forgotten"
        first = one_line(self.incidents[0].title, _TITLE)
        more = len(self.incidents) - 1
        return f"{first} and {counted(more, 'more incident')}" if more else first

    @property
    def ending(self) -> str:
        """Why nothing can be done any more; empty where something can."""
        if self.update is not None:
            if self.update.waits:
                return ""
            published = self.update.state == "published"
            return "It went out to clients." if published else "It was stopped: nobody is told."
        over = all(one.state == "resolved" for one in self.incidents)
        return "There is nothing left to do." if over else ""

    def page(self, url: str) -> str:
        if self.update is not None:
            return f"{url}/broadcasts/{self.update.broadcast}"
        return f"{url}/incidents/{self.incidents[0].id}" if self.incidents else f"{url}/incidents"


class Links:
    def __init__(self, services: Services, public: PublicPages) -> None:
        self._services = services
        self._public = public
        self._quotas = Quotas(services.clock)

    async def show(self, request: Request) -> Response:
        token = request.path_params["token"]
        try:
            grant = self._open(request, token)
        except Unauthorized as error:
            return self._refused(error)
        except Overloaded as error:
            return self._busy(error)
        subject = await self._subject(grant)
        url = self._services.setup.config.public_url
        if not grant.who:
            # The link stands where many read it: who acts is known only of those who sign in.
            return RedirectResponse(subject.page(url), 303)
        spent = await self._services.database.read(lambda conn: links.used(conn, token))
        if spent is not None:
            said = await self._services.answering.desk.spent(token)
            return self._page(subject, said.text, status=410)
        ending = subject.ending
        return self._page(subject, ending, grant=None if ending else grant)

    async def act(self, request: Request) -> Response:
        token = request.path_params["token"]
        try:
            grant = self._open(request, token)
            if not grant.who:
                raise Unauthorized("this link does not say who you are: sign in instead")
            subject = await self._subject(grant)
            answering = self._services.answering
            said = await answering.act(grant, token, grant.who, "by a link in a message")
        except Unauthorized as error:
            return self._refused(error)
        except (Overloaded, StoreError) as error:
            return self._busy(error)
        after = await self._subject(grant)
        if said.used:
            return self._page(after, said.text, status=410)
        return self._page(after, said.text, further=self._further(grant, subject, after))

    def _open(self, request: Request, token: str) -> Grant:
        """Raises Unauthorized, or Overloaded for somebody who guesses."""
        services = self._services
        try:
            grant = services.signer.open(token, services.clock.now())
            if grant.purpose not in _ACTS:
                raise Unauthorized("this link is for something else")
            if grant.who:
                check_known(services.setup.config, grant)
        except Unauthorized:
            self._quotas.take(auth.address_of(request), 1, _A_MINUTE)
            raise
        return grant

    async def _subject(self, grant: Grant) -> Subject:
        incidents = await self._services.answering.incidents_of(grant)
        update = None
        if grant.object.startswith("update:"):
            update = await self._services.database.read(
                lambda conn: broadcasts.get_update(conn, grant.number)
            )
        return Subject(incidents, update)

    def _further(self, grant: Grant, before: Subject, after: Subject) -> list[tuple[str, str]]:
        """What can still be done about one incident, as label and address."""
        open_ones = [one for one in after.incidents if one.state != "resolved"]
        if grant.purpose != "acknowledge" or len(before.incidents) != 1 or not open_ones:
            return []
        grants = [
            Grant(verb, f"incident:{open_ones[0].id}", grant.who, grant.expires) for verb in _NEXT
        ]
        sign = self._services.signer.sign
        return [(_ACTS[one.purpose], f"/a/{sign(one)}") for one in grants]

    def _page(
        self,
        subject: Subject,
        said: str,
        *,
        grant: Grant | None = None,
        status: int = 200,
        further: list[tuple[str, str]] | None = None,
    ) -> Response:
        return self._render(
            "public/act.html",
            status,
            subject=subject,
            said=said,
            act=_ACTS[grant.purpose] if grant else "",
            means=_MEANS[grant.purpose].format(who=grant.who) if grant else "",
            who=grant.who if grant else "",
            further=further or [],
            page=subject.page(self._services.setup.config.public_url),
        )

    def _refused(self, error: Unauthorized) -> Response:
        """Whoever has no link of ours learns nothing of what there is."""
        text = str(error)
        expired = "expired" in text
        hint = "A newer message has a newer link; or sign in to Sentinel."
        return self._render(
            "public/plain.html",
            410 if expired else 404,
            heading="This link does not work",
            text=f"{text[:1].upper()}{text[1:]}. {hint}",
        )

    def _busy(self, error: Overloaded | StoreError) -> Response:
        after = error.retry_after if isinstance(error, Overloaded) else 5.0
        response = self._render(
            "public/plain.html",
            503 if isinstance(error, StoreError) else 429,
            heading="It was not taken",
            text="Sentinel is too busy just now, or was asked too often. Try again in a moment.",
        )
        response.headers["retry-after"] = str(max(1, math.ceil(after)))
        return response

    def _render(self, template: str, status: int, **values: Any) -> Response:
        look = self._public.plain_look("Sentinel")
        html = self._public.render(template, look, **values)
        # The address is a key: it is not to stand in the log of whatever is opened from here.
        headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
        return HTMLResponse(html, status, headers)


def routes(services: Services, public: PublicPages) -> list[Route]:
    pages = Links(services, public)
    return [
        Route("/a/{token}", pages.show),
        Route("/a/{token}", pages.act, methods=["POST"]),
    ]
