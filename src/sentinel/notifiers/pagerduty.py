"""PagerDuty: Events API v2 (developer.pagerduty.com/docs/events-api-v2/overview), and what comes
back by V3 webhooks (developer.pagerduty.com/docs/webhooks/v3-overview)."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from sentinel.api import (
    Capabilities,
    Context,
    Invalid,
    Message,
    Notifier,
    Params,
    Reason,
    Receipt,
    Reply,
    Request,
    Secret,
    Unauthorized,
    Verb,
    hook,
)
from sentinel.notifiers._calling import call, refusal
from sentinel.notifiers._memory import Memory
from sentinel.notifiers._public import uncalled

_LONGEST_SUMMARY = 1024
_LONGEST_KEY = 255
# PagerDuty takes 512 KB.
_MOST_BYTES = 400_000
_LONGEST_TEXT = 20_000
_SEVERITIES = frozenset({"critical", "warning", "info"})
_VERBS: Mapping[str, Verb] = {
    "incident.acknowledged": "acknowledge",
    "incident.resolved": "resolve",
}
# PagerDuty tries for hours where it is not answered; later than this, somebody else repeats it.
_LONGEST_AGO = 86_400.0


class PagerDutyParams(Params, frozen=True):
    routing_key: Annotated[
        Secret,
        Meta(description="Integration key of an integration of the type Events API V2."),
    ]
    webhook_secret: Annotated[
        Secret | None,
        Meta(
            description="The secret that PagerDuty showed when the webhook was made; without it "
            "nothing comes back."
        ),
    ] = None
    previous_webhook_secret: Annotated[
        Secret | None, Meta(description="Good too, while the webhook is made anew.")
    ] = None
    api_url: Annotated[
        str, Meta(description="The Events API; https://events.eu.pagerduty.com in Europe.")
    ] = "https://events.pagerduty.com"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]{32}", self.routing_key.reveal()):
            raise ValueError(
                "routing_key: expected the 32 letters and digits of an integration key"
            )
        if self.previous_webhook_secret and not self.webhook_secret:
            raise ValueError("previous_webhook_secret: expected webhook_secret beside it")
        url = urlsplit(self.api_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(
                f"api_url: expected http:// or https:// and a host, found {self.api_url!r}"
            )


class Agent(Struct, frozen=True):
    """Who did something: a person, or an integration such as this one."""

    type: str = ""
    summary: str = ""


class Subject(Struct, frozen=True):
    incident_key: str | None = None


class Event(Struct, frozen=True):
    id: str
    event_type: str
    occurred_at: datetime
    agent: Agent | None = None
    data: Subject = Subject()


class Delivered(Struct, frozen=True):
    """The body of a webhook, as far as it is read here."""

    event: Event


class PagerDuty(Notifier[PagerDutyParams]):
    """The `dedup_key` is the message's thread, so an incident here is one incident there."""

    type = "pagerduty"
    summary = "PagerDuty: an incident there for each incident here; acknowledging works both ways."
    Params = PagerDutyParams
    timeout = 20.0
    # What clients are to be told is no incident that somebody has to close there.
    capabilities = Capabilities(
        ack=True,
        thread=True,
        idempotent=True,
        rate=120.0,
        merges=False,
        only=frozenset(get_args(Reason)) - {"veto", "update", "confirm"},
    )

    def __init__(self, params: PagerDutyParams, context: Context) -> None:
        super().__init__(params, context)
        given = (params.webhook_secret, params.previous_webhook_secret)
        self._secrets = [one.reveal().encode() for one in given if one]
        self._heard: Memory[bool] = Memory()

    @classmethod
    def doubts(cls, params: Any, public_url: str) -> Sequence[tuple[str, str]]:
        if params.webhook_secret is None:
            return ()
        instead = "no webhook_secret, to do without acknowledgements from there"
        return uncalled("PagerDuty", public_url, instead)

    async def send(self, message: Message) -> Receipt:
        key = self.params.routing_key.reveal()
        if message.reason == "folded":
            # Or what is closed here would be open nowhere.
            goes_on = follower_of(message, key)
            if goes_on is not None:
                await self._enqueue(goes_on)
        return await self._enqueue(event_of(message, key))

    async def _enqueue(self, event: dict[str, Any]) -> Receipt:
        url = f"{self.params.api_url.rstrip('/')}/v2/enqueue"
        answer = await call(self.context, "PagerDuty", url, event, within=self.timeout)
        if not answer.ok:
            raise refusal("PagerDuty", answer, self.params)
        return Receipt(
            reference=event["dedup_key"], detail=f"{answer.status} {event['event_action']}"
        )

    async def receive(self, request: Request) -> Reply:
        self._require_signature(request)
        try:
            event = msgspec.json.decode(request.body, type=Delivered).event
        except msgspec.MsgspecError as error:
            raise Invalid(f"found no event of a V3 webhook: {error}") from error
        if self._is_news(event):
            await self._take(event)
            self._heard.put(event.id, True)
        return Reply(status=202)

    def _require_signature(self, request: Request) -> None:
        if not self._secrets:
            raise Unauthorized("found a webhook, but no webhook_secret to check it with")
        given = [
            part.strip() for part in request.headers.get("x-pagerduty-signature", "").split(",")
        ]
        good = [
            f"v1={hmac.new(key, request.body, hashlib.sha256).hexdigest()}" for key in self._secrets
        ]
        if not any(
            hmac.compare_digest(one.encode(), expected.encode())
            for one in given
            for expected in good
        ):
            raise Unauthorized("the X-PagerDuty-Signature is missing or wrong")

    def _is_news(self, event: Event) -> bool:
        age = self.context.clock.now() - event.occurred_at.timestamp()
        return age <= _LONGEST_AGO and self._heard.get(event.id) is None

    async def _take(self, event: Event) -> None:
        verb, thread, agent = _VERBS.get(event.event_type), event.data.incident_key, event.agent
        # What this channel itself has done comes back too, by the name of its integration.
        if verb is not None and thread and agent is not None and agent.type.startswith("user"):
            await self.context.answers.acted(thread, verb, agent.summary)


