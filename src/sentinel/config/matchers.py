"""Matchers on labels, as routes, inhibitions, maintenance and silences have them."""

import re
from collections.abc import Iterator

from sentinel.config.conditions import pattern_fault
from sentinel.config.document import Document, KeyPath
from sentinel.config.problem import Problem
from sentinel.config.suggest import show
from sentinel.engine.matchers import parse_matcher

_EXPECTED = 'a matcher such as team="payments", with =, !=, =~ or !~'
_PATTERN = re.compile(r'[=!]~\s*"?(.*?)"?\s*$')
_BRACES = re.compile(r"\s*\{(.*)\}\s*", re.DOTALL)
_PART = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')


def read_matchers(
    document: Document, path: KeyPath, id: str, problems: list[Problem]
) -> tuple[str, ...]:
    """The matchers of the list of texts at `path`, if there is one: one text each, where
    `{a="b", c="d"}` is two."""
    found: list[str] = []
    for index, text in document.texts(path):
        parts = list(_split(text))
        fault = next(filter(None, map(_fault, parts)), "") if parts else _EXPECTED
        if fault:
            problem = document.problem((*path, index), id, found=show(text), expected=fault)
            problems.append(problem)
        else:
            found += parts
    return tuple(found)


def _split(text: str) -> Iterator[str]:
    braces = _BRACES.fullmatch(text)
    if braces is None:
        yield text
        return
    yield from (part.strip() for part in _PART.findall(braces[1]) if part.strip())


def _fault(text: str) -> str:
    """What was expected instead; empty where the matcher is right."""
    pattern = _PATTERN.search(text)
    fault = pattern_fault(pattern[1]) if pattern else ""
    if fault:
        return f"a regular expression: {fault}"
    try:
        parse_matcher(text)
    except ValueError:
        return _EXPECTED
    return ""
