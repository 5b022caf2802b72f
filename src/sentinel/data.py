"""Where the files lie that come with Sentinel: the catalog, the rules, the example
configuration."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def shipped(name: str) -> Path:
    """The path of `catalog`, `rules` or `config.example.yaml`: inside an installed package, or
    at the top of a checkout."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.exists() else _CHECKOUT / name
