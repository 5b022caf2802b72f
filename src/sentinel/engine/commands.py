"""What people tell the engine, and what came of the actions that it asked for."""

from msgspec import Struct

from sentinel.model.action import Outcome
from sentinel.model.silence import Silence


class Acknowledge(Struct, frozen=True, tag=True):
    """A person takes an incident."""

    incident: int
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


Command = Acknowledge | SetSilence | EndSilence | ActionDone
