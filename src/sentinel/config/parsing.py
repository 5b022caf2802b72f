"""Values with a notation of their own, such as `Mon 09:00`, read by the engine's parsers."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from sentinel.config.document import Document, KeyPath
from sentinel.config.problem import Problem
from sentinel.config.secrecy import told
from sentinel.config.suggest import did_you_mean, flow

T = TypeVar("T")


def parsed(
    document: Document, path: KeyPath, parse: Callable[[Any], T], problems: list[Problem]
) -> T | None:
    """The value at `path`; None, with a problem, where the parser refuses it. Its ValueError says
    `expected …, found VALUE; hint`."""
    value = document.at(path)
    try:
        return parse(value)
    except ValueError as error:
        expected, _, rest = str(error).removeprefix("expected ").partition(", found ")
        found, _, hint = rest.partition("; ")
        if not isinstance(value, dict):
            found = told(document, path, value)
        elif found == repr(value):
            found = flow(value)
        problem = document.problem(
            path, "config/wrong-value", found=found, expected=expected, hint=hint
        )
        problems.append(problem)
        return None


def read_zone(
    document: Document, path: KeyPath, default: ZoneInfo, problems: list[Problem]
) -> ZoneInfo:
    """The time zone that is named at `path`; the default where none is, or none of that name."""
    name = document.get(path)
    if not isinstance(name, str):
        return default
    try:
        return ZoneInfo(name)
    # The time zone database is files: a folder's name, or one with dots, is no zone either.
    except (KeyError, ValueError, OSError):
        problems.append(
            document.problem(
                path,
                "config/unknown-zone",
                found=f"the time zone {told(document, path, name)}",
                expected="a name from the IANA list, such as Europe/London, or UTC",
                hint=did_you_mean(name, _zones()),
            )
        )
        return default


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())
