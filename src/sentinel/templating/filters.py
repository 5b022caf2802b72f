"""The filters that templates have. Each is given plain values, and gives a plain value: what it
makes of a text is escaped in HTML like any other."""

import re
import textwrap
from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from jinja2 import Undefined
from markupsafe import Markup
from msgspec import Struct

from sentinel.intelligence.untrusted import clip
from sentinel.intelligence.wording import counted
from sentinel.intelligence.wording import span as span_of
from sentinel.templating.bounds import bounded
from sentinel.templating.flaw import Flaw

Filter = Callable[..., Any]
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,:;!?)\]]")
_MOST_WIDTH = 200


def kind_of(value: Any) -> str:
    """For whoever reads what was found."""
    if isinstance(value, str):
        return "a text"
    if isinstance(value, bool) or value is None:
        return "nothing" if value is None else "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a record" if isinstance(value, Struct) else "a list"


def text_of(value: Any) -> str:
    """A text or a number as plain text, so that it is escaped again wherever it must be."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        # Markup: adding to it would escape, which only plain text must not be spared.
        return str.__str__(value)
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    hint = "go through it with {% for … %}, or put | join after it"
    raise Flaw(kind_of(value), "a text or a number", hint)


def list_of(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    raise Flaw(kind_of(value), "a list")


def _default(value: Any, fallback: Any = "") -> Any:
    return fallback if isinstance(value, Undefined) or value in ("", None, [], {}, ()) else value


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | Mapping) else len(list_of(value))


def _first(value: Any) -> Any:
    return next(iter(list_of(value)), "")


def _last(value: Any) -> Any:
    return next(iter(reversed(list_of(value))), "")


def _part(item: Any, attribute: str) -> Any:
    if isinstance(item, Struct) and attribute in item.__struct_fields__:
        return getattr(item, attribute)
    if isinstance(item, Mapping):
        return item.get(attribute, "")
    raise Flaw(f"no {attribute!r} in {kind_of(item)}", "a record with that key")


def _map(value: Any, attribute: str) -> list[Any]:
    return [_part(item, attribute) for item in list_of(value)]


def _join(value: Any, between: str = ", ", attribute: str = "") -> str:
    items = _map(value, attribute) if attribute else list_of(value)
    return text_of(between).join(map(text_of, items))


def _where(value: Any, attribute: str, wanted: Any) -> list[Any]:
    return [item for item in list_of(value) if _part(item, attribute) == wanted]


def _unique(value: Any) -> list[Any]:
    return list(dict.fromkeys(map(text_of, list_of(value))))


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    raise Flaw(kind_of(value), "a mapping, such as labels")


def _replace(value: Any, old: str, new: str) -> str:
    text, before, after = text_of(value), text_of(old), text_of(new)
    if not before:
        raise Flaw("an empty text to replace", 'replace("old", "new")')
    # Looked at beforehand: a long text in the place of each letter would fill the memory.
    bounded(len(text) + text.count(before) * len(after))
    return text.replace(before, after)


def _round(value: Any, digits: int = 0) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Flaw(kind_of(value), "a number")
    return round(value, digits) if digits else round(value)


def _clipped(value: Any, most: int = 70) -> str:
    return clip(text_of(value), max(1, most))


def _wrapped(value: Any, width: int = 76, indent: int = 0) -> str:
    lines = text_of(value).split("\n")
    before = " " * min(max(indent, 0), _MOST_WIDTH)
    return "\n".join(
        textwrap.fill(
            line,
            min(max(width, 10), _MOST_WIDTH) + len(before),
            initial_indent=before,
            subsequent_indent=before,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines
    )


def _indent(value: Any, width: int = 4) -> str:
    return textwrap.indent(text_of(value), " " * min(max(width, 0), _MOST_WIDTH))


def _counted(value: Any, noun: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Flaw(kind_of(value), "a whole number")
    return counted(value, text_of(noun))


def _span(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Flaw(kind_of(value), "a number of seconds")
    return span_of(value)


def _urlencode(value: Any) -> str:
    return quote(text_of(value), safe="")


def paragraphs(value: Any) -> Markup:
    """The text as HTML: an empty line parts paragraphs, and addresses become links."""
    parts = re.split(r"\n\s*\n", text_of(value).strip())
    return Markup("\n".join(f'<p style="margin:0 0 12px;">{_linked(part)}</p>' for part in parts))  # noqa: S704 - escaped piece by piece


def _linked(text: str) -> str:
    """Escaped, with `<br>` for the ends of lines."""
    made, at = [], 0
    for match in _LINK.finditer(text):
        url = escape(match[0])
        made += [
            escape(text[at : match.start()]),
            f'<a href="{url}" style="color:#0b5cad;word-break:break-all;">{url}</a>',
        ]
        at = match.end()
    return "".join((*made, escape(text[at:]))).replace("\n", "<br>\n")


FILTERS: Mapping[str, Filter] = {
    "capitalize": lambda value: text_of(value).capitalize(),
    "clip": _clipped,
    "counted": _counted,
    "default": _default,
    "first": _first,
    "indent": _indent,
    "items": _items,
    "join": _join,
    "last": _last,
    "length": _length,
    "lower": lambda value: text_of(value).lower(),
    "map": _map,
    "replace": _replace,
    "reverse": lambda value: list_of(value)[::-1],
    "round": _round,
    "span": _span,
    "trim": lambda value: text_of(value).strip(),
    "truncate": _clipped,
    "unique": _unique,
    "upper": lambda value: text_of(value).upper(),
    "urlencode": _urlencode,
    "where": _where,
    "wordwrap": _wrapped,
}
HTML_FILTERS: Mapping[str, Filter] = {"paragraphs": paragraphs}
"""In `html` alone."""

ABOUT: Mapping[str, str] = {
    "capitalize": "the first letter large",
    "clip": "`clip(70)`: cut to so many characters, with … at the end; also as `truncate`",
    "counted": '`count | counted("time")`: `1 time`, `12 times`',
    "default": '`tenant | default("everybody")`: where there is nothing',
    "first": "the first of a list; nothing of an empty one",
    "indent": "`indent(4)`: every line moved in",
    "items": "`{% for name, value in labels | items %}`",
    "join": '`steps | join(", ")`, and `cascades | join(", ", "name")`',
    "last": "the last of a list",
    "length": "of a text, a list or a mapping",
    "lower": "small letters",
    "map": '`alerts | map("rule")`: one key of each',
    "paragraphs": "in `html` alone: a text as paragraphs, its addresses as links",
    "replace": '`replace("_", " ")`',
    "reverse": "a list from its end",
    "round": "`round(1)`",
    "span": "`seconds | span`: `4 h 5 min`",
    "trim": "without spaces at both ends",
    "truncate": "as `clip`",
    "unique": "each text of a list once",
    "upper": "capital letters",
    "urlencode": "fit for an address",
    "where": '`alerts | where("severity", "critical")`: those of a list with this value',
    "wordwrap": "`wordwrap(76)`: lines of at most so many characters",
}
