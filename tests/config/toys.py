"""Plugins that do nothing, so that these tests do not move when the built-in ones do."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from sentinel.api import (
    AnySignal,
    Capabilities,
    Detector,
    Duration,
    Kind,
    Message,
    NoParams,
    Notifier,
    Params,
    Population,
    Probe,
    Receipt,
    Secret,
    Signal,
    Verdict,
)


class MailParams(Params, frozen=True):
    host: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 25
    tls: bool = True
    password: Secret | None = None
    hook: Secret | None = None
    headers: dict[str, Secret] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.host == "forbidden":
            told = [secret and secret.reveal() for secret in (self.password, self.hook)]
            raise ValueError(f"password and hook {told} clash")
        if self.host == "broken":
            raise KeyError("a mistake of the plugin")


class Sending(Notifier[Any]):
    async def send(self, message: Message) -> Receipt:
        return Receipt()


class Mail(Sending):
    type = "mail"
    Params = MailParams
    address = "email"
    timeout = 45.0
    capabilities = Capabilities(rate=60.0)


class Text(Sending):
    type = "text"
    address = "sms"


class Printer(Sending):
    type = "printer"


class Greedy(Sending):
    class GreedyParams(Params, frozen=True):
        timeout: int = 1

    type = "greedy"
    Params = GreedyParams


class PingParams(Params, frozen=True):
    url: str


class Ping(Probe[PingParams]):
    type = "ping"
    Params = PingParams
    interval = 20.0
    timeout = 4.0

    async def probe(self) -> Sequence[Signal]:
        return []


class Watching(Detector[Any]):
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return None, Verdict(False)

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        return None, Verdict(False)

    def explain(self, state: Any, now: float) -> str:
        return ""


class Each(Watching):
    type = "any"


class ManyParams(Params, frozen=True):
    num_events: Annotated[int, Meta(ge=1)]
    timeframe: Duration


class Many(Watching):
    type = "many"
    Params = ManyParams


class Above(Watching):
    type = "above"
    kinds = frozenset({"metric"})
    Params = NoParams


class SharesParams(Params, frozen=True):
    above: Annotated[float, Meta(ge=0)]
    over: Duration | None = None
    of: Population | None = None

    def __post_init__(self) -> None:
        if self.above > 1:
            raise ValueError("expected `above` up to 1")


class Shares(Watching):
    type = "shares"
    Params = SharesParams
    kinds = frozenset({"error", "span", "metric"})
    compares = True


class NamesParams(Params, frozen=True):
    field: str | None = None
    compare: list[str] | None = None


class Names(Watching):
    type = "names"
    Params = NamesParams
    reads = ("field", "compare")
    facts: ClassVar[dict[str, str]] = {"newest": "the latest name"}


class Silent(Watching):
    type = "silent"
    watches_silence = True


class Toys:
    """A registry of these."""

    def __init__(self) -> None:
        self._plugins: dict[tuple[str, str], type[Any]] = {
            **{("notifier", one.type): one for one in (Mail, Text, Printer, Greedy)},
            **{("detector", one.type): one for one in (Each, Many, Above, Shares, Names, Silent)},
            ("probe", "ping"): Ping,
        }

    def get(self, kind: Kind, type: str) -> Any:
        return self._plugins.get((kind, type))

    def types(self, kind: Kind) -> list[str]:
        return sorted(type for of_kind, type in self._plugins if of_kind == kind)
