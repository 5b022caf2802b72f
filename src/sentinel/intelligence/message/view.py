"""What a message says, in its order, before it is put into text or HTML.

Everything here is bounded and on one line: what came from outside can neither hide nor grow.
"""

from msgspec import Struct

from sentinel.intelligence.advice import advice
from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.message.holder import mark_of
from sentinel.intelligence.message.lead import ended_of, lead_of
from sentinel.intelligence.untrusted import clip, one_line
from sentinel.intelligence.wording import clock_time, counted, long_ago, span
from sentinel.model.alert import PROBE, Incident
from sentinel.model.delivery import Delivery, Reason

SUBJECT = 70
_PLACE = 24
_SHORTEST = 20
_LINE = 300
_STEP = 420
_MOST_STEPS = 8
_MOST_OTHERS = 5
_MOST_VARIABLES = 12
_MOST_INCIDENTS = 20
# Their first words say who has it, or that it is over.
_SAY_WHO: tuple[Reason, ...] = ("resolved", "ack_expiring", "acknowledged", "assigned", "folded")
# Whoever is told that it is over, or has it already, needs no instructions.
_BRIEF: tuple[Reason, ...] = ("resolved", "ack_expiring", "acknowledged", "folded")
_SAID_ELSEWHERE = ("tenant", "environment", PROBE)
_MARKS: dict[Reason, str] = {
    "reminder": "Reminder: ",
    "cause_found": "Cause found: ",
    "remedy_failed": "Repair failed: ",
    "assigned": "For you: ",
    "ack_expiring": "Still on it? ",
    "folded": "Goes on elsewhere: ",
    "resolved": "Resolved: ",
}


class Link(Struct, frozen=True):
    label: str
    url: str


class Other(Struct, frozen=True):
    """A further incident that the message tells of."""

    text: str
    url: str


class View(Struct, frozen=True, kw_only=True):
    """`lead` says whom it hurts and `do` what to do first. `because` names a probable
    cause, `last_fix` what helped before. `steps` are the further ones, and
    `hidden_steps` how many more the incident's page has. `said` is the error's own text, `others`
    are further incidents and `hidden_others` how many of them are not listed. `tests` and
    `choices` lead to pages with a button each: what shows that it is mended, what to do with the
    incident."""

    reason: Reason
    severity: str
    badge: str
    subject: str
    lead: str
    do: str
    because: str
    last_fix: str
    title: str
    notes: list[str]
    summary: str
    said: str
    place: str
    facts: list[tuple[str, str]]
    steps: list[str]
    hidden_steps: int
    causes: list[str]
    env_vars: list[str]
    config_file: str
    verify: list[str]
    cascades: list[str]
    others: list[Other]
    hidden_others: int
    tests: list[Link]
    choices: list[Link]
    links: list[Link]


def view_of(facts: PageFacts, delivery: Delivery) -> View:
    brief = delivery.reason in _BRIEF
    entry = facts.entry
    steps = [one_line(step, _STEP) for step in _steps(facts, delivery)]
    sample = facts.page.sample
    lead = one_line(lead_of(facts, delivery), _LINE)
    title = one_line(entry.title if entry else facts.page.incident.title, 160)
    summary = "" if brief else _summary(facts)
    others = facts.page.others
    return View(
        reason=delivery.reason,
        severity=delivery.severity,
        badge=_badge(delivery),
        subject=subject_of(facts, delivery),
        lead=lead,
        do=steps[0] if steps else "",
        because="" if brief else one_line(_because(facts), _LINE),
        last_fix="" if brief else one_line(_last_fix(facts, delivery), _LINE),
        title="" if title in lead else title,
        notes=[one_line(note, _LINE) for note in _notes(facts, delivery)],
        summary="" if summary == title else summary,
        said="" if brief or sample is None else one_line(sample.message or sample.title, _LINE),
        place="" if brief else _place(facts),
        facts=[(label, one_line(value, 160)) for label, value in _facts(facts, delivery) if value],
        steps=steps[1:_MOST_STEPS],
        hidden_steps=max(0, len(steps) - _MOST_STEPS),
        causes=[] if brief else _few(entry.common_causes if entry else ()),
        env_vars=[] if brief else _variables(facts),
        config_file="" if brief else _config_file(facts),
        verify=_few(entry.verify if entry and facts.page.home is None else ()),
        cascades=_cascades(facts),
        others=[_other(facts, other, delivery) for other in others[:_MOST_INCIDENTS]],
        hidden_others=max(0, len(others) - _MOST_INCIDENTS),
        tests=_tests(facts),
        choices=[Link(one.label, one.url) for one in facts.choices],
        links=_links(facts),
    )


