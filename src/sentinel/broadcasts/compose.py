"""What a client reads of an update: in the contact's language and time zone, with nothing in it but
the operator's words, the parts' titles and the client's own links."""

import sqlite3
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from msgspec import Struct
from msgspec.structs import asdict, replace

from sentinel.clients.links import Links
from sentinel.clients.words import Words
from sentinel.config.broadcasts import titles_of
from sentinel.config.model import ClientsConfig, Config
from sentinel.engine.broadcast_words import listed, moment
from sentinel.intelligence.untrusted import clip, one_line, visible
from sentinel.intelligence.wording import iso
from sentinel.markdown import plain, rendered
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.client import Contact, Subscription
from sentinel.model.delivery import Delivery, Message
from sentinel.signing import Signer
from sentinel.status.links import address, token
from sentinel.store import broadcasts, clients, meta
from sentinel.store import status as status_store
from sentinel.templating.templates import Templates
from sentinel.templating.views import ClientView

LONGEST_SUBJECT = 70
_STYLES = {
    "a": "color:#0b5cad;word-break:break-all;",
    "p": "margin:0 0 12px;",
    "ul": "margin:0 0 12px;padding-left:24px;",
    "ol": "margin:0 0 12px;padding-left:24px;",
    "blockquote": "margin:0 0 12px;padding-left:12px;border-left:3px solid #d5dae0;",
    **{f"h{level}": "margin:16px 0 8px;font-size:17px;line-height:1.35;" for level in range(3, 7)},
}
"""Mail programs know no style sheets."""

Linked = tuple[str, str, str]
"""What stands before a link, the link, and what stands after it."""


class _Section(Struct, frozen=True, kw_only=True):
    """What one update says. `html` stands for the paragraphs where they have Markdown."""

    phase: str
    badge: str
    title: str
    paragraphs: list[list[str]]
    html: str
    facts: list[str]


class _View(_Section, frozen=True, kw_only=True):
    """`others` are further updates of a digest."""

    subject: str
    sender: str
    others: list[_Section]
    follow: list[Linked]
    footer: list[str]
    why: str
    links: list[Linked]


class UpdateFacts(Struct, frozen=True, kw_only=True):
    """`shown` is what clients call the broadcast's components, `status_url` is where this client
    can read on. `thread` and `first` are the message's, `others` the further updates of a
    digest."""

    update: Update
    broadcast: Broadcast
    contact: Contact
    subscription: Subscription
    settings: ClientsConfig
    shown: tuple[str, ...]
    links: Links
    status_url: str
    thread: str = ""
    first: bool = True
    others: tuple["UpdateFacts", ...] = ()


def compose_update(
    conn: sqlite3.Connection, delivery: Delivery, config: Config, templates: Templates
) -> Message | None:
    """None where the update, or the client, has been forgotten or wants no more."""
    found = [_facts(conn, delivery, number, config) for number in _updates(delivery)]
    known = [one for one in found if one is not None]
    if not known:
        return None
    facts = replace(known[0], others=tuple(known[1:]))
    message = told(facts, delivery)
    return templates.apply(
        message, delivery.channel, lambda said: view_for_templates(facts, delivery, said)
    )


def told(facts: UpdateFacts, delivery: Delivery) -> Message:
    """What is said where the operator has written no template. Pure."""
    view = _view(facts, delivery)
    text = facts.update.words(facts.contact.language)
    if facts.update.phase == "postmortem":
        text = plain(text)
    short = f"{facts.settings.title}: {view.subject}. {one_line(text, 400)} {facts.status_url}"
    return Message(
        key=delivery.key,
        to=facts.subscription.address,
        reason=delivery.reason,
        severity=delivery.severity,
        subject=view.subject,
        text=_plain(view),
        html=_templates.get_template("client.html").render(view=view),
        thread=facts.thread,
        first=facts.first,
        url=facts.status_url,
        payload=_payload(facts, view, delivery),
        short=short.strip(),
        audience="client",
        unsubscribe=facts.links.unsubscribe(facts.subscription),
    )


