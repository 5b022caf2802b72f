"""What templates may speak of: plain records whose descriptions are the documentation.

A text that is not known is empty, and never None: a template need not ask before it writes one.
Times are texts as people read them.
"""

from typing import Annotated

from msgspec import Meta, Struct

from sentinel.model.broadcast import BroadcastKind, Phase
from sentinel.model.delivery import Audience, Reason, Verb


def _said(text: str) -> Meta:
    return Meta(description=text)


class IncidentView(Struct, frozen=True, kw_only=True):
    """`incident`, and each of `others`."""

    id: Annotated[int, _said("Its number.")]
    title: Annotated[str, _said("Its title.")]
    state: Annotated[str, _said("open, acknowledged or resolved, when the message was made.")]
    severity: Annotated[str, _said("critical, warning or info.")]
    code: Annotated[str, _said("The error code at its root.")]
    tenant: Annotated[str, _said("The tenant that it concerns.")]
    url: Annotated[str, _said("Its page in Sentinel.")]
    opened: Annotated[str, _said("Since when: `14:02 UTC`.")]
    resolved: Annotated[str, _said("When it ended.")]


class AlertView(Struct, frozen=True, kw_only=True):
    """Each of `alerts`."""

    rule: Annotated[str, _said("The rule that fired.")]
    state: Annotated[str, _said("firing, acknowledged, resolved, …")]
    severity: Annotated[str, _said("critical, warning or info.")]
    code: Annotated[str, _said("Its error code.")]
    count: Annotated[int, _said("Signals that were merged into it; 0 where none were counted.")]
    since: Annotated[str, _said("Since when.")]
    verdict: Annotated[str, _said("The detector's sentence: `12 events within 5m, …`.")]
    labels: Annotated[dict[str, str], _said("Its labels, by name.")]


class CascadeView(Struct, frozen=True, kw_only=True):
    """Each of `cascades`."""

    name: Annotated[str, _said("The code, or the rule without one.")]
    title: Annotated[str, _said("What the catalog calls it.")]
    count: Annotated[int, _said("Its signals.")]


class CandidateView(Struct, frozen=True, kw_only=True):
    """Each of `causes`."""

    kind: Annotated[str, _said("code, component, change or correlation.")]
    name: Annotated[str, _said("What may have caused it.")]
    title: Annotated[str, _said("What the catalog calls it.")]
    confidence: Annotated[str, _said("likely, possible or weak.")]
    reasons: Annotated[list[str], _said("Why, a short sentence each.")]


class ChangeView(Struct, frozen=True, kw_only=True):
    """Each of `changes`."""

    kind: Annotated[str, _said("deploy, config, flag, …")]
    summary: Annotated[str, _said("What was changed.")]
    service: Annotated[str, _said("Where: the service, or the component.")]
    release: Annotated[str, _said("The release that it brought.")]
    author: Annotated[str, _said("Who made it.")]
    url: Annotated[str, _said("More about it.")]
    before: Annotated[str, _said("How long before the incident: `4 min`.")]


class FactView(Struct, frozen=True, kw_only=True):
    """Each of `facts`."""

    label: Annotated[str, _said("Since, Where, Seen, Rule, …")]
    value: Annotated[str, _said("What is known of it.")]


class LinkView(Struct, frozen=True, kw_only=True):
    """Each of `links` and `tests`."""

    label: Annotated[str, _said("Its words.")]
    url: Annotated[str, _said("Where it leads: always http:// or https://.")]


class ChoiceView(Struct, frozen=True, kw_only=True):
    """Each of `choices`."""

    verb: Annotated[Verb, _said("acknowledge, escalate or resolve.")]
    label: Annotated[str, _said("Its words.")]
    url: Annotated[str, _said("A signed link: its page asks before it acts.")]


