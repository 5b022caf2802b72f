"""What a registered class must be, told in a way that its author can mend it."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec.structs import fields, replace

from sentinel.api import Action, Detector, Kind, Notifier, Params, Probe, Ranker, Receiver
from sentinel.config import schema
from sentinel.model.values import Duration, schema_of_value

KINDS: tuple[Kind, ...] = get_args(Kind)
BASES: dict[Kind, type[Any]] = {
    "probe": Probe,
    "detector": Detector,
    "notifier": Notifier,
    "receiver": Receiver,
    "action": Action,
    "ranker": Ranker,
}
SECTIONS: dict[Kind, type[Any]] = {
    "probe": schema.Probe,
    "detector": schema.Rule,
    "notifier": schema.Channel,
    "action": schema.Action,
}
"""The YAML mapping in which a kind's parameters stand, and whose keys they must leave alone."""

_NAME = re.compile(r"[a-z][a-z0-9]*([_.-][a-z0-9]+)*")
_COROUTINES: dict[Kind, str] = {"probe": "probe", "notifier": "send", "action": "run"}
_TEXT_LIMIT = 300


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a plugin. `file` is empty where only the plugin's is known."""

    id: str
    found: str
    expected: str
    hint: str = ""
    file: str = ""
    line: int = 1
    warning: bool = False


def one_line(text: object) -> str:
    """Foreign text, fit for one line of a report; an exception with its type."""
    if isinstance(text, BaseException):
        text = f"{type(text).__name__}: {text}" if str(text) else type(text).__name__
    line = " ".join(str(text).split())
    return line if len(line) <= _TEXT_LIMIT else line[: _TEXT_LIMIT - 1] + "…"


def line_of(thing: Any) -> tuple[str, int]:
    """File and line of a class or function; empty and 1 where there is no source."""
    try:
        return inspect.getsourcefile(thing) or "", inspect.findsource(thing)[1] + 1
    except (OSError, TypeError):
        return "", 1


def name_of(kind: Kind, plugin: type[Any]) -> Any:
    """A receiver goes by its `name`, every other kind by its `type`."""
    return getattr(plugin, _name_attribute(kind), None)


def _name_attribute(kind: Kind) -> str:
    return "name" if kind == "receiver" else "type"


def class_faults(kind: Kind, plugin: Any) -> list[Fault]:
    """Everything wrong with one registered class, with the place where it is written."""
    faults = list(_faults(kind, plugin))
    if not faults:
        # To find a class's line its whole module is parsed: dear, and seldom asked for.
        return []
    file, line = line_of(plugin)
    return [replace(fault, file=file, line=line) for fault in faults]


def _faults(kind: Kind, plugin: Any) -> Iterator[Fault]:
    base = BASES[kind]
    if not (isinstance(plugin, type) and issubclass(plugin, base)):
        yield Fault(
            id="wrong-base",
            found=_described(plugin),
            expected=f"a subclass of sentinel.api.{base.__name__}",
            hint="register the class, not an object of it" if isinstance(plugin, base) else "",
        )
        return
    yield from _name_faults(kind, plugin)
    yield from _method_faults(kind, plugin)
    if kind == "receiver":
        yield from _path_faults(plugin)
    elif kind != "ranker":
        yield from _params_faults(kind, plugin)
    if kind == "notifier":
        yield from _only_faults(plugin)
    if kind == "probe":
        yield from _bound_faults(plugin)
    yield from _time_faults(plugin)


def _described(plugin: Any) -> str:
    """Never the repr of a foreign object: it may raise, or show a secret."""
    if isinstance(plugin, type):
        return f"class {plugin.__qualname__}"
    return f"an object of type {type(plugin).__qualname__}"


def _name_faults(kind: Kind, plugin: type[Any]) -> Iterator[Fault]:
    attribute, name = _name_attribute(kind), name_of(kind, plugin)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        found = f"{plugin.__qualname__} without `{attribute}`"
        yield Fault(
            id="no-type",
            found=found if name is None else f"{plugin.__qualname__}.{attribute} = {name!r}",
            expected=f"a `{attribute}` of lower-case letters, digits and _ - .",
            hint=f'{attribute} = "{plugin.__name__.lower()}"',
        )


