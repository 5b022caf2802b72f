"""The text for channels that count characters."""

from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.message.lead import ended_of, others_of
from sentinel.intelligence.message.view import View
from sentinel.model.delivery import Delivery


def short_of(facts: PageFacts, delivery: Delivery, view: View) -> str:
    """What and where, whom it hurts, how to answer, what to do first; the address comes last, so
    that whoever has to cut finds it, and advice goes before what stands in front of it. The subject
    says how many more there are: here nothing stands below."""
    lead = _without_title(view.lead.removesuffix(others_of(facts)), view.subject, facts)
    told = " ".join(filter(None, (ended_of(facts, delivery), lead)))
    said = f"{view.subject}: {told}" if told else f"{view.subject.removesuffix('.')}."
    first = next((one for one in facts.choices if one.verb == "acknowledge"), None)
    if first is None:
        return f"{said} {facts.url}"
    answer = "ack all" if facts.page.others else f"{facts.page.incident.id}a"
    holder = facts.page.incident.acknowledged_by
    verb = "keep" if holder is not None and holder == delivery.person else "take"
    advice = f" Do first: {view.do}" if _has_advice(facts, delivery) else ""
    return f"{said} Reply {answer} to {verb} it.{advice} {first.url}"


def _has_advice(facts: PageFacts, delivery: Delivery) -> bool:
    """Whether it is worth its characters: to look at the incident is what the link is for."""
    fixes = facts.entry.fix if facts.entry else ()
    known = facts.suspect or facts.cause or fixes or facts.runbook
    return bool(known) and delivery.reason != "ack_expiring"


def _without_title(lead: str, subject: str, facts: PageFacts) -> str:
    """Of what nothing is known but its title, that stands in the subject already."""
    title = facts.page.incident.title
    if not subject.endswith(title):
        return lead
    sentence = f"{title.removesuffix('.')}."
    return "" if lead == sentence else lead.removesuffix(f" {sentence}")
