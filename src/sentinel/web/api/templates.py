"""Templates: what is configured, and what they make of a message."""

from typing import Annotated

from msgspec import Meta, Struct

from sentinel.config.model_templates import TemplateConfig
from sentinel.model.delivery import Audience
from sentinel.templating.preview import Preview, Wish
from sentinel.web.api.call import Call, Endpoint, Listing
from sentinel.web.templating import narrowed, send_to, shown

_Word = Annotated[str, Meta(max_length=100)]
_Number = Annotated[int, Meta(ge=1, lt=2**53)]


class PreviewQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`about` is a reason such as firing, or with `audience` client a phase. `template` is a name,
    or empty for the default words; the one that would be taken if left out. `incident` and
    `broadcast` are numbers of real ones, `language` is a client's."""

    about: _Word = ""
    audience: Audience = "admin"
    channel: _Word = ""
    template: _Word | None = None
    incident: _Number | None = None
    broadcast: _Number | None = None
    language: _Word = ""
    bare: bool = False


class TrialOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """As the query of a preview, and the channel to send it over: to yourself where that one
    sends to people."""

    channel: _Word
    about: _Word = ""
    audience: Audience = "admin"
    template: _Word | None = None
    incident: _Number | None = None
    broadcast: _Number | None = None
    language: _Word = ""


class TrialSent(Struct, frozen=True):
    deliveries: list[int]


async def _list(call: Call) -> Listing[TemplateConfig]:
    return Listing(list(call.config.templates))


async def _preview(call: Call) -> Preview:
    query: PreviewQuery = call.query
    wish = Wish(
        about=query.about,
        audience=query.audience,
        channel=query.channel,
        template=query.template,
        incident=query.incident,
        broadcast=query.broadcast,
        language=query.language,
        bare=query.bare,
        person=call.user.name,
    )
    return await shown(call.services, narrowed(wish, call.config))


async def _send(call: Call) -> TrialSent:
    order: TrialOrder = call.body
    wish = Wish(
        about=order.about,
        audience=order.audience,
        channel=order.channel,
        template=order.template,
        incident=order.incident,
        broadcast=order.broadcast,
        language=order.language,
        person=call.user.name,
    )
    wish = narrowed(wish, call.config)
    numbers = await send_to(call.services, call.user, wish, f"over {wish.channel}, by the API")
    return TrialSent(list(numbers))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/templates",
        summary="Templates, in the order in which they are looked through",
        handler=_list,
        reply=Listing[TemplateConfig],
    ),
    Endpoint(
        method="GET",
        path="/templates/preview",
        summary="What a message says, of a sample, a real incident or a broadcast",
        handler=_preview,
        query=PreviewQuery,
        reply=Preview,
    ),
    Endpoint(
        method="POST",
        path="/templates/test",
        summary="Send it to yourself, marked as a test",
        handler=_send,
        body=TrialOrder,
        reply=TrialSent,
        role="responder",
    ),
)
