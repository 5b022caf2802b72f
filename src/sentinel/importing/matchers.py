"""Alertmanager's matchers, in each of the ways they may be written, as Sentinel's.

Source: https://prometheus.io/docs/alerting/latest/configuration/#matcher
"""

import re
from collections.abc import Iterator
from typing import Any

from sentinel.config.conditions import pattern_fault
from sentinel.config.document import KeyPath
from sentinel.importing.notes import Notes
from sentinel.importing.prometheus import Vocabulary
from sentinel.importing.series import field_of, plain_words
from sentinel.importing.severities import SEVERITIES, severity_of
from sentinel.importing.values import text_of

_ONE = re.compile(
    r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}]*?))\s*(?:,|$)'
)
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}
_RESERVED = ("alertname", "severity")


class Matching:
    """Reads the matchers of one file; `words` are those of the rules imported beside it."""

    def __init__(self, words: Vocabulary, notes: Notes) -> None:
        self.words = words
        self.notes = notes

    def read(
        self, path: KeyPath, holder: dict[str, Any], what: str, prefix: str = ""
    ) -> list[str] | None:
        """Those of `matchers`, `match` and `match_re` of a mapping, with a prefix such as
        `source_`; None where one of them is not understood: the rest would take more than was
        meant, so that what they belong to is left out."""
        found: list[str] = []
        for name, operator, value, here in self._all(path, holder, prefix):
            if not operator:
                self.notes.refused(here, what, f"{value!r} is no matcher: it is left out whole")
                return None
            if operator in ("=~", "!~") and (fault := pattern_fault(value)):
                self.notes.refused(here, what, f"the expression {value!r} is refused: {fault}")
                return None
            if name == "severity":
                value = self._severity(here, what, operator, value)
            found.append(f"{self.label(name)}{operator}{_quoted(value)}")
        return found

    def label(self, name: str) -> str:
        """What the label is called here: those of series are tags, unless a rule sets them."""
        own = name in self.words.labels or name in _RESERVED or name not in self.words.tags
        return name if own else field_of(name)

    def _all(
        self, path: KeyPath, holder: dict[str, Any], prefix: str
    ) -> Iterator[tuple[str, str, str, KeyPath]]:
        """Name, operator, value and place of each; no operator where the text is no matcher."""
        for key, operator in ((f"{prefix}match", "="), (f"{prefix}match_re", "=~")):
            given = holder.get(key) or {}
            if not isinstance(given, dict):
                yield "", "", text_of(given), (*path, key)
                continue
            for name, value in given.items():
                yield name, operator, text_of(value), (*path, key, name)
        key = f"{prefix}matchers"
        given = holder.get(key) or []
        for index, text in enumerate(given if isinstance(given, list) else [given]):
            here = (*path, key, index)
            parsed = _parse(text_of(text))
            if parsed is None:
                yield "", "", text_of(text), here
            for name, operator, value in parsed or ():
                yield name, operator, value, here

    def _severity(self, path: KeyPath, what: str, operator: str, value: str) -> str:
        words = [value] if operator in ("=", "!=") else plain_words(value)
        if words is None or not value:
            if value:
                why = "its severities are an expression: say which of the three it means"
                self.notes.approximated(path, what, why)
            return value
        mapped = list(dict.fromkeys(severity_of(word)[0] for word in words))
        if any(word not in SEVERITIES for word in words):
            why = f"the severity {value!r} is {'|'.join(mapped)} here"
            self.notes.approximated(path, what, why)
        return "|".join(mapped)


def _parse(text: str) -> list[tuple[str, str, str]] | None:
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    found: list[tuple[str, str, str]] = []
    position = 0
    while position < len(text):
        match = _ONE.match(text, position)
        if match is None:
            return None
        quoted, bare = match[3], match[4]
        value = bare if quoted is None else quoted
        found.append((match[1], match[2], re.sub(r"\\(.)", _unescaped, value)))
        position = match.end()
    return found


def _unescaped(match: re.Match[str]) -> str:
    """Alertmanager leaves a backslash that escapes nothing where it is."""
    return _ESCAPES.get(match[1], match[0])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
