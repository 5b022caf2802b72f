"""The status page: reads it."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from sentinel.config.colours import LEAST, contrast, readable
from sentinel.config.document import Document, KeyPath
from sentinel.config.logo import Logo, read_logo
from sentinel.config.model import ComponentConfig
from sentinel.config.model_status import StatusPageConfig, StatusPartConfig
from sentinel.config.names import unknown_name
from sentinel.config.parsing import read_zone
from sentinel.config.problem import Problem
from sentinel.config.schema_status import COLOUR, StatusComponent, StatusLink, StatusPage
from sentinel.config.suggest import show
from sentinel.config.validation import read_record

_SECTION = "status_page"
LIGHT, DARK = "#f4f5f3", "#1a1f23"
"""What the page's text stands on, where it is hardest to read; as in web/src/public.css."""
_MAIL = re.compile(r"[^\s@<>\"'?&#]+@[^\s@<>\"'?&#]+\.[^\s@<>\"'?&#]+")
_NO_WORD = re.compile(r"[^a-z0-9]+")


def read_status_page(
    document: Document,
    folder: Path,
    components: dict[str, ComponentConfig],
    known: set[str],
    zone: ZoneInfo,
) -> tuple[StatusPageConfig | None, list[Problem]]:
    """None where there is no page. `folder` is where the logo is looked for, `known` are the names
    of all components, and `zone` holds where the page names none. The schema's own problems are
    not told."""
    if not isinstance(document.data, dict) or _SECTION not in document.data:
        return None, []
    reading = _Reading(document, components, known, zone)
    page = reading.page(folder)
    return page, reading.problems


class _Reading:
    def __init__(
        self,
        document: Document,
        components: dict[str, ComponentConfig],
        known: set[str],
        zone: ZoneInfo,
    ) -> None:
        self._document = document
        self._components = components
        self._known = known
        self._zone = zone
        self.problems: list[Problem] = []

    def page(self, folder: Path) -> StatusPageConfig | None:
        record, _ = read_record(self._document, (_SECTION,), StatusPage)
        if record is None:
            return None
        file = folder / record.logo if record.logo else None
        page = StatusPageConfig(
            title=record.title,
            intro=record.intro or "",
            logo=self._logo(file) if file else None,
            logo_file=file,
            accent=self._accent(record),
            support=self._support(record.support),
            links=tuple(self._links(record.links)),
            audience=record.audience,
            environments=tuple(record.environments),
            days=record.days,
            zone=read_zone(self._document, (_SECTION, "timezone"), self._zone, self.problems),
            parts=tuple(self._parts(record.components)),
        )
        return page if record.enabled else None

    def _logo(self, file: Path) -> Logo | None:
        try:
            return read_logo(file)
        except OSError as error:
            found = f"an error on reading {file}: {(error.strerror or 'unreadable').lower()}"
        except ValueError as error:
            found = str(error)
        self._add(
            ("logo",),
            "status/bad-logo",
            found=found,
            expected="an SVG without scripts, a PNG, a JPEG or a WebP file of up to 100 kB",
            hint="a relative path starts from the folder of this file",
        )
        return None

    def _accent(self, record: StatusPage) -> tuple[str, str] | None:
        light, dark = record.accent, record.accent_dark
        for key, colour, paper in (("accent", light, LIGHT), ("accent_dark", dark, DARK)):
            if colour and re.match(COLOUR, colour) and contrast(colour, paper) < LEAST:
                self._add(
                    (key,),
                    "status/contrast",
                    found=f"{colour}, {contrast(colour, paper):.1f}:1 against {paper}",
                    expected=f"a contrast of at least {LEAST}:1",
                    hint=f"the page shows {readable(colour, paper)} instead, which can be read",
                    warning=True,
                )
        given = light or dark
        if given is None:
            return None
        return readable(light or given, LIGHT), readable(dark or given, DARK)

    def _support(self, given: str | None) -> str:
        """As a link; empty where there is none."""
        if given is None:
            return ""
        if _MAIL.fullmatch(given):
            return f"mailto:{given}"
        if not _is_address(given):
            self._add(
                ("support",),
                "status/bad-address",
                found=show(given),
                expected="an e-mail address, or one that begins with https://",
            )
        return given

    def _links(self, links: list[StatusLink]) -> Iterator[tuple[str, str]]:
        for index, link in enumerate(links):
            if not _is_address(link.url):
                self._add(
                    ("links", index, "url"),
                    "status/bad-address",
                    found=show(link.url),
                    expected="an address that begins with https:// or http://",
                )
            yield link.title, link.url

    def _parts(self, listed: list[StatusComponent]) -> Iterator[StatusPartConfig]:
        taken: set[str] = set()
        for index, one in enumerate(listed):
            path = ("components", index)
            names = (one.component,) if isinstance(one.component, str) else tuple(one.component)
            self._check_names(path, one.component)
            title = one.title or self._title_of(path, names)
            id = _slug(title)
            number = 2
            while id in taken:
                id = f"{_slug(title)}-{number}"
                number += 1
            taken.add(id)
            yield StatusPartConfig(
                id=id,
                components=tuple(dict.fromkeys(names)),
                title=title,
                group=one.group or "",
                description=one.description or "",
            )

    def _check_names(self, path: KeyPath, given: str | list[str]) -> None:
        if not given:
            self._add(
                (*path, "component"),
                "status/no-component",
                found="no component",
                expected="one at least",
            )
        for index, name in enumerate([given] if isinstance(given, str) else given):
            if name not in self._known:
                here: KeyPath = (_SECTION, *path, "component")
                here = here if isinstance(given, str) else (*here, index)
                self.problems.append(
                    unknown_name(self._document, here, "component", name, self._known)
                )

    def _title_of(self, path: KeyPath, names: tuple[str, ...]) -> str:
        """An internal name is nothing for clients, so that it is not shown for want of a title."""
        configured = self._components.get(names[0]) if len(names) == 1 else None
        if configured is not None and configured.title != configured.name:
            return configured.title
        if names:
            self._add(
                path,
                "status/no-title",
                found=f"no title for {', '.join(names)}",
                expected="a `title`, which clients read",
                hint="here, or under `components:` where it is one component",
            )
        return "-"

    def _add(
        self,
        path: KeyPath,
        id: str,
        *,
        found: str,
        expected: str,
        hint: str = "",
        warning: bool = False,
    ) -> None:
        self.problems.append(
            self._document.problem(
                (_SECTION, *path), id, found=found, expected=expected, hint=hint, warning=warning
            )
        )


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://")) and not re.search(r"[\s\"'<>]", text)


def _slug(title: str) -> str:
    """The title as it stands in an address."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NO_WORD.sub("-", plain).strip("-")[:60].strip("-") or "component"