class AdminView(Struct, frozen=True, kw_only=True):
    """Messages about incidents, for those who run the system."""

    reason: Annotated[Reason, _said("Why it is sent: firing, reminder, resolved, …")]
    severity: Annotated[str, _said("critical, warning or info.")]
    badge: Annotated[str, _said("Severity and reason: `critical · firing`.")]
    channel: Annotated[str, _said("The channel that it goes over.")]
    recipient: Annotated[str, _said("The person that it goes to.")]
    subject: Annotated[str, _said("The default subject, at most 70 characters.")]
    text: Annotated[str, _said("The whole default text.")]
    short: Annotated[str, _said("The default text for channels that count characters.")]
    name: Annotated[str, _said("The shortest name of what is wrong: the code, or the title.")]
    title: Annotated[str, _said("What is wrong, in one line.")]
    code: Annotated[str, _said("The error code.")]
    tenant: Annotated[str, _said("The tenant that it concerns.")]
    environment: Annotated[str, _said("production, staging, …")]
    service: Annotated[str, _said("The service that reported it.")]
    host: Annotated[str, _said("The host that reported it.")]
    release: Annotated[str, _said("The release that reported it.")]
    lead: Annotated[str, _said("The default's first words: the news, and whom it hurts.")]
    impact: Annotated[str, _said("Whom it hurts, a sentence without its full stop.")]
    do: Annotated[str, _said("What to do first; empty where nothing is to be done.")]
    steps: Annotated[list[str], _said("The further steps.")]
    because: Annotated[str, _said("A sentence on what probably caused it.")]
    last_fix: Annotated[str, _said("A sentence on what helped the last time.")]
    notes: Annotated[list[str], _said("What else the reader should know, such as that it flaps.")]
    summary: Annotated[str, _said("What it means, by the catalog or the rule.")]
    error: Annotated[str, _said("The error's own text.")]
    place: Annotated[str, _said("Where it was raised: `shop/sms.py:88 in send`.")]
    facts: Annotated[list[FactView], _said("What the default lists below: Since, Where, Seen, …")]
    verify: Annotated[list[str], _said("How to see that it is mended.")]
    cause: Annotated[str, _said("What a correlation found at the root, such as a deploy.")]
    causes: Annotated[list[CandidateView], _said("What may have caused it, the likeliest first.")]
    changes: Annotated[list[ChangeView], _said("Made in the hour before it, the nearest first.")]
    cascades: Annotated[list[CascadeView], _said("What broke because of it.")]
    alerts: Annotated[list[AlertView], _said("Its alerts, the oldest first, up to 20.")]
    labels: Annotated[dict[str, str], _said("The labels of the alert at its root.")]
    count: Annotated[int, _said("Signals with its own code.")]
    since: Annotated[str, _said("When it began: `14:02 UTC`, with the day where not today.")]
    duration: Annotated[str, _said("How long it lasts, or lasted: `12 min`.")]
    seconds: Annotated[int, _said("The same as a number, for comparisons.")]
    holder: Annotated[str, _said("Who has acknowledged it.")]
    resolved_by: Annotated[str, _said("Who resolved it by hand.")]
    incident: Annotated[IncidentView, _said("The incident.")]
    others: Annotated[list[IncidentView], _said("Further incidents that this message tells of.")]
    choices: Annotated[list[ChoiceView], _said("What the reader may do by a link.")]
    acknowledge_url: Annotated[str, _said("The link of `choices` that acknowledges.")]
    links: Annotated[list[LinkView], _said("The incident, its errors, the runbook, documents.")]
    tests: Annotated[list[LinkView], _said("Pages with one button that shows that it is mended.")]
    runbook: Annotated[str, _said("The runbook's address.")]
    url: Annotated[str, _said("The incident's page in Sentinel.")]


class ClientView(Struct, frozen=True, kw_only=True):
    """Messages for clients: the words that were published, and nothing that only operators know."""

    reason: Annotated[Reason, _said("update.")]
    severity: Annotated[str, _said("critical, warning or info.")]
    channel: Annotated[str, _said("The channel that it goes over.")]
    subject: Annotated[str, _said("The default subject, at most 70 characters.")]
    text: Annotated[str, _said("The whole default text, with its links.")]
    short: Annotated[str, _said("The default text for channels that count characters.")]
    kind: Annotated[BroadcastKind, _said("incident, or maintenance that was announced.")]
    phase: Annotated[Phase, _said("investigating, identified, monitoring, resolved, scheduled, …")]
    badge: Annotated[str, _said("The phase in the client's language.")]
    sender: Annotated[str, _said("`clients.title` of the configuration.")]
    title: Annotated[str, _said("The broadcast's heading.")]
    message: Annotated[str, _said("The published words, in the client's language.")]
    facts: Annotated[list[str], _said("Sentences on the parts that it concerns and on times.")]
    components: Annotated[list[str], _said("The parts that it concerns, as clients know them.")]
    language: Annotated[str, _said("The client's language: en, de, …")]
    footer: Annotated[str, _said("`clients.footer` of the configuration.")]
    closing: Annotated[str, _said("The default's last lines: footer, why it is sent, and links.")]
    status_url: Annotated[str, _said("The status page that this client may read.")]
    manage_url: Annotated[str, _said("Where the client changes what it is told.")]
    unsubscribe_url: Annotated[str, _said("Where the client ends it.")]


View = AdminView | ClientView
VIEWS: dict[Audience, type[AdminView] | type[ClientView]] = {
    "admin": AdminView,
    "client": ClientView,
}
