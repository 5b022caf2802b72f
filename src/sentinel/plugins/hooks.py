"""Imports one plugin and calls its hooks, each by itself."""

import difflib
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pluggy

from sentinel import hookspecs
from sentinel.api import API_VERSION, Kind
from sentinel.plugins.checks import KINDS, Fault, line_of, one_line
from sentinel.plugins.sources import Source

HOOKS: dict[str, Kind] = {f"register_{kind}s": kind for kind in KINDS}


class Offer(msgspec.Struct, frozen=True):
    """What a plugin registered, unchecked. `api` is the API version that it declares."""

    kind: Kind
    plugin: Any
    api: str


def offers(source: Source) -> Iterator[Offer | Fault]:
    """Everything one plugin registers and everything that is wrong on the way."""
    try:
        module = source.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code may raise anything
        yield _import_fault(source, error)
        return
    api = str(getattr(module, "SENTINEL_API", API_VERSION))
    if not _served(api):
        yield _api_fault(api)
        return
    manager = pluggy.PluginManager("sentinel")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name=source.name)
    except pluggy.PluginValidationError as error:
        yield _arguments_fault(error)
        return
    yield from _misspelt(manager)
    if not manager.get_hookcallers(module):
        yield _no_hook_fault()
    for hook, kind in HOOKS.items():
        yield from _call(source, manager, hook, kind, api)


def _call(
    source: Source, manager: pluggy.PluginManager, hook: str, kind: Kind, api: str
) -> Iterator[Offer | Fault]:
    """Call one hook. What it registered counts only if it came to its end."""
    registered: list[Any] = []
    try:
        getattr(manager.hook, hook)(register=registered.append)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code may raise anything
        file, line = _place(source, error)
        yield Fault(
            id="hook-failed",
            file=file,
            line=line,
            found=f"{hook} raised {one_line(error)}",
            expected="a hook that registers classes and does nothing else",
        )
    else:
        yield from (Offer(kind, plugin, api) for plugin in registered)


def _misspelt(manager: pluggy.PluginManager) -> Iterator[Fault]:
    """What pluggy's `check_pending` refuses; but all of it, and with the name that was meant."""
    for name, caller in sorted(vars(manager.hook).items()):
        if not isinstance(caller, pluggy.HookCaller) or caller.has_spec():
            continue
        for implementation in caller.get_hookimpls():
            if not implementation.optionalhook:
                file, line = line_of(implementation.function)
                close = difflib.get_close_matches(name, HOOKS, n=1, cutoff=0)
                yield Fault(
                    id="unknown-hook",
                    file=file,
                    line=line,
                    found=f"hook {name!r}",
                    expected=f"one of {', '.join(HOOKS)}",
                    hint=f"did you mean {close[0]}?",
                )


def _served(api: str) -> bool:
    """Semantic versions: the same major number, and no newer minor than this Sentinel's."""
    try:
        major, minor = (int(part) for part in api.split(".")[:2])
    except ValueError:
        return False
    own_major, own_minor = (int(part) for part in API_VERSION.split("."))
    return major == own_major and minor <= own_minor


def _api_fault(api: str) -> Fault:
    return Fault(
        id="api-version",
        found=f"SENTINEL_API = {one_line(repr(api))}",
        expected=f'a version that API {API_VERSION} serves, as a text such as "{API_VERSION}"',
        hint="install a newer Sentinel, or a version of the plugin that fits this one",
    )


def _arguments_fault(error: pluggy.PluginValidationError) -> Fault:
    return Fault(
        id="hook-arguments",
        found=one_line(error),
        expected="the arguments that sentinel/hookspecs.py declares, or fewer of them",
    )


def _no_hook_fault() -> Fault:
    return Fault(
        id="no-hook",
        found="no hook",
        expected=f"a function such as {next(iter(HOOKS))}, decorated with @hook",
        hint="a helper module that is no plugin begins with _",
        warning=True,
    )


def _import_fault(source: Source, error: BaseException) -> Fault:
    file, line = _place(source, error)
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return Fault(
        id="import-failed",
        file=file,
        line=line,
        found=one_line(error),
        expected="a module that can be imported",
        hint=f"install {missing!r} where Sentinel is installed" if missing else "",
    )


def _place(source: Source, error: BaseException) -> tuple[str, int]:
    """The plugin's own line that led to the error, not the library's in which it came up."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_of(source, f.filename)]
    return (frames[-1].filename, frames[-1].lineno or 1) if frames else ("", 1)


def _is_of(source: Source, filename: str) -> bool:
    """A drop-in's frames lie in its file or folder; of the others the loader's are left out."""
    if source.root:
        return Path(filename).is_relative_to(source.root)
    return not filename.startswith("<") and filename not in _OURS and "importlib" not in filename


_OURS = (__file__, str(Path(__file__).with_name("sources.py")))
