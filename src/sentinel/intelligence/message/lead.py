"""The first words of a message: what is the news, and whom it hurts."""

from sentinel.intelligence.message import holder
from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import clock_time, counted, span
from sentinel.model.delivery import Delivery

_NAME = 120


def lead_of(facts: PageFacts, delivery: Delivery) -> str:
    match delivery.reason:
        case "resolved":
            said = _over(facts, delivery)
        case "folded":
            said = _folded(facts)
        case "cause_found":
            said = _cause(facts)
        case "remedy_failed":
            said = _in_vain(facts)
        case "acknowledged":
            said = holder.taken(facts, delivery, _hurts(facts))
        case "assigned":
            said = holder.given(facts, delivery, _hurts(facts))
        case "ack_expiring":
            said = _expiring(facts, delivery)
        case "reminder":
            lasts = span(delivery.created - facts.page.incident.opened)
            said = f"Still broken after {lasts}. {_hurts(facts)}"
        case _:
            said = _hurts(facts)
    return f"{said}{others_of(facts)}".strip()


def ended_of(facts: PageFacts, delivery: Delivery) -> str:
    """A sentence for a message that comes too late; empty for all others."""
    ended = facts.page.incident.resolved
    if delivery.reason in ("resolved", "folded") or ended is None:
        return ""
    return f"It has ended since, at {clock_time(ended, delivery.created, facts.zone)}."


def others_of(facts: PageFacts) -> str:
    """A sentence on further incidents, which stand below; empty where there are none."""
    others = len(facts.page.others)
    return f" This tells of {counted(others, 'more incident')} too: see below." if others else ""


def _hurts(facts: PageFacts) -> str:
    what = _sentence(facts.impact or facts.page.incident.title)
    if facts.cause:
        return f"{what} The cause seems to be {_sentence(_named(facts.cause))}"
    return what


def _over(facts: PageFacts, delivery: Delivery) -> str:
    incident = facts.page.incident
    lasted = span((incident.resolved or delivery.created) - incident.opened)
    begun = clock_time(incident.opened, delivery.created, facts.zone)
    # A title says how things were, in the present: "The shop is down" is not so any more.
    what = _sentence(facts.past_impact or f"It was: {incident.title}")
    over = "It is over" if incident.resolved_by is None else f"{incident.resolved_by} resolved it"
    return f"{over}. It lasted {lasted}, from {begun}. {what}"


def _cause(facts: PageFacts) -> str:
    explained = [facts.name] if facts.cause else []
    explained += [cascade.name for cascade in facts.cascades]
    told = f", and it explains {', '.join(explained[:3])}" if explained else ""
    found = _named(facts.cause or facts.name)
    return f"The cause was found: {found}{told}. {_sentence(facts.impact)}"


def _folded(facts: PageFacts) -> str:
    """What the reader was paged for is not over: it is told of elsewhere."""
    home = facts.page.home
    if home is None:
        return "This is part of another incident now, which has the same cause."
    name = _named(home.code or home.title)
    over = " That one is over." if home.state == "resolved" else " What comes of it is told there."
    return (
        f"Incident {facts.page.incident.id} is part of incident {home.id} now, which has the same "
        f"cause: {_sentence(name)}{over}"
    )


def _in_vain(facts: PageFacts) -> str:
    tried = facts.page.tried
    if tried is None:
        return f"What its rule had run did not help. {_hurts(facts)}"
    name, why = _named(tried.action), _named(tried.text)
    return f"Sentinel ran {name}, which did not help: {_sentence(why)} {_hurts(facts)}"


def _expiring(facts: PageFacts, delivery: Delivery) -> str:
    incident = facts.page.incident
    # A title is a sentence of its own, which quotes keep apart.
    name = _named(incident.code or f"“{incident.title}”")
    if incident.state == "resolved":
        return f"{name} is over."
    if incident.state == "open":
        return f"The acknowledgement of {name} has run out: whoever is on call is paged anew."
    is_own = delivery.person is not None and delivery.person == incident.acknowledged_by
    has = "You have" if is_own else f"{incident.acknowledged_by or 'Somebody'} has"
    if incident.ack_until is None:
        return f"{has} {name}, until it is over."
    ends = clock_time(incident.ack_until, delivery.created, facts.zone)
    return (
        f"{has} {name}; {'your' if is_own else 'the'} acknowledgement runs out at {ends}. "
        "Acknowledge it again, or it pages anew."
    )


def _named(text: str) -> str:
    return one_line(text, _NAME)


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