def subject_of(facts: PageFacts, delivery: Delivery) -> str:
    """At most 70 characters: what, then where. Where it does not fit, the name gives way, and then
    the environment."""
    mark = mark_of(facts) if delivery.reason == "acknowledged" else _MARKS.get(delivery.reason, "")
    if delivery.reason in ("firing", "assigned", "reminder"):
        mark += f"[{delivery.severity}] "
    places = [place for place in (facts.tenant, facts.environment) if place]
    others = len(facts.page.others)
    more = f" and {others:,} more" if others else ""
    where = "".join(f" · {one_line(place, _PLACE)}" for place in places) + more
    found = facts.cause if delivery.reason == "cause_found" else ""
    least = min(len(found or facts.name), _SHORTEST)
    if len(mark) + least + len(where) > SUBJECT and len(places) > 1:
        where = f" · {one_line(places[0], _PLACE)}{more}"
    room = max(_SHORTEST, SUBJECT - len(mark) - len(where))
    return clip(f"{mark}{one_line(found or facts.name, room)}{where}", SUBJECT)


def _badge(delivery: Delivery) -> str:
    if delivery.reason == "resolved":
        return "resolved"
    if delivery.reason == "ack_expiring":
        return f"{delivery.severity} · acknowledgement runs out"
    return f"{delivery.severity} · {delivery.reason.replace('_', ' ')}"


def _steps(facts: PageFacts, delivery: Delivery) -> list[str]:
    """The first one first."""
    if delivery.reason in ("resolved", "acknowledged", "folded"):
        return []
    if delivery.reason == "ack_expiring":
        return ["If you are still on it, acknowledge it again on the incident's page."]
    return advice(
        facts.entry,
        suspect=facts.suspect,
        behind=facts.behind,
        cause=facts.cause,
        runbook=facts.runbook,
        otherwise=_without_catalog(facts),
    )


def _without_catalog(facts: PageFacts) -> str:
    if facts.page.sample is not None and facts.page.sample.file:
        return "Read the error and the place in the code where it was raised (below)."
    if facts.changed is not None:
        return f"See whether {one_line(facts.changed.title, 120)} explains it; take it back if so."
    return "Open the incident and see what changed before it began."


def _notes(facts: PageFacts, delivery: Delivery) -> list[str]:
    incident, notes = facts.page.incident, []
    if facts.page.failed_channel:
        notes.append(f"You get this here because {facts.page.failed_channel} did not get it out.")
    if ended := ended_of(facts, delivery):
        notes.append(ended)
    elif delivery.reason not in _SAY_WHO and incident.acknowledged_by:
        notes.append(f"{incident.acknowledged_by} is on it.")
    lasting = sum(one.state == "closed" and one.cleared is None for one in facts.page.alerts)
    if delivery.reason == "resolved" and lasting:
        notes.append(
            "1 of its alerts still holds: nobody is told of it again until it has been gone."
            if lasting == 1
            else f"{lasting} of its alerts still hold: nobody is told of them again until they "
            "have been gone."
        )
    if facts.page.tried and delivery.reason in ("firing", "reminder"):
        tried = facts.page.tried
        notes.append(f"Sentinel ran {one_line(tried.action, 100)}, which did not help.")
    if facts.flaps and delivery.reason != "resolved":
        notes.append(
            "It comes and goes (flaps): it counts as over only once it has been gone for a while."
        )
    return notes


def _variables(facts: PageFacts) -> list[str]:
    """Those of what is suspected first."""
    entries = [one for one in (facts.behind, facts.entry) if one is not None]
    names = (name for entry in entries for name in entry.env_vars)
    return list(dict.fromkeys(names))[:_MOST_VARIABLES]


def _config_file(facts: PageFacts) -> str:
    entries = [one for one in (facts.behind, facts.entry) if one is not None and one.env_vars]
    return one_line(next((one.config_file for one in entries if one.config_file), ""), 100)


def _changed(facts: PageFacts) -> str:
    """`deploy 1.2.3 of api, 4 min before it began`."""
    change, opened = facts.changed, facts.page.incident.opened
    if change is None:
        return ""
    place = change.service or change.component
    what = " ".join(filter(None, (change.kind, change.release, f"of {place}" if place else "")))
    said = f": {one_line(change.summary, 80)}" if change.summary else ""
    return f"{one_line(what, 80)}{said}, {span(opened - change.at)} before it began"


def _because(facts: PageFacts) -> str:
    found = facts.suspect
    if found is None:
        return ""
    title = f" ({one_line(found.title, 80)})" if found.title else ""
    why = f": {found.reasons[0]}" if found.reasons else ""
    return f"Probably because of {one_line(found.name, 100)}{title}{why}."


