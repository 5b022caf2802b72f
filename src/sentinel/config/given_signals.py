"""Signals as a test of the rules writes them: `error: {code: DB_DOWN, tenant: acme}`."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast, get_args

import msgspec

from sentinel.config.conditions import check_field, fault_of, field_named, fields_of
from sentinel.config.document import Document, KeyPath
from sentinel.config.problem import Problem
from sentinel.config.secrecy import told
from sentinel.config.suggest import quoted, show
from sentinel.model.signal import KINDS, AnySignal, SignalKind

# The clock of the test and the store say these.
_NOT_GIVEN = ("at", "received", "seq")
_TAGS = "tags"
_RECORDS: Mapping[SignalKind, type[AnySignal]] = cast(Any, KINDS)


@cache
def given_fields(kind: SignalKind) -> tuple[str, ...]:
    """The fields that a test may give to a signal of this kind, but for its tags."""
    return tuple(name for name in fields_of(kind) if name not in _NOT_GIVEN)


@cache
def required_fields(kind: SignalKind) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(KINDS[kind]) if field.required)


@cache
def _whole_numbers(kind: SignalKind) -> frozenset[str]:
    fields = msgspec.structs.fields(KINDS[kind])
    return frozenset(field.name for field in fields if int in (field.type, *get_args(field.type)))


def read_signal(
    document: Document, path: KeyPath, kind: SignalKind, problems: list[Problem]
) -> AnySignal | None:
    """The signal whose fields stand at `path`; None, with problems, where they are none."""
    given = document.at(path)
    found = [*_missing(document, path, kind, given)]
    fields: dict[str, Any] = {}
    tags: dict[str, Any] = {}
    for name, value in given.items():
        here = (*path, name)
        if name == _TAGS:
            found += _check_tags(document, here)
            tags |= value if isinstance(value, dict) else {}
        elif name in _NOT_GIVEN:
            found.append(_not_given(document, here, name))
        elif unknown := check_field(document, here, kind, name):
            found += unknown
        else:
            found += _check_value(document, here, kind, name)
            if name.startswith(f"{_TAGS}."):
                tags[name.partition(".")[2]] = value
            else:
                fields[name] = value
    problems += found
    if found:
        return None
    return _RECORDS[kind](**fields, tags=tags)


def _missing(
    document: Document, path: KeyPath, kind: SignalKind, given: dict[str, Any]
) -> list[Problem]:
    return [
        document.problem(
            path,
            "config/missing-key",
            found=f"no key {name}",
            expected=f"{name}: every {kind} has one",
        )
        for name in required_fields(kind)
        if name not in given
    ]


def _check_value(document: Document, path: KeyPath, kind: SignalKind, name: str) -> list[Problem]:
    field, value = field_named(kind, name), document.at(path)
    fault = field and fault_of(value, field)
    if not fault and isinstance(value, float) and name in _whole_numbers(kind):
        fault = "a whole number", ""
    if not fault:
        return []
    expected, hint = fault
    found = told(document, path, value)
    return [document.problem(path, "test/bad-signal", found=found, expected=expected, hint=hint)]


def _not_given(document: Document, path: KeyPath, name: str) -> Problem:
    return document.problem(
        path,
        "test/bad-signal",
        found=f"the field {name}",
        expected="a field that senders fill",
        hint="`at` beside the signal says when it comes",
    )


def _check_tags(document: Document, path: KeyPath) -> list[Problem]:
    tags = document.at(path)
    if not isinstance(tags, dict):
        found, expected = show(tags), "tags as a mapping, such as {region: eu}"
        return [document.problem(path, "test/bad-signal", found=found, expected=expected)]
    return [
        document.problem(
            (*path, name),
            "test/bad-signal",
            found=show(value),
            expected="text",
            hint=quoted(value),
        )
        for name, value in tags.items()
        if not isinstance(value, str)
    ]
