"""What people want clients to be told, or not to be told."""

from msgspec.structs import replace

from sentinel.engine import broadcasts
from sentinel.engine.commands import (
    EditUpdate,
    EndBroadcast,
    PublishUpdate,
    Telling,
    VetoUpdate,
    WriteUpdate,
)
from sentinel.engine.state import State
from sentinel.model.broadcast import (
    AFTERWARDS,
    INCIDENT_PHASES,
    MAINTENANCE_PHASES,
    Broadcast,
    Phase,
    Update,
)


def obey(state: State, command: Telling) -> None:
    match command:
        case WriteUpdate():
            _write(state, command)
        case EndBroadcast():
            _end(state, command)
        case _:
            _decide_on(state, command)


def refusal(of: Broadcast, phase: Phase) -> str | None:
    """Why this can't be said in this broadcast; None where it can."""
    own = INCIDENT_PHASES if of.kind == "incident" else MAINTENANCE_PHASES
    if of.merged is not None:
        return f"broadcast {of.id} goes on in broadcast {of.merged}: write there"
    if phase in AFTERWARDS:
        if of.phase is None:
            return f"nothing of it has gone out, so that there is nothing for a {phase}"
        return None
    if phase not in own:
        return f"a broadcast of {of.kind} is {', '.join(own)}, not {phase}"
    if of.ended is not None:
        return f"broadcast {of.id} is over: only {', '.join(AFTERWARDS)} can be written"
    return None


def _write(state: State, command: WriteUpdate) -> None:
    broadcast = state.broadcasts.known.get(command.of.id, command.of)
    refused = refusal(broadcast, command.phase)
    if refused is not None:
        text = f"{command.by} wanted to tell clients: {refused}"
        state.decide("command_refused", "broadcast", text, incident=broadcast.incident)
        return
    if not broadcast.id:
        broadcast = replace(broadcast, id=state.next_broadcast(), opened=state.now)
        text = f"broadcast {broadcast.id} ({broadcast.title}) by {command.by}"
        state.decide("broadcast_begun", "person", text, incident=broadcast.incident)
    update = Update(
        id=state.next_update(),
        broadcast=broadcast.id,
        phase=command.phase,
        text=command.text,
        state="draft",
        created=state.now,
        by=command.by,
    )
    # One that is over is known again as long as something of it waits.
    state.broadcasts.put(broadcast)
    state.put_update(update)
    state.put_broadcast(broadcast)
    if command.publish:
        broadcasts.publish(state, update, command.by, "")
    else:
        text = f"update {update.id} of broadcast {broadcast.id}: a draft by {command.by}"
        state.decide("update_held", "draft", text, incident=broadcast.incident)


def _decide_on(state: State, command: PublishUpdate | VetoUpdate | EditUpdate) -> None:
    update = state.broadcasts.update(command.update)
    if update is None or not update.waits:
        text = f"{command.by} decided on update {command.update}, which does not wait any more"
        state.decide("command_refused", "too_late", text)
        return
    match command:
        case PublishUpdate():
            broadcasts.publish(state, _in_words(update, command.text), command.by, "")
        case VetoUpdate():
            broadcasts.drop(state, update, "person", "", command.by)
            # Perhaps nothing keeps it known any more.
            state.put_broadcast(state.broadcasts.known[update.broadcast])
        case EditUpdate():
            state.put_update(_in_words(update, command.text))
            text = f"{command.by} gave update {update.id} other words"
            state.decide("update_edited", "person", text)


def _end(state: State, command: EndBroadcast) -> None:
    broadcast = state.broadcasts.known.get(command.broadcast)
    if broadcast is None or broadcast.ended is not None:
        text = f"{command.by} ended broadcast {command.broadcast}, which is over already"
        state.decide("command_refused", "too_late", text)
        return
    broadcasts.end(state, broadcast, "person", f"{command.by} ended it, and nothing more is said")


def _in_words(update: Update, text: str) -> Update:
    """Of what a person writes there are no translations."""
    if not text or text == update.text:
        return update
    return replace(update, text=text, translations={})
