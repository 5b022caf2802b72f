"""What every app and every installation does for itself, and the tests would do hundreds of times
in a process to the same end."""

from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import Environment

from sentinel import installation

_PARTS_OF_THE_CODE = (
    "autoescape",
    "finalize",
    "keep_trailing_newline",
    "lstrip_blocks",
    "trim_blocks",
)
"""What else than the text decides what Jinja makes of it: two environments may differ in them."""


def compile_once() -> None:
    """Lets Jinja compile a file's template once. Texts of users are left alone."""
    known: dict[tuple[Any, ...], CodeType] = {}
    compile_now: Any = Environment.compile

    def compile(
        self: Environment, source: Any, name: Any = None, filename: Any = None, **more: Any
    ) -> Any:
        if filename is None or more:
            return compile_now(self, source, name, filename, **more)
        parts = (getattr(self, part) for part in _PARTS_OF_THE_CODE)
        key = (type(self), source, name, filename, *parts)
        if key not in known:
            known[key] = compile_now(self, source, name, filename)
        return known[key]

    Environment.compile = compile  # type: ignore[method-assign,assignment]


def read_once() -> None:
    """Lets an installation without plugins and codes of its own share those that Sentinel has."""
    load, load_catalog = installation.load, installation.load_catalog
    plugins, catalog = cache(load), cache(load_catalog)

    def plugins_of(folder: Path | None) -> Any:
        if folder is not None:
            return load(folder)
        registry, problems = plugins(None)
        return registry, list(problems)

    def catalog_of(folders: list[Path]) -> Any:
        first, *others = folders
        if any(folder.exists() for folder in others):
            return load_catalog(folders)
        found, problems = catalog((first,))
        return found, list(problems)

    installation.load = plugins_of  # type: ignore[assignment]
    installation.load_catalog = catalog_of  # type: ignore[assignment]
