"""What needs what. Pure; the graph has no circles, the configuration sees to that."""

from collections.abc import Collection, Mapping, Sequence

Needs = Mapping[str, Sequence[str]]
"""Of each component those that it needs."""


def needed_by(needs: Needs) -> dict[str, tuple[str, ...]]:
    """The other way round; without those that nobody needs."""
    found: dict[str, list[str]] = {}
    for name, others in needs.items():
        for other in others:
            found.setdefault(other, []).append(name)
    return {name: tuple(others) for name, others in found.items()}


def blamed(name: str, needs: Needs, troubled: Collection[str]) -> tuple[str, ...]:
    """The troubled components that a troubled one needs, at the far end of each unbroken chain of
    trouble: what it may be down because of."""
    found: dict[str, None] = {}
    seen: set[str] = set()

    def walk(one: str) -> None:
        ailing = [other for other in needs.get(one, ()) if other in troubled]
        if not ailing and one != name:
            found[one] = None
        for other in ailing:
            if other not in seen:
                seen.add(other)
                walk(other)

    if name in troubled:
        walk(name)
    return tuple(found)
