"""The only module that plugins import, built-in ones included.

A plugin is a module with hook implementations (`hook`) that register classes. Parameters are
declared once, as a `Params` record on the class: it is the schema that `sentinel check` holds
the YAML against, the documentation, and the typed object that the plugin receives.

The version follows semantic versioning; arguments and attributes are only ever added.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import aiohttp
import msgspec
import pluggy
import structlog

from sentinel.clock import Clock
from sentinel.errors import (
    Invalid,
    Overloaded,
    Permanent,
    Retryable,
    SentinelError,
    TooLarge,
    Unauthorized,
)
from sentinel.model.cause import (
    Candidate,
    CauseKind,
    ComponentFact,
    Evidence,
    Past,
    Symptom,
)
from sentinel.model.delivery import Audience, Choice, Message, Outcome, Reason, Receipt, Verb
from sentinel.model.device import Device
from sentinel.model.signal import (
    KINDS,
    Activity,
    AnySignal,
    Change,
    Checkin,
    Error,
    Metric,
    RawItem,
    Signal,
    SignalKind,
    Span,
    Status,
    read_field,
)
from sentinel.model.values import Duration, Secret, Size, duration, redacted, size
from sentinel.model.verdict import Verdict
from sentinel.net import session

API_VERSION = "1.0"
hook = pluggy.HookimplMarker("sentinel")


def public_session(allow_private: Sequence[str] = ()) -> aiohttp.ClientSession:
    """For a plugin that calls addresses which others gave: private ones are refused, whatever the
    operator allows for their own, but for these hosts and networks. Opened in `start`, closed in
    `stop`."""
    return session(allow_private or False)


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every plugin's parameters. A field's `Meta(description=…)` is its documentation."""


class NoParams(Params, frozen=True):
    """For a plugin that takes none."""


class ActionResult(msgspec.Struct, frozen=True, kw_only=True):
    """`text` says in a sentence what came of it; `facts` are shown below it, name by name."""

    ok: bool
    text: str
    facts: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Operations:
    """What an action may ask of Sentinel itself. Each raises Invalid for a name that there is not;
    outside of Sentinel, as in a plugin's own test, none of them is there."""

    async def test_channel(self, channel: str, person: str | None = None) -> ActionResult:
        """Send a test message, to whoever asked for the action if no person is named."""
        raise _nothing_to_ask()

    async def run_probe(self, probe: str) -> ActionResult:
        """Look once, now, and store what was found. `ok` if nothing is down or unknown."""
        raise _nothing_to_ask()

    def probes(self) -> Sequence[str]:
        """The names of all that are configured."""
        raise _nothing_to_ask()

    async def reload(self) -> ActionResult:
        """Read the configuration again, whole or not at all."""
        raise _nothing_to_ask()


def _nothing_to_ask() -> Invalid:
    return Invalid("found no running Sentinel to ask, expected one")


class Answers:
    """Where a notifier hands in what comes back to its channel, once it has made sure who sent it:
    a provider's receipts, and the answers of people. Each call returns once what it changes is
    stored. Outside of Sentinel, as in a plugin's own test, nobody listens."""

    async def receipt(self, reference: str, outcome: Outcome, detail: str = "") -> None:
        """What became of the message that the provider knows by this reference. One that did not
        arrive goes to the fallback. A reference that is not known is passed over."""
        raise _nothing_to_ask()

    async def said(self, address: str, text: str) -> str:
        """What a person wrote back from this address (`ack`, `1a`, `close 4`), or pressed. Gives
        the answer to be shown: what was done, or why not and what can be said."""
        raise _nothing_to_ask()

    async def chose(self, token: str, address: str = "") -> str:
        """Somebody took one of a message's choices. Gives the answer to be shown. `address` is
        where the channel knows it to come from, which then has to be that of a person."""
        raise _nothing_to_ask()

    async def acted(self, thread: str, verb: Verb, by: str = "") -> None:
        """What was done with the incident of this thread where the channel has a life of its own
        for it. `by` is that channel's name for who did it."""
        raise _nothing_to_ask()

    async def gone(self, address: str, why: Literal["bounced", "complained"], detail: str) -> None:
        """No client is to be written to at this address any more."""
        raise _nothing_to_ask()


class Devices:
    """The browsers in which people switched Web Push on. Outside of Sentinel, as in a plugin's own
    test, nobody has one."""

    async def of(self, user: str) -> Sequence[Device]:
        """Those of a user of the web interface."""
        raise _nothing_to_ask()

    async def gone(self, device: Device) -> None:
        """The push service knows this device no more."""
        raise _nothing_to_ask()

    async def signing_key(self) -> str:
        """The private key of P-256 that this installation signs with (RFC 8292), base64url of its
        32 bytes. It never changes: browsers take messages of no other."""
        raise _nothing_to_ask()


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the core hands to a plugin object. `http` refuses private addresses unless allowed;
    `operations` are for actions. `answers` are for notifiers, and `hook_url` is the public address
    under which a notifier's `receive` is called. `devices` are what Web Push sends to."""

    name: str
    clock: Clock
    log: structlog.stdlib.BoundLogger
    http: aiohttp.ClientSession
    operations: Operations = msgspec.field(default_factory=Operations)
    answers: Answers = msgspec.field(default_factory=Answers)
    hook_url: str = ""
    devices: Devices = msgspec.field(default_factory=Devices)


