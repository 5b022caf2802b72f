"""One visit of one JSON value, along the branches that may hold something to hide."""

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from sentinel.ingest.scrub_checks import is_label
from sentinel.ingest.scrub_forms import is_option

if TYPE_CHECKING:
    from sentinel.ingest.scrub_tree import TreeRules

SOURCE_LINES = frozenset(("context_line", "pre_context", "post_context"))
NAMES_A_VALUE = ("name", "key", "field", "param")
MAX_DEPTH = 64
TOO_DEEP = "[too deep]"
EVERYWHERE, NOWHERE = -(1 << 62), 1 << 62
_SMALLEST_CARD, _LARGEST_CARD = 10**12, 10**19
_PAIR_KEY = re.compile(r"[\w.\-: /\[\]$]+", re.ASCII)
_HARMLESS = frozenset(("", "None", "null", "nil", "undefined", "True", "False", "true", "false"))
Path = tuple[str, ...]
encode = msgspec.json.Encoder().encode


class Walk:
    """One visit of one value. `marks` are positions in its encoded form, or None to look
    everywhere. Nothing is changed in place: a branch that changes is copied.

    `at` and `stop` are where a value begins and ends in the encoded form.
    """

    __slots__ = ("_marks", "_rules", "_size")

    def __init__(self, rules: "TreeRules", marks: list[int] | None) -> None:
        self._rules = rules
        self._marks = marks
        self._size: Callable[[Any], int] = _no_size if marks is None else _encoded_size

    def value(self, value: Any, at: int, stop: int, path: Path, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self._rules.text(value)
        if kind is dict:
            return self._mapping(value, at, stop, path, depth)
        if kind is list or kind is tuple:
            return self._sequence(value, at, stop, path, depth)
        if kind is int and _SMALLEST_CARD <= value < _LARGEST_CARD:
            digits = str(value)
            cleaned = self._rules.text(digits)
            return value if cleaned == digits else cleaned
        return value

    def _next(self, at: int) -> int:
        """The first mark from `at` on; without marks, one that lies in every value."""
        marks = self._marks
        if marks is None:
            return EVERYWHERE
        index = bisect_left(marks, at)
        return marks[index] if index < len(marks) else NOWHERE

    def _mapping(self, node: dict[str, Any], at: int, stop: int, path: Path, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return TOO_DEEP
        rules, key_size, size = self._rules, self._rules.key_size, self._size
        changed: dict[str, Any] = {}
        renamed: dict[str, str] = {}
        mark = self._next(at)
        left = len(node)
        for key, value in node.items():
            if mark >= stop:
                break
            left -= 1
            value_at = at + key_size(key) + 2
            # The last one ends where the whole ends: what is large often stands there.
            end = value_at + size(value) if left else stop - 1
            if mark < end:
                cleaned = self._entry(key, value, value_at, end, path, depth)
                if cleaned is not value:
                    changed[key] = cleaned
                if (name := rules.key(key)) != key:
                    renamed[key] = name
                mark = self._next(end)
            at = end
        if "value" in node and (label := self._named(node)):
            changed["value"] = self._mask(node["value"], label, depth)
        if not changed and not renamed:
            return node
        return _rebuilt(node, changed, renamed)

    def _entry(self, key: str, value: Any, at: int, stop: int, path: Path, depth: int) -> Any:
        if key == "payload" and depth == 0:
            return self.value(value, at, stop, (), depth + 1)
        inner = (*path, key)
        if self._rules.allows(inner):
            return value
        # A list of installed packages holds names such as `secretstorage`, with versions.
        if path != ("modules",) and (label := self._rules.label(key)):
            if label == "session":
                return self._session(value, at, stop, inner, depth)
            if label == "token" and key[-1] in "sS" and type(value) in (int, float):
                return value
            return self._mask(value, label, depth)
        if key in SOURCE_LINES:
            return self._source(value)
        return self.value(value, at, stop, inner, depth + 1)

    def _sequence(self, node: Any, at: int, stop: int, path: Path, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return TOO_DEEP
        changed: dict[int, Any] = {}
        mark = self._next(at)
        last = len(node) - 1
        label = ""
        for index, value in enumerate(node):
            if mark >= stop and not label:
                break
            end = at + 1 + self._size(value) if index < last else stop - 1
            cleaned = value
            if mark < end:
                cleaned = self._item(value, at + 1, end, path, depth)
            if label and not str(value).startswith("-"):
                cleaned = self._mask(value, label, depth)
            if cleaned is not value:
                changed[index] = cleaned
            label = self._option(value) if mark < end else ""
            mark = self._next(end) if mark < end else mark
            at = end
        if not changed:
            return node
        return [changed.get(index, value) for index, value in enumerate(node)]

    def _item(self, value: Any, at: int, stop: int, path: Path, depth: int) -> Any:
        """An item of a list; `["Cookie", "a=b"]` is how some clients send headers."""
        if type(value) in (list, tuple) and len(value) == 2 and type(value[0]) is str:
            key = self._rules.text(value[0])
            if _PAIR_KEY.fullmatch(key) and (label := self._rules.label(key)):
                masked = self._mask(value[1], label, depth)
                same = masked is value[1] and key == value[0]
                return value if same else [key, masked]
        return self.value(value, at, stop, path, depth + 1)

    def _option(self, value: Any) -> str:
        """The label of `--password` in a list of arguments, whose next one is its value."""
        if type(value) is str and is_option(value):
            return self._rules.label(value[2:])
        return ""

    def _named(self, node: dict[str, Any]) -> str:
        """The label of `{"name": "password", "value": …}`."""
        for field in NAMES_A_VALUE:
            name = node.get(field)
            if type(name) is str and _PAIR_KEY.fullmatch(name):
                return self._rules.label(name)
        return ""

    def _session(self, value: Any, at: int, stop: int, path: Path, depth: int) -> Any:
        """A session id is hashed; a session's contents, or an object's repr, are looked through."""
        if type(value) is str:
            cleaned = value if len(value.split()) == 1 else self._rules.text(value)
            if len(cleaned.split()) > 1 or _is_masked(cleaned):
                return cleaned
            return self._rules.session(cleaned)
        return self.value(value, at, stop, path, depth + 1)

    def _source(self, value: Any) -> Any:
        if type(value) is str:
            return self._rules.text(value, code=True)
        if type(value) is list:
            lines = [self._source(line) for line in value]
            return value if lines == value else lines
        return value

    def _mask(self, value: Any, label: str, depth: int) -> Any:
        """Hides every value below a sensitive key. What is absent stays visibly absent: that a
        credential was None is often the cause that is looked for."""
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is dict:
            if depth > MAX_DEPTH:
                return TOO_DEEP
            masked = {key: self._mask(item, label, depth + 1) for key, item in value.items()}
            names = {key: name for key in value if (name := self._rules.key(key)) != key}
            return _rebuilt(masked, {}, names) if names or masked != value else value
        if kind is list or kind is tuple:
            items = [self._mask(item, label, depth + 1) for item in value]
            return value if depth <= MAX_DEPTH and items == list(value) else items
        if kind is str and _is_masked(value):
            return value
        return f"[{label}]"


def _encoded_size(value: Any) -> int:
    return len(encode(value))


def _no_size(_: Any) -> int:
    return 0


def _is_masked(value: str) -> bool:
    return value in _HARMLESS or (value[0] == "[" and is_label(value.encode("utf-8", "replace")))


def _rebuilt(node: dict[str, Any], changed: dict[str, Any], renamed: dict[str, str]) -> Any:
    """Two e-mail addresses as keys both become `[email]`: the second is `[email] 2`."""
    if not renamed:
        return {**node, **changed}
    result: dict[str, Any] = {}
    for key, value in node.items():
        name, count = renamed.get(key, key), 2
        while name in result or (key in renamed and name in node):
            name, count = f"{renamed.get(key, key)} {count}", count + 1
        result[name] = changed.get(key, value)
    return result
