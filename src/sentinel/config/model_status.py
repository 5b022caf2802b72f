"""The status page once it has been read and checked."""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.config.logo import Logo


class StatusPartConfig(Struct, frozen=True, kw_only=True):
    """One line of the page. `id` is what addresses call it, made from its title; `components` are
    the names of what it tells of, which clients don't see."""

    id: str
    components: tuple[str, ...]
    title: str
    group: str
    description: str


class StatusPageConfig(Struct, frozen=True, kw_only=True):
    """`accent` has the colours on light and on dark paper, both fit to be read. `support` is a
    link, and `links` are titles with addresses. No `environments` are all of them. `zone` is whose
    clocks the page shows, and whose days."""

    title: str
    intro: str
    logo: Logo | None
    logo_file: Path | None
    accent: tuple[str, str] | None
    support: str
    links: tuple[tuple[str, str], ...]
    audience: Literal["public", "token"]
    environments: tuple[str, ...]
    days: int
    zone: ZoneInfo
    parts: tuple[StatusPartConfig, ...]

    def title_of(self, component: str) -> str | None:
        """What clients call a component; None where the page does not show it."""
        found = (one.title for one in self.parts if component in one.components)
        return next(found, None)