ParamsType = type[Params]
P = TypeVar("P", bound=Params)


class Plugin(ABC, Generic[P]):
    """Created without side effects, then `start`, used, `stop`.

    `stop` also follows a failed start.
    """

    type: ClassVar[str]
    summary: ClassVar[str] = ""
    Params: ClassVar[ParamsType] = NoParams

    def __init__(self, params: P, context: Context) -> None:
        self.params = params
        self.context = context

    async def start(self) -> None:
        """Open what is needed. An exception here is reported with the plugin's name."""

    async def stop(self) -> None:
        """Close what `start` opened."""


class Probe(Plugin[P]):
    """Looks at one target. The core runs it every interval, under its time-out.

    What the time-out cuts off is unknown, and the probe's fault. `bound` names the parameter, a
    duration, after which the probe itself says that the target is down. Where only a time-out is
    configured, and not longer than that, the parameter is lowered to nine tenths of it.
    """

    interval: ClassVar[float] = 60.0
    timeout: ClassVar[float] = 10.0
    bound: ClassVar[str] = ""

    @abstractmethod
    async def probe(self) -> Sequence[Signal]:
        """Give `Status` and `Metric` signals; the core fills component, time and project."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel can do. `rate` is the default of messages a minute, None for no limit. `only`
    are the reasons for which it is used, None for all: a channel that rings leaves out what needs
    no answer. `receipts` says that the provider tells later what became of each message. With
    `merges` one message may take the place of several that have waited: not for machines, which
    know each incident by its own."""

    ack: bool = False
    thread: bool = False
    html: bool = False
    idempotent: bool = False
    max_length: int | None = None
    rate: float | None = None
    only: frozenset[Reason] | None = None
    receipts: bool = False
    merges: bool = True


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, its body read whole and decompressed within the size limits.

    `path` holds the values of the receiver's path pattern (of a notifier's, `rest`: what follows
    its `hook_url`, without the slash); header names are lower case.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request that a notifier received."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = {}


class Notifier(Plugin[P]):
    """Hands one message to one provider. Only the core retries.

    `address` names the key of a person (`email`, `sms`) that holds the address this channel
    sends to; None where the channel's own parameters say where (a webhook, the console).
    """

    address: ClassVar[str | None] = None
    timeout: ClassVar[float] = 30.0
    capabilities: ClassVar[Capabilities] = Capabilities()

    @classmethod
    def address_of(cls, params: Any) -> str | None:
        """The `address` of a channel with these parameters: None where they say themselves where
        to send to, and people may still answer from an address of their own."""
        return cls.address

    @classmethod
    def doubts(cls, params: Any, public_url: str) -> Sequence[tuple[str, str]]:
        """What `sentinel check` warns of: parameters that are right in themselves and will not do
        what they are there for, such as call backs to a `public_url` that nobody can reach. Pairs
        of what was found and what is expected instead."""
        return ()

    def secret_for(self, address: str) -> str:
        """What whoever holds this address needs to check that a call comes from here; empty where
        the channel signs nothing. It is shown once, to those who proved that it is theirs."""
        return ""

    @abstractmethod
    async def send(self, message: Message) -> Receipt:
        """Return once the provider has taken it. Raise Permanent or Retryable otherwise.

        May be called again with the same `message.key` after a crash or a time-out: pass the
        key on where the provider can use it.
        """

    async def receive(self, request: Request) -> Reply:
        """Take what the provider calls back with, under `context.hook_url`. Anybody may call: it
        raises Unauthorized unless the provider's signature proves who did, before anything else.
        What it heard it hands to `context.answers`, and only then it answers."""
        raise Unauthorized("found a call to a channel that is never called back")


