"""Libraries that only some channels need."""

from importlib.util import find_spec


def require(package: str, extra: str) -> None:
    """Raises ValueError, with what to do, where an optional package is not installed."""
    if find_spec(package) is None:
        raise ValueError(
            f"expected the package {package}, which is not installed; "
            f"add it with: pip install 'sentinel[{extra}]'"
        )