def view_for_templates(facts: UpdateFacts, delivery: Delivery, message: Message) -> ClientView:
    """The same facts, for the operator's own words."""
    view = _view(facts, delivery)
    return ClientView(
        reason=delivery.reason,
        severity=delivery.severity,
        channel=delivery.channel,
        subject=message.subject,
        text=message.text,
        short=message.short,
        kind=facts.broadcast.kind,
        phase=facts.update.phase,
        badge=view.badge,
        sender=view.sender,
        title=view.title,
        message=visible(facts.update.words(facts.contact.language)).strip(),
        facts=view.facts,
        components=list(facts.shown),
        language=facts.contact.language,
        footer="\n".join(view.footer),
        closing=_closing(view),
        status_url=facts.status_url,
        manage_url=facts.links.manage(facts.contact, delivery.created),
        unsubscribe_url=facts.links.unsubscribe(facts.subscription),
    )


def subject_of(badge: str, title: str, more: str = "") -> str:
    """`more` is kept whole; the title gives way to it."""
    end = f" {more}" if more else ""
    return clip(f"{badge}: {one_line(title, 200)}", LONGEST_SUBJECT - len(end)) + end


def _updates(delivery: Delivery) -> tuple[int, ...]:
    return (delivery.update or 0, *delivery.also)


def _facts(
    conn: sqlite3.Connection, delivery: Delivery, number: int, config: Config
) -> UpdateFacts | None:
    update = broadcasts.get_update(conn, number)
    broadcast = broadcasts.get(conn, update.broadcast) if update else None
    found = clients.subscriber(conn, delivery.subscription or 0)
    if update is None or broadcast is None or found is None or found[1].state != "active":
        return None
    signer = Signer(meta.link_key(conn))
    return UpdateFacts(
        update=update,
        broadcast=broadcast,
        contact=found[0],
        subscription=found[1],
        settings=config.clients,
        shown=titles(config, broadcast),
        links=Links(signer, config.public_url),
        thread=f"{meta.instance(conn)}-broadcast-{broadcast.id}",
        first=not broadcasts.was_told(conn, update),
        status_url=_status_url(conn, config, broadcast, found[0], signer),
    )


def _status_url(
    conn: sqlite3.Connection, config: Config, broadcast: Broadcast, contact: Contact, signer: Signer
) -> str:
    """Where this client can read on: what is for the affected alone stands on their own page.
    Empty where there is none."""
    page = config.status_page
    if page is None:
        return ""
    if broadcast.audience != "affected" and page.audience == "public":
        return f"{config.public_url}/status"
    if contact.tenant is None:
        return ""
    generation = status_store.generation(conn, contact.tenant)
    return address(config.public_url, token(signer, contact.tenant, generation))


def _view(facts: UpdateFacts, delivery: Delivery) -> _View:
    settings, contact = facts.settings, facts.contact
    words, language = Words(settings.languages), contact.language

    def linked(key: str, link: str) -> Linked:
        before, _, after = words.say(language, key, link="\0").partition("\0")
        return before, link, after

    section = _section(facts, words)
    more = words.say(language, "and_more", number=len(facts.others)) if facts.others else ""
    return _View(
        **asdict(section),
        subject=subject_of(section.badge, section.title, more),
        sender=one_line(settings.title, 100),
        others=[_section(other, words) for other in facts.others],
        follow=[linked("follow_link", facts.status_url)] if facts.status_url else [],
        footer=visible(settings.footer).strip().split("\n") if settings.footer.strip() else [],
        why=words.say(
            language,
            "why_you",
            address=one_line(facts.subscription.address, 100),
            title=one_line(settings.title, 100),
        ),
        links=[
            linked("manage_link", facts.links.manage(contact, delivery.created)),
            linked("unsubscribe_link", facts.links.unsubscribe(facts.subscription)),
        ],
    )


