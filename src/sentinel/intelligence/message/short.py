"""The text for channels that count characters."""

from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.message.view import View


def short_of(facts: PageFacts, view: View) -> str:
    """What and where, whom it hurts, how to answer; the address comes last, so that whoever has to
    cut finds it."""
    said = f"{view.subject}: {view.lead}"
    first = next((one for one in facts.choices if one.verb == "acknowledge"), None)
    if first is None:
        return f"{said} {facts.url}"
    answer = "ack all" if facts.page.others else f"{facts.page.incident.id}a"
    return f"{said} Reply {answer} to take it. {first.url}"
