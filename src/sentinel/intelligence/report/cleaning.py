"""Records without secrets in any of their texts.

Names of services, hosts, releases and the like tell signals apart, so they are stored as they came.
A report is made to be passed on: what an application put there by mistake must not go with it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

_T = TypeVar("_T")


def cleaned(value: _T, clean: Callable[[str], str]) -> _T:
    """The value with each text in it cleaned, however deep; the value itself where nothing had to
    be."""
    found: Any = _cleaned(value, clean)
    result: _T = found
    return result


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): _cleaned(each, clean) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cleaned(each, clean) for each in value)
    if isinstance(value, Struct):
        changes = {}
        for name in value.__struct_fields__:
            before = getattr(value, name)
            if (after := _cleaned(before, clean)) != before:
                changes[name] = after
        return replace(value, **changes) if changes else value
    return value
