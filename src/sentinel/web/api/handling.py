"""What people do about an incident, beside taking it."""

from typing import Annotated

from msgspec import Meta, Struct

from sentinel.engine.commands import Assign, Escalate, Handling, Note, Release, Resolve
from sentinel.engine.objections import LONGEST_NOTE
from sentinel.model.alert import Incident
from sentinel.web.api.call import Call, Endpoint
from sentinel.web.handling import handle


class AssignBody(Struct, frozen=True, forbid_unknown_fields=True):
    to: Annotated[str, Meta(description="The name of a person in the configuration.")]


class NoteBody(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST_NOTE,
            description="For the time line; secrets are taken out.",
        ),
    ]


async def _release(call: Call) -> Incident:
    return await _do(call, Release(call.number, call.user.name, call.now))


async def _assign(call: Call) -> Incident:
    return await _do(call, Assign(call.number, call.body.to, call.user.name, call.now))


async def _escalate(call: Call) -> Incident:
    return await _do(call, Escalate(call.number, call.user.name, call.now))


async def _resolve(call: Call) -> Incident:
    return await _do(call, Resolve(call.number, call.user.name, call.now))


async def _note(call: Call) -> Incident:
    return await _do(call, Note(call.number, call.user.name, call.body.text, call.now))


async def _do(call: Call, command: Handling) -> Incident:
    return await handle(call.services, command, "by the API")


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/incidents/{id:number}/release",
        summary="Give it back: nobody has it any more, and its escalation begins anew",
        handler=_release,
        reply=Incident,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/incidents/{id:number}/assign",
        summary="Give it to somebody, who is told, and has it as if they had acknowledged",
        handler=_assign,
        body=AssignBody,
        reply=Incident,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/incidents/{id:number}/escalate",
        summary="Run the next step of its escalation now, also if somebody has it",
        handler=_escalate,
        reply=Incident,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/incidents/{id:number}/resolve",
        summary="Say that it is over: its alerts are closed, and those who were told hear it",
        handler=_resolve,
        reply=Incident,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/incidents/{id:number}/notes",
        summary="Write a note into its time line",
        handler=_note,
        body=NoteBody,
        reply=Incident,
        role="responder",
    ),
)