def _last_fix(facts: PageFacts, delivery: Delivery) -> str:
    found = facts.findings.fix
    if found is None or found.fix is None:
        return ""
    ago = f"({long_ago(delivery.created - found.resolved)} ago)"
    if found.recurs:
        return f"Last time {ago} this was fixed by: {found.fix.text}"
    return f"A similar incident {ago} was fixed by: {found.fix.text}"


def _summary(facts: PageFacts) -> str:
    """What it means: the catalog's words, the rule's, or the detector's."""
    if facts.entry and facts.entry.summary:
        return one_line(facts.entry.summary, 600)
    root = facts.root
    if root is None:
        return ""
    said = root.annotations.get("description") or root.annotations.get("summary") or root.verdict
    return one_line(said, 600)


def _place(facts: PageFacts) -> str:
    sample = facts.page.sample
    if sample is None or not sample.file:
        return ""
    line = f":{sample.line}" if sample.line else ""
    function = f" in {sample.function}" if sample.function else ""
    return one_line(f"{sample.file}{line}{function}", 200)


def _facts(facts: PageFacts, delivery: Delivery) -> list[tuple[str, str]]:
    incident, root, sample = facts.page.incident, facts.root, facts.page.sample
    keys = root.key.items() if root else ()
    by = [f"{name} {value}" for name, value in keys if value and name not in _SAID_ELSEWHERE]
    where = (facts.tenant, facts.environment, sample.service if sample else None, *by)
    impact = facts.entry.impact if facts.entry else None
    return [
        ("Since", clock_time(incident.opened, delivery.created, facts.zone)),
        ("Cause", facts.cause),
        ("Changed", _changed(facts)),
        ("Where", " · ".join(place for place in where if place)),
        ("Found by", _probes(facts)),
        ("Seen", counted(facts.events, "time") if facts.events > 1 else ""),
        ("Priority", f"{impact.priority}, revenue at stake: {impact.revenue}" if impact else ""),
        ("Release", (sample.release or "") if sample else ""),
        ("Rule", f"{root.rule}: {root.verdict}" if root and root.verdict else _rule_of(facts)),
    ]


def _probes(facts: PageFacts) -> str:
    """The looks at a component that found it so."""
    found = sorted({probe for one in facts.roots if (probe := one.key.get(PROBE))})
    return f"{'probe' if len(found) == 1 else 'probes'} {' and '.join(found)}" if found else ""


def _rule_of(facts: PageFacts) -> str:
    return facts.root.rule if facts.root else ""


def _cascades(facts: PageFacts) -> list[str]:
    found = facts.cascades
    lines = [
        one_line(f"{c.name}{': ' if c.title else ''}{c.title}{_times(c.count)}", 160)
        for c in found[:_MOST_OTHERS]
    ]
    rest = len(found) - _MOST_OTHERS
    return [*lines, f"and {rest} more"] if rest > 0 else lines


def _times(count: int) -> str:
    """Nothing where no signal was counted, as for silence or a forecast."""
    return f" ({counted(count, 'time')})" if count else ""


def _other(facts: PageFacts, incident: Incident, delivery: Delivery) -> Other:
    since = clock_time(incident.opened, delivery.created, facts.zone)
    when = f"since {since}"
    if incident.resolved is not None:
        when = f"over, lasted {span(incident.resolved - incident.opened)} from {since}"
    # Many errors have the same words: only their code, and whom they hurt, tell them apart.
    code, tenant = incident.code or "", incident.tenant or ""
    name = incident.title if code in incident.title else f"{code}: {incident.title}"
    where = "" if tenant in incident.title else f" · {one_line(tenant, _PLACE)}"
    return Other(
        f"[{incident.severity}] {one_line(name, 160)}{where}, {when}", facts.url_of(incident)
    )


def _few(texts: tuple[str, ...]) -> list[str]:
    return [one_line(text, _STEP) for text in texts[:_MOST_OTHERS]]


def _tests(facts: PageFacts) -> list[Link]:
    found = facts.tests
    names = [one_line(name.rpartition(":")[2], 60) for name in found]
    labels = ["Test it"] if len(found) == 1 else [f"Test {name}" for name in names]
    return [Link(label, facts.url_of_test(one)) for label, one in zip(labels, found, strict=True)]


def _links(facts: PageFacts) -> list[Link]:
    entry, home = facts.entry, facts.page.home
    if home is not None:
        return [Link(f"Incident {home.id}", facts.url_of(home)), Link("This one", facts.url)]
    found = [
        ("Incident", facts.url),
        ("Errors", facts.group_url),
        ("Runbook", facts.runbook),
        ("Mend it here", facts.link(entry.fix_url) if entry else None),
        ("In the application", facts.link(entry.ui_fix_url) if entry else None),
        *(("Documentation", page) for page in (entry.external_docs[:2] if entry else ())),
    ]
    return [Link(label, url) for label, url in found if url]
