"""Published updates as RSS 2.0 and Atom (RFC 4287), one entry for each. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from msgspec import Struct

from sentinel.intelligence.wording import iso
from sentinel.markdown import rendered
from sentinel.status.facts import Facts, Story, Told
from sentinel.status.words import STAGES

MOST = 50
_ATOM = "http://www.w3.org/2005/Atom"
Xml.register_namespace("atom", _ATOM)


class Channel(Struct, frozen=True):
    """`page` is the address of the status page, `own` that of the feed."""

    title: str
    page: str
    own: str


class _Entry(Struct, frozen=True):
    id: str
    title: str
    link: str
    at: float
    html: str


def rss(facts: Facts, channel: Channel) -> bytes:
    root = Xml.Element("rss", version="2.0")
    top = Xml.SubElement(root, "channel")
    for name, text in (
        ("title", channel.title),
        ("link", channel.page),
        ("description", f"{channel.title}: incidents and maintenance"),
        ("language", "en"),
        ("lastBuildDate", _rfc822(_changed(facts))),
        ("ttl", "5"),
    ):
        _text(top, name, text)
    own = {"href": channel.own, "rel": "self", "type": "application/rss+xml"}
    Xml.SubElement(top, f"{{{_ATOM}}}link", own)
    for entry in _entries(facts, channel):
        item = Xml.SubElement(top, "item")
        _text(item, "title", entry.title)
        _text(item, "link", entry.link)
        _text(item, "description", entry.html)
        _text(item, "pubDate", _rfc822(entry.at))
        Xml.SubElement(item, "guid", isPermaLink="false").text = entry.id
    return _bytes(root)


def atom(facts: Facts, channel: Channel) -> bytes:
    root = Xml.Element("feed", xmlns=_ATOM)
    _text(root, "id", _tag(channel, "status"))
    _text(root, "title", channel.title)
    _text(root, "updated", iso(_changed(facts)) or "")
    Xml.SubElement(root, "link", rel="alternate", type="text/html", href=channel.page)
    Xml.SubElement(root, "link", rel="self", type="application/atom+xml", href=channel.own)
    _text(Xml.SubElement(root, "author"), "name", channel.title)
    for entry in _entries(facts, channel):
        item = Xml.SubElement(root, "entry")
        _text(item, "id", entry.id)
        _text(item, "title", entry.title)
        Xml.SubElement(item, "link", rel="alternate", type="text/html", href=entry.link)
        _text(item, "published", iso(entry.at) or "")
        _text(item, "updated", iso(entry.at) or "")
        Xml.SubElement(item, "content", type="html").text = entry.html
    return _bytes(root)


def _entries(facts: Facts, channel: Channel) -> Iterator[_Entry]:
    """The newest first."""
    told = [(update, story) for story in facts.stories for update in story.updates]
    for update, story in sorted(told, key=lambda one: (-one[0].at, -one[0].id))[:MOST]:
        yield _Entry(
            id=_tag(channel, f"incidents/{story.id}/{update.id}"),
            title=f"{STAGES[update.phase]}: {story.title}",
            link=f"{channel.page}/incidents/{story.id}",
            at=update.at,
            html=_html(update, story, facts),
        )


def _html(update: Told, story: Story, facts: Facts) -> str:
    if update.phase == "postmortem":
        paragraphs = [str(rendered(update.text))]
    else:
        paragraphs = [f"<p>{escape(one)}</p>" for one in update.text.split("\n") if one.strip()]
    titles = ", ".join(facts.title_of(one) for one in story.parts)
    if titles:
        paragraphs.append(f"<p>Affected: {escape(titles)}</p>")
    return "".join(paragraphs)


def _changed(facts: Facts) -> float:
    """When anything was last said; a time that does not move while nothing is."""
    return max((one.changed for one in facts.stories), default=0.0)


def _tag(channel: Channel, path: str) -> str:
    """A name that stays the same wherever the page moves to on its host (RFC 4151). The path is
    left out: that of a tenant's page is a secret."""
    return f"tag:{urlsplit(channel.page).hostname or 'status.invalid'},2026:status/{path}"


def _rfc822(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)


def _text(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, name).text = text


def _bytes(root: Xml.Element) -> bytes:
    found: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return found + b"\n"
