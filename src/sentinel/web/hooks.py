"""What providers call back with: `/hooks/CHANNEL` and below. The channel's notifier makes sure who
calls; until it has, nothing is believed."""

import asyncio
import math

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sentinel.api import Reply
from sentinel.api import Request as Received
from sentinel.errors import Invalid, Overloaded, StoreError, Unauthorized
from sentinel.quota import Quotas
from sentinel.web.services import Services
from sentinel.web.visit import read_body

log = structlog.get_logger("sentinel.web")
_LARGEST = 1_000_000
_LONGEST = 15.0
_A_MINUTE = 3000.0
_RETRY_STORE = "5"


class Hooks:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._quotas = Quotas(services.clock)

    async def take(self, request: Request) -> Response:
        name = request.path_params["channel"]
        channel = next((one for one in self._services.channels() if one.name == name), None)
        if channel is None:
            return _plain("there is no such channel", 404)
        body = await read_body(request, _LARGEST)
        received = Received(
            path={"rest": request.path_params.get("rest", "").strip("/")},
            query=dict(request.query_params),
            headers={key.lower(): value for key, value in request.headers.items()},
            body=body,
        )
        try:
            self._quotas.take(name, 1, _A_MINUTE)
            async with asyncio.timeout(_LONGEST):
                reply = await channel.notifier.receive(received)
        except Unauthorized as error:
            log.warning("a call back was refused", channel=name, error=str(error))
            return _plain(str(error), 403)
        except Invalid as error:
            return _plain(str(error), 400)
        except Overloaded as error:
            after = str(max(1, math.ceil(error.retry_after)))
            return _plain(f"too many calls: {error}", 429, {"retry-after": after})
        except StoreError as error:
            return _plain(f"not stored: {error}", 503, {"retry-after": _RETRY_STORE})
        except Exception as error:
            # Foreign code: whatever it raises, the provider is told to call again later.
            log.error("a call back failed", channel=name, exc_info=error)
            return _plain("it could not be taken", 500)
        return _answer(reply)


def _answer(reply: Reply) -> Response:
    headers = {"cache-control": "no-store", **reply.headers}
    return Response(reply.body, reply.status, headers, media_type=reply.content_type)


def _plain(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, {"cache-control": "no-store", **(headers or {})})


def routes(services: Services) -> list[Route]:
    hooks = Hooks(services)
    methods = ["GET", "POST"]
    return [
        Route("/hooks/{channel}", hooks.take, methods=methods),
        Route("/hooks/{channel}/{rest:path}", hooks.take, methods=methods),
    ]
