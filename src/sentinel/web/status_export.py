"""The status page as files, for a web server that knows nothing of Sentinel, or for a disk."""

import secrets
import shutil
from pathlib import Path, PurePosixPath

from sentinel.config.model_status import StatusPageConfig
from sentinel.errors import Invalid, SentinelError
from sentinel.status.facts import Facts
from sentinel.web.public import INNER, STYLE, Look, PublicPages, logo_name, theme
from sentinel.web.render import STATIC
from sentinel.web.status_site import Links, Site, Surroundings

_THEME = "theme.css"
MARK = ".sentinel-status"
"""Lists what was written, so that nothing else is ever overwritten or removed."""


def export(
    folder: Path,
    facts: Facts,
    page: StatusPageConfig,
    address: str,
    subscribe: str = "",
) -> int:
    """Writes all documents, each in one piece, and removes those of the export before that are no
    more. Returns how many there are. `address` is where they will be found, which feeds name.

    Raises Invalid where it would overwrite what is not from an export, and OSError.
    """
    pages = PublicPages()
    files = {name: _built(pages, name) for name in (STYLE, INNER)}
    if page.accent:
        files[_THEME] = theme(page)
    if page.logo:
        files[logo_name(page)] = page.logo.data
    around = Surroundings(
        page=page,
        pages=pages,
        look=lambda links: _look(page, links),
        root=None,
        address=address.rstrip("/"),
        subscribe=subscribe,
    )
    site = Site(facts, around)
    for path in site.paths():
        document = site.document(path)
        assert document is not None
        files[f"{path or 'index'}.html" if document.is_page else path] = document.body
    _write(folder, files)
    return len(files)


def _look(page: StatusPageConfig, links: Links) -> Look:
    return Look(
        title=page.title,
        home=links.page(""),
        style=links.file(STYLE),
        inner=links.file(INNER),
        theme=links.file(_THEME) if page.accent else "",
        logo=links.file(logo_name(page)) if page.logo else "",
    )


def _built(pages: PublicPages, name: str) -> bytes:
    try:
        return (STATIC / pages.assets.url(name).rpartition("/")[2]).read_bytes()
    except FileNotFoundError as error:
        raise SentinelError("found no style sheet, expected one: run `make assets`") from error


def _listed(folder: Path) -> set[str]:
    """The files of the export before. Raises Invalid where the folder can't be used."""
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"found {folder}, which is no folder, expected one, or none yet")
    try:
        found = (folder / MARK).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return set()
    return {name for name in found if not PurePosixPath(name).is_absolute() and ".." not in name}


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Everything aside first; then each file takes its place at once, the front page last."""
    before = _listed(folder)
    foreign = [name for name in files if name not in before and (folder / name).exists()]
    if foreign:
        raise Invalid(
            f"found {foreign[0]} in {folder}, which is not from an export, expected an empty "
            "folder, one that is not there yet, or that of an earlier export"
        )
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".new-{secrets.token_hex(4)}"
    try:
        for name, data in files.items():
            file = new / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        # Listed before it is there: after a failure nothing of it passes for somebody else's.
        _replace(folder / MARK, "".join(f"{name}\n" for name in sorted({*before, *files})))
        for name in sorted(files, key=lambda name: name == "index.html"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).replace(folder / name)
        for name in before - files.keys():
            (folder / name).unlink(missing_ok=True)
        _replace(folder / MARK, "".join(f"{name}\n" for name in sorted(files)))
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _replace(file: Path, text: str) -> None:
    aside = file.with_name(f"{file.name}.new")
    aside.write_text(text, "utf-8")
    aside.replace(file)
