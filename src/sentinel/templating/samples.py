"""Made-up messages, to try templates on before anything has gone wrong.

Of each reason two for those who run the system: one of which everything is known, and one of which
next to nothing is. A template has to do for both.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from sentinel.broadcasts.compose import UpdateFacts, told, view_for_templates
from sentinel.clients.links import Links
from sentinel.config.model import ClientsConfig
from sentinel.intelligence.catalog import Entry, Impact
from sentinel.intelligence.message import PageFacts, compose
from sentinel.model.alert import Alert, Incident
from sentinel.model.broadcast import MAINTENANCE_PHASES, Broadcast, Phase, Update
from sentinel.model.cause import Candidate, Findings
from sentinel.model.client import Contact, Subscription
from sentinel.model.delivery import Audience, Choice, Delivery, Message, Reason, Verb
from sentinel.model.group import Group
from sentinel.model.page import Page, Tried
from sentinel.model.signal import Change, Error
from sentinel.signing import Signer
from sentinel.templating.incident import admin_view
from sentinel.templating.stored import StoredUpdate
from sentinel.templating.views import View

URL = "https://sentinel.example.com"
PERSON = "alice"
CLIENT_PHASES: tuple[Phase, ...] = (
    "investigating",
    "identified",
    "monitoring",
    "resolved",
    "scheduled",
    "in_progress",
    "completed",
    "correction",
    "retraction",
    "postmortem",
)
REASONS: Mapping[Audience, tuple[Reason, ...]] = {
    "admin": (
        "firing",
        "cause_found",
        "remedy_failed",
        "reminder",
        "acknowledged",
        "assigned",
        "ack_expiring",
        "folded",
        "resolved",
    ),
    "client": ("update",),
}
"""What templates can word. Other messages are about no incident: a test, a drill, a question."""

_OPENED = 1_795_608_120.0
_ASKED: tuple[Reason, ...] = ("firing", "cause_found", "remedy_failed", "reminder", "assigned")
_HELD: tuple[Reason, ...] = ("acknowledged", "assigned", "ack_expiring")
_TEXTS: Mapping[Phase, str] = {
    "investigating": "Text messages are late or do not arrive. We are looking into it.",
    "identified": "Our provider for text messages has an outage. E-mail works as usual.",
    "monitoring": "Text messages arrive again. We keep an eye on it.",
    "resolved": "Text messages arrive on time again. Those of the last hour were sent late.",
    "scheduled": "We move to new servers. Signing in will not work for some minutes.",
    "in_progress": "The work has begun.",
    "completed": "The work is done, and everything runs as usual.",
    "correction": "Not all text messages were late, but those to the US.",
    "retraction": "This was a mistake: text messages were never late.",
    "postmortem": (
        "Our provider had an outage of 48 minutes.\n\n## What we change\n\n"
        "- We have added a second provider.\n- Messages now change over **by themselves**."
    ),
}


class Sample(Struct, frozen=True, kw_only=True):
    """`name` is what it is asked for by; `message` is what is sent without a template."""

    name: str
    message: Message
    view: View


def samples(audience: Audience, reasons: tuple[Reason, ...] = ()) -> Iterator[Sample]:
    """Of all reasons where none are named."""
    wanted = reasons or REASONS[audience]
    return (one for one in _all_of(audience) if one.message.reason in wanted)


@cache
def _all_of(audience: Audience) -> tuple[Sample, ...]:
    """Made once: every part of every template is tried on them when a configuration is read."""
    if audience == "client":
        return tuple(client_sample(phase) for phase in CLIENT_PHASES)
    return tuple(
        incident_sample(reason, bare=bare) for reason in REASONS["admin"] for bare in (False, True)
    )


def incident_sample(
    reason: Reason, *, bare: bool = False, channel: str = "email", url: str = URL
) -> Sample:
    """`bare`: without a code, a tenant, an error or anything from the catalog."""
    facts = (_bare if bare else _full)(reason, url)
    over = reason == "resolved"
    delivery = Delivery(
        id=1,
        key="sample-1",
        channel=channel,
        address="alice@example.com",
        person=None if bare else PERSON,
        reason=reason,
        incident=facts.page.incident.id,
        severity=facts.page.incident.severity,
        created=_OPENED + (2_880 if over else 300),
        due=_OPENED,
    )
    message = compose(facts, delivery)
    name = f"{reason}-bare" if bare else reason
    return Sample(name=name, message=message, view=admin_view(facts, delivery, message))


def client_sample(
    phase: Phase,
    *,
    channel: str = "email",
    settings: ClientsConfig | None = None,
    language: str = "en",
    url: str = URL,
) -> Sample:
    facts = _client_facts(phase, settings or ClientsConfig(), language, url)
    return _to_client(phase, facts, channel)


def stored_sample(
    stored: StoredUpdate,
    *,
    channel: str,
    settings: ClientsConfig,
    language: str,
    url: str,
    shown: tuple[str, ...],
) -> Sample:
    """A real update, told to the client of the samples. `shown` is what clients call its
    components."""
    facts = _client_facts(stored.update.phase, settings, language, url)
    facts = replace(facts, update=stored.update, broadcast=stored.broadcast, shown=shown)
    return _to_client(f"broadcast {stored.broadcast.id}", facts, channel)


def _client_facts(phase: Phase, settings: ClientsConfig, language: str, url: str) -> UpdateFacts:
    planned = phase in MAINTENANCE_PHASES
    return UpdateFacts(
        update=Update(
            id=1,
            broadcast=1,
            phase=phase,
            text=_TEXTS.get(phase, _TEXTS["investigating"]),
            state="published",
            created=_OPENED,
            published=_OPENED + 600,
        ),
        broadcast=Broadcast(
            id=1,
            kind="maintenance" if planned else "incident",
            title="Move to new servers" if planned else "Text messages are late",
            phase=phase,
            opened=_OPENED,
            ended=_OPENED + 2_880 if phase in ("resolved", "completed") else None,
            starts=_OPENED + 86_400 if planned else None,
            ends=_OPENED + 90_000 if planned else None,
        ),
        contact=Contact(
            id=1, tenant="acme", name="Acme", language=language, source="config", created=_OPENED
        ),
        subscription=Subscription(
            id=1,
            contact=1,
            kind="email",
            address="it@acme.example",
            state="active",
            since=_OPENED,
        ),
        settings=settings,
        shown=("Text messages",),
        # Signed with no key that is used anywhere: such a link opens nothing.
        links=Links(Signer(b"sample"), url),
        status_url=f"{url}/status",
        thread="sample-broadcast-1",
    )


def _to_client(name: str, facts: UpdateFacts, channel: str) -> Sample:
    delivery = Delivery(
        id=1,
        key="sample-1",
        channel=channel,
        address="it@acme.example",
        reason="update",
        severity=facts.broadcast.severity,
        created=_OPENED + 600,
        due=_OPENED,
        subscription=1,
        update=1,
    )
    message = told(facts, delivery)
    return Sample(name=name, message=message, view=view_for_templates(facts, delivery, message))


def _full(reason: Reason, url: str) -> PageFacts:
    held = reason in _HELD
    over = reason in ("resolved", "folded")
    incident = Incident(
        id=7,
        state="resolved" if over else "acknowledged" if held else "open",
        severity="critical",
        title="Text messages fail for acme",
        root=1,
        rule="SmsDeliveryFailing",
        size=2,
        code="SMS_DELIVERY_FAILURE",
        tenant="acme",
        group=5,
        opened=_OPENED,
        acknowledged=_OPENED + 120 if held else None,
        acknowledged_by=(PERSON if reason == "assigned" else "bob") if held else None,
        assigned_by="bob" if reason == "assigned" else None,
        ack_until=_OPENED + 3_720 if held else None,
        resolved=_OPENED + 2_880 if over else None,
        folded_into=3 if reason == "folded" else None,
    )
    alerts = (
        _alert(1, "SmsDeliveryFailing", "SMS_DELIVERY_FAILURE", count=12),
        _alert(2, "LoginCodesFailing", "LOGIN_CODE_FAILURE", count=3),
    )
    group = Group(
        id=5,
        project="shop",
        fingerprint="sample",
        title="HTTP 401",
        culprit="send_reminder",
        code="SMS_DELIVERY_FAILURE",
        first_seen=_OPENED,
        last_seen=_OPENED + 240,
        count=41,
        users=41,
        tenants=1,
    )
    change = Change(
        at=_OPENED - 240,
        kind="deploy",
        summary="New keys for the SMS provider",
        service="worker",
        release="2.4.1",
        author="bob",
    )
    verbs: tuple[Verb, ...] = ("acknowledge", "escalate", "resolve")
    return PageFacts(
        page=Page(
            incident=incident,
            alerts=alerts,
            groups=(group,),
            sample=Error(
                message="HTTP 401: Authenticate (code 20003)",
                file="shop/sms.py",
                line=88,
                function="send_reminder",
                environment="production",
                release="2.4.1",
                service="worker",
                host="web-1",
            ),
            others=(
                Incident(
                    id=8,
                    severity="warning",
                    title="The queue of messages is long",
                    root=3,
                    rule="QueueLong",
                    opened=_OPENED + 60,
                ),
            )
            if reason == "reminder"
            else (),
            tried=Tried("restart the sender", "it still fails", _OPENED + 200)
            if reason == "remedy_failed"
            else None,
            home=_home_of(incident, reason),
        ),
        entry=Entry(
            code="SMS_DELIVERY_FAILURE",
            title="Text messages are not delivered",
            category="external_service",
            severity="critical",
            summary="The provider refuses messages, so that codes and reminders do not arrive.",
            fix=("Check the provider's status page.", "Compare the key with the provider's."),
            verify=("A test message arrives.",),
            impact=Impact(priority="P0", revenue="high", features=("text messages",)),
        ),
        titles={"LOGIN_CODE_FAILURE": "Login codes do not arrive"},
        findings=Findings(
            candidates=(
                Candidate(
                    kind="change",
                    name="deploy 2.4.1 of worker",
                    score=0.7,
                    confidence="likely",
                    reasons=("it was made 4 min before",),
                ),
            ),
            changes=(change,),
        ),
        tests=("test:channel:sms",),
        choices=tuple(
            Choice(verb=verb, label=verb.capitalize(), token="sample", url=f"{url}/incidents/7")  # noqa: S106
            for verb in verbs
        )
        if reason in (*_ASKED, "ack_expiring")
        else (),
        public_url=url,
    )


def _bare(reason: Reason, url: str) -> PageFacts:
    held = reason in _HELD
    over = reason in ("resolved", "folded")
    incident = Incident(
        id=9,
        state="resolved" if over else "acknowledged" if held else "open",
        severity="warning",
        title="The disk of db-1 is 91 % full",
        root=4,
        rule="DiskFull",
        opened=_OPENED,
        acknowledged_by="bob" if held else None,
        resolved=_OPENED + 2_880 if over else None,
        folded_into=3 if reason == "folded" else None,
    )
    root = replace(_alert(4, "DiskFull", None, count=0), labels={"host": "db-1"}, key={})
    page = Page(incident=incident, alerts=(root,), home=_home_of(incident, reason))
    return PageFacts(page=page, public_url=url)


def _home_of(incident: Incident, reason: Reason) -> Incident | None:
    if reason != "folded":
        return None
    return replace(incident, id=3, title="The database does not answer", code=None, state="open")


def _alert(id: int, rule: str, code: str | None, *, count: int) -> Alert:
    return Alert(
        id=id,
        rule=rule,
        key={"tenant": "acme"},
        state="firing",
        severity="critical",
        labels={"severity": "critical", "team": "platform", "tenant": "acme"},
        started=_OPENED,
        last=_OPENED + 240,
        count=count,
        code=code,
        verdict="12 events within 5m, the bound is 5",
    )
