"""Loads one plugin file as the daemon does, for the test that stands beside it."""

from pathlib import Path
from typing import Any

from sentinel.model.values import to_record
from sentinel.plugins import Registry, load_sources
from sentinel.plugins.sources import drop_in


def load_plugin(path: Path) -> Registry:
    """What the file or package registers. Raises AssertionError with every problem it has."""
    registry, problems = load_sources([drop_in(path)])
    if problems:
        raise AssertionError("\n".join(str(problem) for problem in problems))
    return registry


def params_of(plugin: type[Any] | None, **yaml: Any) -> Any:
    """The plugin's parameters from plain values as they stand in YAML (`"5m"`, `"10MB"`).

    Raises msgspec.ValidationError where they do not fit, and TypeError for a plugin of None.
    """
    if plugin is None:
        raise TypeError("no plugin of this kind and type was registered")
    return to_record(plugin.Params, yaml)
