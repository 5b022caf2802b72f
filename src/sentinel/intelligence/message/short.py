"""The text for channels that count characters."""

from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.message.lead import ended_of, others_of
from sentinel.intelligence.message.view import View
from sentinel.model.delivery import Delivery


def short_of(facts: PageFacts, delivery: Delivery, view: View) -> str:
    """What and where, whom it hurts, how to answer; the address comes last, so that whoever has to
    cut finds it. The subject says how many more there are: here nothing stands below."""
    lead = view.lead.removesuffix(others_of(facts))
    said = f"{view.subject}: {' '.join(filter(None, (ended_of(facts, delivery), lead)))}"
    first = next((one for one in facts.choices if one.verb == "acknowledge"), None)
    if first is None:
        return f"{said} {facts.url}"
    answer = "ack all" if facts.page.others else f"{facts.page.incident.id}a"
    return f"{said} Reply {answer} to take it. {first.url}"
