"""Go templates of annotations as Sentinel's placeholders."""

import re

from msgspec import Struct

from sentinel.importing.series import field_of

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_LABEL = re.compile(r"(?:\$labels|\.Labels)\.([A-Za-z_][A-Za-z0-9_]*)")
_INDEX = re.compile(r'\(?\s*index\s+(?:\$labels|\.Labels)\s+"([A-Za-z_][A-Za-z0-9_]*)"\s*\)?')
_VALUES = ("$value", ".Value")
# They change how a number or a text looks.
_LOOKS = re.compile(
    r'(?:printf\s+"[^"]*?%[-+# 0]*[0-9]*(?:\.[0-9]+)?[vsdfge][^"]*"|humanize1024|humanize'
    r"|humanizePercentage|humanizeDuration|humanizeTimestamp|title|toUpper|toLower|stripPort"
    r"|reReplaceAll\b.*|safeHtml)",
    re.DOTALL,
)


class Filled(Struct, frozen=True):
    """`labels` are those that the text names; `lost` are the functions left out of it."""

    text: str
    labels: frozenset[str]
    lost: tuple[str, ...] = ()


def fill(template: str) -> Filled | None:
    """None where the template does more than name values: a condition, a loop, a query."""
    labels: set[str] = set()
    lost: list[str] = []
    parts: list[str] = []
    end = 0
    for match in _ACTION.finditer(template):
        placeholder = _placeholder(match[1], labels, lost)
        if placeholder is None:
            return None
        parts += (template[end : match.start()], placeholder)
        end = match.end()
    parts.append(template[end:])
    if any("{{" in part or "}}" in part for part in parts):
        return None
    return Filled("".join(parts), frozenset(labels), tuple(dict.fromkeys(lost)))


def has_action(text: str) -> bool:
    return "{{" in text


def _placeholder(action: str, labels: set[str], lost: list[str]) -> str | None:
    source, *functions = (part.strip() for part in action.split("|"))
    called = re.fullmatch(rf"({_LOOKS.pattern})\s+(\S+)", source, re.DOTALL)
    if called:
        source, functions = called[2], [called[1], *functions]
    if not all(_LOOKS.fullmatch(function) for function in functions):
        return None
    lost += functions
    if source in _VALUES:
        return "{value}"
    found = _LABEL.fullmatch(source) or _INDEX.fullmatch(source)
    if found is None:
        return None
    labels.add(found[1])
    return "{alertname}" if found[1] == "alertname" else f"{{{field_of(found[1])}}}"
