"""Checks a rule's conditions: fields that signals of the kind have, values of the right sort,
operators that exist. The engine gives them their meaning."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

import msgspec
import re2
from msgspec import Struct

from sentinel.config.document import Document, KeyPath
from sentinel.config.problem import Problem
from sentinel.config.secrecy import told
from sentinel.config.suggest import did_you_mean, nearest, one_of, shape, show
from sentinel.config.wording import mend_boolean
from sentinel.model.signal import KINDS

Family = Literal["text", "number", "flag"]

_SHAPES: dict[Family, str] = {"text": "text", "number": "a number", "flag": "true or false"}
_OPERATORS: dict[str, Family | None] = {
    "matches": "text",
    "contains": "text",
    "starts_with": "text",
    "gt": "number",
    "gte": "number",
    "lt": "number",
    "lte": "number",
    "exists": None,
    "not": None,
}
_LONGEST_PATTERN = 1000
_MOST_VALUES = 10_000


class Field(Struct, frozen=True):
    """What a field of a signal holds. `choices` are all its values, where they are known."""

    family: Family
    choices: tuple[str, ...] = ()


_TAG = Field("text")


@cache
def fields_of(kind: str) -> Mapping[str, Field]:
    """The fields that rules may name, without those that hold whole structures."""
    info = msgspec.inspect.type_info(KINDS[kind])
    assert isinstance(info, msgspec.inspect.StructType)
    families = {field.name: _field_of(field.type) for field in info.fields}
    return {name: field for name, field in families.items() if field}


def _field_of(info: msgspec.inspect.Type) -> Field | None:
    match info:
        case msgspec.inspect.UnionType(types=types):
            return next(filter(None, map(_field_of, types)), None)
        case msgspec.inspect.LiteralType(values=values):
            return Field("text", tuple(str(value) for value in values))
        case msgspec.inspect.StrType():
            return Field("text")
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            return Field("number")
        case msgspec.inspect.BoolType():
            return Field("flag")
    return None


def field_named(kind: str, name: str) -> Field | None:
    """`tags.NAME` is a field of every kind."""
    if name.startswith("tags.") and len(name) > len("tags."):
        return _TAG
    return fields_of(kind).get(name)


def check_field(document: Document, path: KeyPath, kind: str, name: str) -> list[Problem]:
    """Whether signals of this kind have such a field."""
    if field_named(kind, name):
        return []
    fields = fields_of(kind)
    others = [other for other in KINDS if other != kind and name in fields_of(other)]
    if name.split(".")[0] in ("tag", "tags"):
        hint = "write tags.NAME"
    elif others and not nearest(name, fields):
        hint = f"signals of kind {', '.join(others)} have it"
    else:
        hint = did_you_mean(name, fields) or f"they have {', '.join(sorted(fields))}"
    return [
        document.problem(
            path,
            "rule/unknown-field",
            found=f"the field {show(name)}",
            expected=f"a field of {kind} signals, or tags.NAME",
            hint=hint,
        )
    ]


def check_where(document: Document, path: KeyPath, kind: str) -> list[Problem]:
    """Every problem of the conditions that stand at `path`."""
    return list(_Check(document, kind).conditions(path))


class _Check:
    def __init__(self, document: Document, kind: str) -> None:
        self.document = document
        self.kind = kind

    def conditions(self, path: KeyPath) -> Iterator[Problem]:
        where = self.document.at(path)
        if not isinstance(where, dict):
            yield self._wrong(path, "conditions as a mapping, such as {code: DB_QUERY_SLOW}")
            return
        for key in where:
            here = (*path, key)
            if key == "not":
                yield from self.conditions(here)
            elif key in ("any", "all"):
                yield from self._choices(here)
            else:
                yield from self._field(here, key)

    def _choices(self, path: KeyPath) -> Iterator[Problem]:
        choices = self.document.at(path)
        if not isinstance(choices, list) or not choices:
            yield self._wrong(path, "a list of conditions, such as [{code: A}, {code: B}]")
            return
        for index in range(len(choices)):
            yield from self.conditions((*path, index))

    def _field(self, path: KeyPath, name: str) -> Iterator[Problem]:
        field = field_named(self.kind, name)
        if field is None:
            yield from check_field(self.document, path, self.kind, name)
        else:
            yield from self._wanted(path, field)

    def _wanted(self, path: KeyPath, field: Field) -> Iterator[Problem]:
        wanted = self.document.at(path)
        if isinstance(wanted, dict):
            yield from self._operators(path, field)
        elif isinstance(wanted, list):
            if not 0 < len(wanted) <= _MOST_VALUES:
                expected = f"1 to {_MOST_VALUES} values"
                yield self._told(path, f"a list of {len(wanted)}", expected)
            for index in range(len(wanted)):
                yield from self._scalar((*path, index), field)
        else:
            yield from self._scalar(path, field)

    def _scalar(self, path: KeyPath, field: Field) -> Iterator[Problem]:
        value = self.document.at(path)
        fault = fault_of(value, field)
        if value is None:
            hint = "write {exists: false} for a field without a value"
            yield self._wrong(path, _SHAPES[field.family], hint)
        elif fault:
            yield self._wrong(path, *fault)

    def _operators(self, path: KeyPath, field: Field) -> Iterator[Problem]:
        operators = self.document.at(path)
        if not operators:
            yield self._wrong(path, f"an operator: {', '.join(_OPERATORS)}")
        for name in operators:
            here = (*path, name)
            if name not in _OPERATORS:
                hint = did_you_mean(name, _OPERATORS)
                yield self._told(here, f"the operator {show(name)}", one_of(_OPERATORS), hint)
            elif name == "not":
                yield from self._wanted(here, field)
            elif name == "exists":
                yield from self._scalar(here, Field("flag"))
            else:
                yield from self._comparison(here, name, field)

    def _comparison(self, path: KeyPath, name: str, field: Field) -> Iterator[Problem]:
        family = _OPERATORS[name]
        assert family is not None
        if field.family != family:
            found = f"{name} on a field that holds {_SHAPES[field.family]}"
            yield self._told(path, found, f"a field that holds {_SHAPES[family]}")
            return
        problems = list(self._scalar(path, Field(family)))
        yield from problems
        if name == "matches" and not problems:
            yield from self._pattern(path)

    def _pattern(self, path: KeyPath) -> Iterator[Problem]:
        pattern = self.document.at(path)
        fault = pattern_fault(pattern)
        if fault:
            hint = "the syntax is RE2's: no look-around and no back-references"
            expected = f"a regular expression: {fault}"
            yield self._told(path, show(pattern), expected, hint, id="rule/bad-pattern")

    def _wrong(self, path: KeyPath, expected: str, hint: str = "") -> Problem:
        found = told(self.document, path, self.document.at(path))
        return self._told(path, found, expected, hint)

    def _told(
        self,
        path: KeyPath,
        found: str,
        expected: str,
        hint: str = "",
        id: str = "rule/bad-condition",
    ) -> Problem:
        return self.document.problem(path, id, found=found, expected=expected, hint=hint)


def fault_of(value: Any, field: Field) -> tuple[str, str] | None:
    """What was expected of one value of the field, and a hint; None where it is right."""
    if _family(value) != field.family:
        return _SHAPES[field.family], _mend(value, field)
    if field.choices and value not in field.choices:
        return one_of(field.choices), did_you_mean(value, field.choices)
    return None


def pattern_fault(pattern: str) -> str:
    """Why RE2 does not take this regular expression; empty where it does."""
    if len(pattern) > _LONGEST_PATTERN:
        return f"it is longer than {_LONGEST_PATTERN} characters"
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return ""


def _family(value: Any) -> Family | None:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else None


def _mend(value: Any, field: Field) -> str:
    if isinstance(value, list | dict):
        return f"write one value instead of {shape(value)}"
    if field.family == "text":
        return f'put it in quotes: "{show(value)}"'
    return mend_boolean(value) if field.family == "flag" and isinstance(value, str) else ""