def _section(facts: UpdateFacts, words: Words) -> _Section:
    language = facts.contact.language
    text = visible(facts.update.words(language)).strip()
    badge = words.say(language, facts.update.phase)
    if facts.update.phase == "scheduled" and not facts.first:
        # With the same words twice it would pass for a mistake, or for other work.
        badge = words.say(language, "reminder", phase=badge)
    return _Section(
        phase=facts.update.phase,
        badge=badge,
        title=one_line(facts.broadcast.title, 200),
        paragraphs=[part.split("\n") for part in text.split("\n\n")],
        html=rendered(text, _STYLES) if facts.update.phase == "postmortem" else "",
        facts=_told_facts(facts, words),
    )


def _told_facts(facts: UpdateFacts, words: Words) -> list[str]:
    broadcast, language = facts.broadcast, facts.contact.language
    zone = _zone(facts.contact.timezone)
    shown = facts.shown
    planned = broadcast.kind == "maintenance"
    told = []
    if shown:
        key = "planned_parts" if planned else "affected_parts"
        told.append(words.say(language, key, components=listed(shown)))
    if broadcast.starts is not None and broadcast.ends is not None:
        starts, ends = moment(broadcast.starts, zone), moment(broadcast.ends, zone)
        told.append(words.say(language, "planned_times", starts=starts, ends=ends))
    elif not planned and _tells_that_it_is_over(facts):
        until = moment(broadcast.cleared or broadcast.ended or facts.update.created, zone)
        since = moment(broadcast.opened, zone)
        told.append(words.say(language, "over_since", since=since, until=until))
    elif not planned and facts.update.phase not in ("postmortem", "retraction"):
        told.append(words.say(language, "since", since=moment(broadcast.opened, zone)))
    return told


def _tells_that_it_is_over(facts: UpdateFacts) -> bool:
    """Also where another update says so: one that comes late, or that took its place."""
    if facts.update.phase == "retraction":
        return False
    return facts.update.phase == "resolved" or facts.broadcast.ended is not None


def titles(config: Config, broadcast: Broadcast) -> tuple[str, ...]:
    """What clients call the broadcast's components; of one that is not configured any more nothing
    is said, as its name may be the operators' own."""
    known = titles_of(config.components, config.status_page)
    return tuple(known[name] for name in broadcast.components if name in known)


def _plain(view: _View) -> str:
    sections = [_plain_section(one) for one in (view, *view.others)]
    parts = [
        "\n\n----\n\n".join(sections),
        *("".join(link) for link in view.follow),
        f"-- \n{_closing(view)}",
    ]
    return "\n\n".join(parts) + "\n"


def _plain_section(section: _Section) -> str:
    said = "\n\n".join("\n".join(lines) for lines in section.paragraphs)
    return "\n\n".join([said, "\n".join([f"{section.badge}: {section.title}", *section.facts])])


def _closing(view: _View) -> str:
    return "\n".join([*view.footer, view.why, *("".join(link) for link in view.links)])


def _payload(facts: UpdateFacts, view: _View, delivery: Delivery) -> dict[str, object]:
    broadcast, update = facts.broadcast, facts.update
    return {
        "version": 1,
        "type": f"broadcast.{update.phase}",
        "timestamp": iso(update.published or delivery.created),
        "data": {
            "key": delivery.key,
            "severity": broadcast.severity,
            "broadcast": {
                "id": broadcast.id,
                "kind": broadcast.kind,
                "title": view.title,
                "phase": broadcast.phase,
                "components": list(facts.shown),
                "opened": iso(broadcast.opened),
                "ended": iso(broadcast.ended),
                "starts": iso(broadcast.starts),
                "ends": iso(broadcast.ends),
            },
            "update": {
                "id": update.id,
                "phase": update.phase,
                "text": visible(update.words(facts.contact.language)),
            },
            "url": facts.status_url,
        },
    }


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # The system may have forgotten a zone that it knew when it was chosen.
        return ZoneInfo("UTC")


_templates = Environment(
    loader=PackageLoader("sentinel"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
