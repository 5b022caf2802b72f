"""Parameters that are bounds or lengths: what a schema can't say of them, and how they are told."""

from sentinel.api import Duration


def need_one(**bounds: float | None) -> None:
    if all(bound is None for bound in bounds.values()):
        names = " or ".join(f"`{name}`" for name in bounds)
        raise ValueError(f"expected {names}, found neither")


def need_length(name: str, length: Duration) -> None:
    if length <= 0:
        raise ValueError(f"expected `{name}` to be longer than 0s, found {length}")


def need_at_least(name: str, length: Duration, least: float, of: str) -> None:
    if length < least:
        raise ValueError(
            f"expected `{name}` to be at least {of}, which is {Duration(least)}, found {length}"
        )


def crosses(number: float, above: float | None, below: float | None) -> bool:
    return (above is not None and number > above) or (below is not None and number < below)


def told(above: float | None, below: float | None) -> str:
    named = (("above", above), ("below", below))
    return " or ".join(f"{word} {bound:g}" for word, bound in named if bound is not None)
