"""What people tell the engine, and what came of the actions that it asked for."""

from msgspec import Struct

from sentinel.model.action import Outcome
from sentinel.model.broadcast import Broadcast, Phase
from sentinel.model.override import Override
from sentinel.model.silence import Silence


class Acknowledge(Struct, frozen=True, tag=True):
    """A person takes an incident."""

    incident: int
    by: str
    received: float


class Release(Struct, frozen=True, tag=True):
    """Nobody is to have an incident any more."""

    incident: int
    by: str
    received: float


class Assign(Struct, frozen=True, tag=True):
    """The person `to` gets an incident."""

    incident: int
    to: str
    by: str
    received: float


class Escalate(Struct, frozen=True, tag=True):
    """A person wants the next step of an incident's escalations now."""

    incident: int
    by: str
    received: float


class Resolve(Struct, frozen=True, tag=True):
    """A person says that an incident is over."""

    incident: int
    by: str
    received: float


class Note(Struct, frozen=True, tag=True):
    """A person has something to say for the time line of an incident."""

    incident: int
    by: str
    text: str
    received: float


class SetDoNotDisturb(Struct, frozen=True, tag=True):
    """Only what is critical is to reach a person until a time; one that is over ends that."""

    person: str
    until: float
    by: str
    received: float


class SetSilence(Struct, frozen=True, tag=True):
    """A person does not want to hear of some alerts. The engine gives the silence its number; one
    that has a number already is changed."""

    silence: Silence
    received: float


class EndSilence(Struct, frozen=True, tag=True):
    silence: int
    by: str
    received: float


class SetOverride(Struct, frozen=True, tag=True):
    """A person wants somebody to be on call in place of those whose turn it is. The engine gives
    the override its number."""

    override: Override
    received: float


class EndOverride(Struct, frozen=True, tag=True):
    override: int
    by: str
    received: float


class ActionDone(Struct, frozen=True, kw_only=True, tag=True):
    """What came of the run of a rule's action for an alert."""

    action: str
    rule: str
    alert: int
    incident: int | None
    outcome: Outcome
    text: str
    received: float
    dry: bool = False


class PublishUpdate(Struct, frozen=True, tag=True):
    """A person lets an update go out that waits; with a `text`, in these words."""

    update: int
    by: str
    received: float
    text: str = ""


class VetoUpdate(Struct, frozen=True, tag=True):
    """A person wants an update that waits never to go out."""

    update: int
    by: str
    received: float


class EditUpdate(Struct, frozen=True, tag=True):
    """A person gives an update that waits other words."""

    update: int
    text: str
    by: str
    received: float


class WriteUpdate(Struct, frozen=True, kw_only=True, tag=True):
    """A person has something to say to clients. `of` is the broadcast as it was last stored; one
    without a number is new. Without `publish` it is a draft."""

    of: Broadcast
    phase: Phase
    text: str
    by: str
    publish: bool
    received: float


class EndBroadcast(Struct, frozen=True, tag=True):
    """A person wants nothing more to be said, not even that it is over."""

    broadcast: int
    by: str
    received: float


Handling = Release | Assign | Escalate | Resolve | Note
"""What is done about an incident that is not over."""

Telling = PublishUpdate | VetoUpdate | EditUpdate | WriteUpdate | EndBroadcast
"""What clients are told of it."""

OnCall = SetDoNotDisturb | SetOverride | EndOverride
"""Who is to be called, and who is not."""

Command = Acknowledge | Handling | Telling | SetSilence | EndSilence | OnCall | ActionDone
