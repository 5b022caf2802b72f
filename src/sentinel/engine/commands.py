"""What people tell the engine."""

from msgspec import Struct

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


Command = Acknowledge | SetSilence | EndSilence