def event_of(message: Message, routing_key: str) -> dict[str, Any]:
    """What PagerDuty is sent."""
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": _action(message),
        "dedup_key": dedup_key(message),
    }
    if event["event_action"] != "trigger":
        return event
    event |= {
        "client": "Sentinel",
        "client_url": message.url,
        "links": [{"href": message.url, "text": "Open in Sentinel"}] if message.url else [],
        "payload": {
            "summary": message.subject[:_LONGEST_SUMMARY] or "(no subject)",
            "source": urlsplit(message.url).hostname or "Sentinel",
            "severity": message.severity if message.severity in _SEVERITIES else "error",
            **_classified(message),
            "custom_details": _details(message),
        },
    }
    return event


def follower_of(message: Message, routing_key: str) -> dict[str, Any] | None:
    """Opens the incident in which one goes on that was folded, where it is not open there yet. None
    where that one is over."""
    home = message.payload.get("data", {}).get("goes_on") or {}
    if not message.goes_on or home.get("state") == "resolved":
        return None
    told = replace(
        message,
        reason="firing",
        thread=message.goes_on,
        subject=str(home.get("title", message.subject)),
        severity=str(home.get("severity", message.severity)),
        url=str(home.get("url", message.url)),
    )
    return event_of(told, routing_key)


def dedup_key(message: Message) -> str:
    key = message.thread or message.key
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _action(message: Message) -> str:
    if message.reason in ("resolved", "folded"):
        return "resolve"
    return "acknowledge" if message.reason == "acknowledged" else "trigger"


def _incident(message: Message) -> Mapping[str, Any]:
    data = message.payload.get("data")
    incident = data.get("incident") if isinstance(data, Mapping) else None
    return incident if isinstance(incident, Mapping) else {}


def _classified(message: Message) -> dict[str, str]:
    """What PagerDuty sorts by."""
    incident = _incident(message)
    found = {"class": incident.get("code"), "group": incident.get("tenant")}
    return {name: str(value)[:_LONGEST_SUMMARY] for name, value in found.items() if value}


def _details(message: Message) -> dict[str, Any]:
    """The text, and the facts as far as there is room for them."""
    details: dict[str, Any] = {"reason": message.reason, "text": message.text[:_LONGEST_TEXT]}
    facts = message.payload.get("data", {})
    if len(msgspec.json.encode(facts)) <= _MOST_BYTES:
        details["facts"] = facts
    return details


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(PagerDuty)