def _method_faults(kind: Kind, plugin: type[Any]) -> Iterator[Fault]:
    missing = sorted(getattr(plugin, "__abstractmethods__", ()))
    if missing:
        yield Fault(
            id="unfinished",
            found=f"{plugin.__qualname__} without {', '.join(missing)}",
            expected="every method that its base declares abstract",
        )
    method = _COROUTINES.get(kind)
    if method and not inspect.iscoroutinefunction(getattr(plugin, method)):
        yield Fault(
            id="not-async",
            found=f"def {method} in {plugin.__qualname__}",
            expected=f"async def {method}",
        )


def _params_faults(kind: Kind, plugin: type[Any]) -> Iterator[Fault]:
    params = plugin.Params
    if not (isinstance(params, type) and issubclass(params, Params)):
        yield Fault(
            id="params",
            found=f"{plugin.__qualname__}.Params = {_described(params)}",
            expected="a subclass of sentinel.api.Params",
            hint="class Params(Params, frozen=True): …",
        )
        return
    try:
        msgspec.json.schema(params, schema_hook=schema_of_value)
    except (TypeError, NameError, NotImplementedError) as error:
        yield Fault(
            id="params",
            found=f"{plugin.__qualname__}.Params that has no schema: {error}",
            expected="fields of plain types, records, Duration, Size or Secret",
        )
        return
    yield from _reserved_faults(kind, plugin)
    yield from _reads_faults(plugin)


def _reserved_faults(kind: Kind, plugin: type[Any]) -> Iterator[Fault]:
    """A parameter named as a key of its section would never be seen."""
    section = SECTIONS.get(kind)
    if section is None:
        return
    keys = {field.encode_name for field in msgspec.structs.fields(section)}
    for field in msgspec.structs.fields(plugin.Params):
        if field.encode_name in keys:
            yield Fault(
                id="reserved-parameter",
                found=f"parameter {field.encode_name!r} of {plugin.__qualname__}",
                expected=f"a name that is no key of a {section.__name__.lower()} itself",
            )


def _reads_faults(plugin: type[Any]) -> Iterator[Fault]:
    """The parameters that name fields are read when a rule is checked, so they must be there."""
    reads: Any = getattr(plugin, "reads", ())
    known = {field.name for field in msgspec.structs.fields(plugin.Params)}
    if not isinstance(reads, tuple) or not known.issuperset(reads):
        yield Fault(
            id="reads",
            found=f"{plugin.__qualname__}.reads = {reads!r}",
            expected="a tuple of names of its parameters",
            hint=f"reads = ({reads!r},)" if reads in known else "",
        )


def _only_faults(plugin: type[Any]) -> Iterator[Fault]:
    """A channel that is not used for pages would lose them."""
    only: Any = getattr(plugin.capabilities, "only", None)
    if only is not None and not (isinstance(only, frozenset) and "firing" in only):
        yield Fault(
            id="only",
            found=f"{plugin.__qualname__}.capabilities with only={only!r}",
            expected="a frozenset of reasons that holds firing, or None for all",
        )


def _path_faults(plugin: type[Any]) -> Iterator[Fault]:
    paths: Any = getattr(plugin, "paths", None)
    if not isinstance(paths, tuple) or not paths or not all(map(_is_path, paths)):
        yield Fault(
            id="paths",
            found=f"{plugin.__qualname__}.paths = {paths!r}",
            expected='a tuple of path patterns, each beginning with "/"',
        )


def _is_path(path: Any) -> bool:
    return isinstance(path, str) and path.startswith("/")


def _time_faults(plugin: type[Any]) -> Iterator[Fault]:
    for attribute in ("interval", "timeout"):
        value = getattr(plugin, attribute, 1.0)
        if not isinstance(value, int | float) or value <= 0:
            yield Fault(
                id="time",
                found=f"{plugin.__qualname__}.{attribute} = {value!r}",
                expected="seconds, more than 0",
            )


def _bound_faults(plugin: type[Any]) -> Iterator[Fault]:
    bound, params = plugin.bound, plugin.Params
    if not bound or not (isinstance(params, type) and issubclass(params, Params)):
        return
    types = {field.name: field.type for field in fields(params)}
    # The type itself, or the first part of one that is annotated.
    if Duration not in (types.get(bound), *get_args(types.get(bound))[:1]):
        yield Fault(
            id="bound",
            found=f"{plugin.__qualname__}.bound = {bound!r}",
            expected="the name of a parameter of the type Duration",
        )
