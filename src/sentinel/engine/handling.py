"""What people do about an incident, beside taking it."""

from sentinel.engine import acknowledgement, closing, paging
from sentinel.engine.commands import Assign, Escalate, Handling, Note, Release, Resolve
from sentinel.engine.objections import objection
from sentinel.engine.state import State
from sentinel.model.alert import Incident

_WANTED: dict[type[Handling], str] = {
    Release: "give it back",
    Assign: "hand it over",
    Escalate: "escalate it",
    Resolve: "resolve it",
    Note: "note something",
}


def obey(state: State, command: Handling) -> None:
    incident = state.incidents.get(command.incident)
    refused = objection(command, incident, state.book.people)
    if refused is not None:
        text = f"{command.by} wanted to {_WANTED[type(command)]}: {refused.text}"
        state.decide("command_refused", refused.reason, text, incident=command.incident)
        return
    assert incident is not None
    match command:
        case Release():
            acknowledgement.release(state, incident, command.by)
        case Assign():
            acknowledgement.assign(state, incident, command.to, command.by)
        case Escalate():
            _escalate(state, incident, command.by)
        case Resolve():
            closing.close(state, incident, command.by)
        case Note():
            said = " ".join(command.text.split())
            state.decide("incident_noted", "person", f"{command.by}: {said}", incident=incident.id)


def _escalate(state: State, incident: Incident, by: str) -> None:
    """Also what somebody has: it is open again then, and goes on where it had come to."""
    if incident.state == "acknowledged":
        text = f"{by} asks for more people; {incident.acknowledged_by} had it until now"
        acknowledgement.reopen(state, incident, "escalated", text)
    text = f"{by} asks for the next step of the escalation"
    state.decide("incident_escalated", "person", text, incident=incident.id)
    paging.escalate(state, incident.id)