class Population(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signals that a share is taken of: a rule's `of`."""

    on: Annotated[
        SignalKind | None, msgspec.Meta(description="Their kind; the rule's if not given.")
    ] = None
    where: Annotated[
        dict[str, Any], msgspec.Meta(description="Conditions on them, as in the rule's `where`.")
    ] = {}


class Detector(ABC, Generic[P]):
    """Pure: state in, state and verdict out. One state for each group key of each rule.

    `State` is the type of the state: anything msgspec can write and read back. The state is
    None before the first signal. Time never runs backwards between calls. A state is bounded:
    one that must leave something out says so in `Verdict.full`.

    For a rule with `recover_when`, a second object of the class, with the easier parameters,
    `tick`s the states that the first one made.
    """

    type: ClassVar[str]
    summary: ClassVar[str] = ""
    Params: ClassVar[ParamsType] = NoParams
    State: ClassVar[Any] = None
    kinds: ClassVar[frozenset[str]] = frozenset(KINDS)
    watches_silence: ClassVar[bool] = False
    """Whether `begin` is asked when the rule is loaded, before any signal, if it has no `by`."""
    compares: ClassVar[bool] = False
    """Whether `Params` has an `of: Population | None`, whose signals come to `observe_other`."""
    reads: ClassVar[tuple[str, ...]] = ()
    """The parameters that name fields of signals, each a text or a list of texts: a name that no
    signal of the rule's kind has is refused when the configuration is loaded."""
    facts: ClassVar[Mapping[str, str]] = {}
    """What `Verdict.facts` may hold: each name, and what it says, for the documentation."""

    def __init__(self, params: P) -> None:
        self.params = params

    def begin(self, now: float) -> tuple[Any, Verdict]:
        """The state and the verdict before the first signal."""
        return None, Verdict(False)

    @abstractmethod
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        """Take a signal that met the rule's conditions (and, if it is of that kind, its `of`)."""

    def observe_other(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        """Take a signal that met the rule's `of` and not its conditions."""
        return self.tick(state, now)

    @abstractmethod
    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        """Time passed without a signal. A returned state of None: nothing is worth keeping.

        `state` is never None, save for `observe_other` and `begin` as they are here."""

    @abstractmethod
    def explain(self, state: Any, now: float) -> str:
        """One plain sentence: what is in the state and how it compares with the bound."""


class Credentials(msgspec.Struct, frozen=True):
    """Who sends: a project's id or name as the sender gave it, and its key."""

    project: str | None
    key: str | None


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """What one request held. `items` go in together, in one transaction, or not at all.

    `reply` is the JSON body of the 200 that follows once everything is stored.
    """

    items: Sequence[AnySignal | RawItem]
    reply: Mapping[str, Any] = msgspec.field(default_factory=dict)
    credentials: Credentials | None = None


class Receiver(ABC):
    """Decodes wire bytes to signals: no I/O, no state. The core reads, limits, checks the key,
    stores and answers."""

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    paths: ClassVar[tuple[str, ...]]
    """Patterns such as `/api/{project}/store/`."""
    cors: ClassVar[bool] = False
    """Whether browsers may send from any origin."""

    @abstractmethod
    def credentials(self, request: Request) -> Credentials:
        """Read from headers, path and query alone, before the body is read."""

    @abstractmethod
    def decode(self, request: Request) -> Intake:
        """Raises Invalid with what was found and what was expected. `Intake.credentials`
        replace the early ones where only the body has them."""

    def refusal_headers(self, error: SentinelError) -> Mapping[str, str]:
        """Headers of this protocol for a refused request, beside `Retry-After`."""
        return {}


Named = Literal["channel", "person", "probe"]


class Action(Plugin[P]):
    """Something that a person (or, with guard rails, a rule) may run: a test or a repair."""

    timeout: ClassVar[float] = 30.0
    changes: ClassVar[bool] = False
    """Whether it changes anything outside; such an action is asked for twice."""
    names: ClassVar[Mapping[str, Named]] = {}
    """The parameters that name something of the configuration, each a text or a list of texts: a
    name that there is not is refused when the configuration is loaded."""

    def describe(self) -> str:
        """What `run` will do, in one sentence; read before it is run, and instead of it in a dry
        run. It touches nothing."""
        return self.summary or self.type

    @abstractmethod
    async def run(self) -> ActionResult:
        """Raising, or taking longer than `timeout`, is a failure like `ok=False`. It is never run
        again by itself."""


class Ranker(ABC):
    """Ranks what may have caused an incident. Pure: the same evidence gives the same candidates.

    What several rankers say of one cause (the same kind and name) is put together.
    """

    type: ClassVar[str]
    summary: ClassVar[str] = ""

    @abstractmethod
    def rank(self, evidence: Evidence) -> Sequence[Candidate]:
        """In any order; none where nothing is known. It is asked whenever an incident is shown or
        told of, so it takes milliseconds. What it raises is logged, and the others still count."""


Kind = Literal["probe", "detector", "notifier", "receiver", "action", "ranker"]

__all__ = [
    "API_VERSION",
    "Action",
    "ActionResult",
    "Activity",
    "Answers",
    "AnySignal",
    "Audience",
    "Candidate",
    "Capabilities",
    "CauseKind",
    "Change",
    "Checkin",
    "Choice",
    "Clock",
    "ComponentFact",
    "Context",
    "Credentials",
    "Detector",
    "Device",
    "Devices",
    "Duration",
    "Error",
    "Evidence",
    "Intake",
    "Invalid",
    "Kind",
    "Message",
    "Metric",
    "Named",
    "NoParams",
    "Notifier",
    "Operations",
    "Outcome",
    "Overloaded",
    "Params",
    "Past",
    "Permanent",
    "Plugin",
    "Population",
    "Probe",
    "Ranker",
    "RawItem",
    "Reason",
    "Receipt",
    "Receiver",
    "Reply",
    "Request",
    "Retryable",
    "Secret",
    "SentinelError",
    "Signal",
    "SignalKind",
    "Size",
    "Span",
    "Status",
    "Symptom",
    "TooLarge",
    "Unauthorized",
    "Verb",
    "Verdict",
    "duration",
    "hook",
    "public_session",
    "read_field",
    "redacted",
    "size",
]
