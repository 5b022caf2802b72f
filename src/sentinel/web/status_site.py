"""The status page as documents: one for each path, made from the facts when it is asked for,
served by the daemon or written as files."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sentinel.config.model_status import StatusPageConfig
from sentinel.status import badges, bars, feeds, statuspage, words
from sentinel.status.facts import WINDOWS, Facts, Part, Story
from sentinel.web.numbers import number_in
from sentinel.web.public import Look, PublicPages

_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
_SVG = "image/svg+xml"
_RSS = "application/rss+xml; charset=utf-8"
_ATOM = "application/atom+xml; charset=utf-8"
_DAY = 86_400.0
_RECENT = 14 * _DAY
_MOST_RECENT, _MOST_OF_PART = 5, 10
_MOST_UPCOMING = 5
_MOST_TOLD = 5
"""What goes on is told with its latest words up to here, and beyond by its title."""


class Document(Struct, frozen=True):
    content_type: str
    body: bytes

    @property
    def is_page(self) -> bool:
        return self.content_type == _HTML

    @property
    def mark(self) -> str:
        """Another one for other contents."""
        return hashlib.sha256(self.body).hexdigest()[:20]


class Links(Struct, frozen=True):
    """Where documents are found from the one at `path`. `root` is the address of the page without
    a slash at its end; without one, links are relative and lead to files."""

    root: str | None
    path: str = ""

    def page(self, path: str) -> str:
        if self.root is not None:
            return f"{self.root}/{path}" if path else self.root
        return self.file(f"{path or 'index'}.html")

    def file(self, path: str) -> str:
        if self.root is not None:
            return f"{self.root}/{path}"
        return "../" * self.path.count("/") + path


class Surroundings(Struct, frozen=True, kw_only=True):
    """What the documents need beside the facts. `address` is that of the status page in the world,
    which feeds name; `subscribe` is where clients sign up, empty where they can't. `secret` is for
    pages that one tenant has the link of. `late` is since when nothing newer could be read."""

    page: StatusPageConfig
    pages: PublicPages
    look: Callable[[Links], Look]
    root: str | None
    address: str
    subscribe: str = ""
    secret: bool = False
    late: bool = False


class Site:
    """The documents of one look at the facts."""

    def __init__(self, facts: Facts, around: Surroundings) -> None:
        self.facts = facts
        self._around = around
        self._zone = around.page.zone
        self._months = _months(facts, self._zone)
        self._stories = {str(one.id): one for one in facts.stories}
        self._parts = {one.id: one for one in facts.parts}
        self._data: dict[str, Any] | None = None

    def paths(self) -> Iterator[str]:
        """All that there are. Those of pages have no suffix."""
        yield from ("", "history", "feed.rss", "feed.atom", "status.json", "badge.svg")
        for month in self._months:
            yield f"history/{month}"
        for id in self._stories:
            yield f"incidents/{id}"
        for id in self._parts:
            yield f"components/{id}"
            yield f"badges/{id}.svg"
        for path in self._statuspage():
            yield f"api/v2/{path}"

    def moved(self, path: str) -> str | None:
        """Where to find what is told at another path now."""
        room, _, name = path.partition("/")
        found = self.facts.moved.get(number_in(name) or 0) if room == "incidents" else None
        return None if found is None else f"incidents/{found}"

    def document(self, path: str) -> Document | None:
        """Makes it; None where there is none."""
        match path:
            case "":
                return self._front()
            case "history":
                return self._history(path, self._months[0])
            case "feed.rss":
                return Document(_RSS, self._feed(feeds.rss, path))
            case "feed.atom":
                return Document(_ATOM, self._feed(feeds.atom, path))
            case "status.json":
                return _json(self._own())
            case "badge.svg":
                return Document(_SVG, badges.badge(self._around.page.title, self.facts.overall))
        return self._one_of_many(path)

    def _one_of_many(self, path: str) -> Document | None:
        room, _, name = path.partition("/")
        if room == "history" and name in self._months:
            return self._history(path, name)
        if room == "incidents" and name in self._stories:
            return self._incident(path, self._stories[name])
        if room == "components" and name in self._parts:
            return self._component(path, self._parts[name])
        if room == "badges" and name.endswith(".svg"):
            part = self._parts.get(name.removesuffix(".svg"))
            return Document(_SVG, badges.badge(part.title, part.state)) if part else None
        if room == "api" and name.startswith("v2/"):
            found = self._statuspage().get(name.removeprefix("v2/"))
            return None if found is None else _json(found)
        return None

    def _front(self) -> Document:
        facts = self.facts
        past = [one for one in facts.past() if (one.ended or 0) > facts.at - _RECENT]
        return self._page(
            "status/index.html",
            "",
            going_on=facts.going_on(),
            working=facts.working(),
            upcoming=facts.upcoming()[:_MOST_UPCOMING],
            most_told=_MOST_TOLD,
            recent=past[:_MOST_RECENT],
            earlier=len(past[_MOST_RECENT:]),
            groups=_groups(facts.parts),
            measured=any(one.days for one in facts.parts),
        )

    def _history(self, path: str, month: str) -> Document:
        at = self._months.index(month)
        return self._page(
            "status/history.html",
            path,
            month=month,
            name=f"{datetime.fromisoformat(f'{month}-01'):%B %Y}",
            older=self._months[at + 1] if at + 1 < len(self._months) else "",
            newer=self._months[at - 1] if at else "",
            found=[one for one in self.facts.stories if _month(one.opened, self._zone) == month],
        )

    def _incident(self, path: str, story: Story) -> Document:
        told = [one for one in story.updates if one.phase != "postmortem"]
        return self._page(
            "status/incident.html",
            path,
            story=story,
            told=told[::-1],
            postmortem=[one for one in story.updates if one.phase == "postmortem"],
        )

    def _component(self, path: str, part: Part) -> Document:
        found = [one for one in self.facts.stories if part.id in one.parts]
        return self._page(
            "status/component.html",
            path,
            part=part,
            windows=list(zip(WINDOWS, part.uptime, strict=True)),
            found=found[:_MOST_OF_PART],
        )

    def _page(self, template: str, path: str, **values: Any) -> Document:
        around, links = self._around, Links(self._around.root, path)
        html = around.pages.render(
            template,
            around.look(links),
            index=not around.secret,
            page=around.page,
            zone=self._zone,
            facts=self.facts,
            links=links,
            subscribe=around.subscribe,
            late=around.late,
            words=words,
            bars=bars,
            **values,
        )
        return Document(_HTML, html.encode())

    def _feed(self, made: Callable[[Facts, feeds.Channel], bytes], path: str) -> bytes:
        address = self._around.address
        channel = feeds.Channel(self._around.page.title, address, f"{address}/{path}")
        return made(self.facts, channel)

    def _statuspage(self) -> dict[str, Any]:
        if self._data is None:
            page = self._around.page
            names = statuspage.Names(page.title, self._around.address, page.zone.key)
            self._data = statuspage.documents(self.facts, names)
        return self._data

    def _own(self) -> dict[str, Any]:
        """Our own form, in which nothing is left out."""
        facts = replace(self.facts, at=self.facts.at - self.facts.at % 60)
        found: dict[str, Any] = msgspec.to_builtins(facts)
        del found["generation"], found["moved"]
        return {"title": self._around.page.title, "words": words.overall(facts), **found}


def _json(found: Any) -> Document:
    return Document(_JSON, msgspec.json.encode(found))


def _groups(parts: tuple[Part, ...]) -> list[tuple[str, list[Part]]]:
    """In the order of their first lines; those of no group stand where the first of them does."""
    found: dict[str, list[Part]] = {}
    for one in parts:
        found.setdefault(one.group, []).append(one)
    return list(found.items())


def _months(facts: Facts, zone: tzinfo) -> list[str]:
    """This one and each in which something began, the newest first."""
    found = {_month(at, zone) for at in (facts.at, *(one.opened for one in facts.stories))}
    return sorted(found, reverse=True)


def _month(at: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m}"
