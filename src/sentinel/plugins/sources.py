"""The three places where plugins are found. Nothing is imported until `Source.load` is called."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from msgspec import Struct

GROUP = "sentinel"
BUILT_IN = "built-in"


class Source(Struct, frozen=True, kw_only=True):
    """One plugin that may be loaded. `origin` says where it comes from, in words.

    `file` is the best known before the import; `root` is the file or folder of a drop-in.
    """

    name: str
    origin: str
    file: str
    root: Path | None = None
    load: Callable[[], Any]


def built_ins(modules: Iterable[str]) -> Iterator[Source]:
    for module in modules:
        yield Source(
            name=module.removeprefix("sentinel."),
            origin=BUILT_IN,
            file=module.replace(".", "/") + ".py",
            load=partial(importlib.import_module, module),
        )


def distributions() -> Iterator[Source]:
    """Entry points of the group `sentinel`, of every installed distribution."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        origin = _distribution(point)
        yield Source(name=point.name, origin=origin, file=origin, load=point.load)


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown distribution"


def drop_ins(folder: Path) -> Iterator[Source]:
    """Files and packages of a folder in sorted order; `_x`, `.x`, tests and data are left out."""
    for path in sorted(folder.iterdir()):
        if is_drop_in(path):
            yield drop_in(path)


def is_drop_in(path: Path) -> bool:
    if path.name.startswith(("_", ".", "test_")) or path.name in ("conftest.py", "tests"):
        return False
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def drop_in(path: Path) -> Source:
    file = path if path.suffix == ".py" else path / "__init__.py"
    return Source(
        name=path.stem,
        origin=str(path),
        file=str(file),
        root=path,
        load=partial(_import_file, path.stem, file),
    )


def _import_file(name: str, file: Path) -> ModuleType:
    """Import a file under a name of its own, so that it can't shadow or be shadowed.

    A file that has not changed gives the module that is loaded already: to a reload its classes
    are then the same, and what runs of them runs on. The module has to stand in `sys.modules` for
    relative imports and for annotations that are resolved later.
    """
    place = f"sentinel_plugin_{_digest(str(file.resolve()).encode())}_"
    unique = f"{place}{_digest(*_contents(file))}_{name}"
    if unique in sys.modules:
        return sys.modules[unique]
    _forget(place)
    importlib.invalidate_caches()
    package = [str(file.parent)] if file.name == "__init__.py" else None
    loader = _Uncached(unique, str(file))
    spec = ModuleSpec(unique, loader, origin=str(file), is_package=package is not None)
    spec.has_location = True
    if package is not None:
        spec.submodule_search_locations = package
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        loader.exec_module(module)
    except BaseException:
        _forget(place)
        raise
    return module


def _contents(file: Path) -> Iterator[bytes]:
    parts = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    for part in parts:
        yield str(part.relative_to(file.parent)).encode()
        yield part.read_bytes()


def _digest(*texts: bytes) -> str:
    whole = hashlib.sha256()
    for text in texts:
        whole.update(b"%d:" % len(text) + text)
    return whole.hexdigest()[:12]


def _forget(place: str) -> None:
    for name in [name for name in sys.modules if name.startswith(place)]:
        del sys.modules[name]


class _Uncached(SourceFileLoader):
    """Compiles from source each time.

    Python's byte code cache tells versions apart by whole seconds and length, so a plugin
    edited twice within a second would load as it was before.
    """

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)
