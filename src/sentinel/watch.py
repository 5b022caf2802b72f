"""Notices that a configuration file was saved."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from watchfiles import Change, awatch

from sentinel.config.model import Config

_SUFFIXES = (".yaml", ".yml", ".py")
_DEBOUNCE_MS = 400


async def changes(config: Callable[[], Config]) -> AsyncIterator[None]:
    """Yields after each burst of changes of the running configuration's files and folders.

    Folders are watched rather than files, since editors save by renaming a new file into place.
    """
    while True:
        folders = _folders(config())
        async for _ in awatch(
            *folders,
            watch_filter=_is_ours,
            debounce=_DEBOUNCE_MS,
            recursive=False,
            rust_timeout=5_000,
            yield_on_timeout=True,
        ):
            if _:
                yield None
            if _folders(config()) != folders:
                break


def _folders(config: Config) -> set[Path]:
    wanted = (config.file.parent, config.rules_dir, config.catalog_dir, config.plugins_dir)
    return {folder.resolve() for folder in wanted if folder.is_dir()}


def _is_ours(change: Change, path: str) -> bool:
    return path.endswith(_SUFFIXES) and not Path(path).name.startswith((".", "#"))
