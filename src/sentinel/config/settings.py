"""The main file: its own settings and the folders that it names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from sentinel.config.conditions import pattern_fault
from sentinel.config.document import Document, KeyPath, load
from sentinel.config.problem import Problem
from sentinel.config.references import resolve
from sentinel.config.schema import MainFile
from sentinel.config.secrecy import told
from sentinel.config.suggest import show
from sentinel.config.validation import read_record
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.net import Allowed

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
_LABEL = re.compile(r"[a-z]+( [a-z]+){0,2}")
# A missing folder of plugins is told by those who load them.
_FOLDERS = ("rules_dir", "catalog_dir")


def read_main(path: Path, env: Mapping[str, str]) -> tuple[Document | None, list[Problem]]:
    """The main file with its references replaced, not yet checked."""
    document, problems = load(path)
    if document is None:
        return None, problems
    resolved, missing = resolve(without_empty(document), env)
    return resolved, [*problems, *missing]


def without_empty(document: Document) -> Document:
    """A section whose every line is commented out counts as left out."""
    data = {} if document.data is None else document.data
    if isinstance(data, dict):
        data = {key: value for key, value in data.items() if value is not None}
    return msgspec.structs.replace(document, data=data)


def folder_of(main: Document, path: Path, key: str) -> Path | None:
    """A folder that the main file names, relative to it. None where the key is not given and
    the default folder does not exist."""
    given = main.text(key)
    folder = path.parent / (given or getattr(MainFile(), key))
    return folder if given or folder.is_dir() else None


def read_settings(main: Document, path: Path) -> tuple[MainFile | None, list[Problem]]:
    settings, problems = read_record(main, (), MainFile)
    for key in _FOLDERS:
        folder = folder_of(main, path, key)
        if folder and not folder.is_dir():
            problems.append(_no_folder(main, key, folder))
    if settings is None:
        return None, problems
    if int(settings.listen.rpartition(":")[2]) > 65535:
        found = show(settings.listen)
        expected = "a port up to 65535"
        problems.append(
            main.problem(("listen",), "config/wrong-value", found=found, expected=expected)
        )
    kept = settings.retention
    lengths = {name: getattr(kept, name) for name in kept.__struct_fields__}
    problems += main.positive(("retention",), **lengths)
    problems += _check_private(main, settings)
    return settings, [*problems, *_check_scrubbing(main, settings)]


def _check_private(main: Document, settings: MainFile) -> Iterator[Problem]:
    allowed = settings.http.allow_private
    for index, entry in enumerate(allowed if isinstance(allowed, list) else []):
        try:
            Allowed([entry])
        except ValueError as fault:
            yield main.problem(
                ("http", "allow_private", index),
                "http/bad-network",
                found=f"{show(entry)}: {fault}",
                expected="a host, an address or a network such as 10.0.0.0/8",
            )


def _check_scrubbing(main: Document, settings: MainFile) -> Iterator[Problem]:
    yield from _check_patterns(main, ("scrub",), settings.scrub)
    for name, project in settings.projects.items():
        if project.scrub:
            yield from _check_patterns(main, ("projects", name, "scrub"), project.scrub)


def _check_patterns(main: Document, base: KeyPath, policy: ScrubPolicy) -> Iterator[Problem]:
    for label, pattern in policy.patterns.items():
        path = (*base, "patterns", label)
        fault = pattern_fault(pattern)
        if fault:
            yield main.problem(
                path,
                "scrub/bad-pattern",
                found=told(main, path, pattern),
                expected=f"a regular expression: {fault}",
                hint="the syntax is RE2's: no look-around and no back-references",
            )
        if not _LABEL.fullmatch(label):
            yield main.problem(
                path,
                "scrub/bad-label",
                found=f"the label {show(label)}",
                expected="one to three words of small letters, such as: customer number",
            )


def public_url_of(settings: MainFile) -> str:
    """Without a slash at its end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host, _, port = settings.listen.rpartition(":")
    return url_of(host.strip("[]"), int(port))


def url_of(host: str, port: int) -> str:
    """How a browser on the same machine reaches what listens there."""
    shown = "localhost" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _no_folder(main: Document, key: str, folder: Path) -> Problem:
    return main.problem(
        (key,),
        "config/no-folder",
        found=f"no folder {folder}",
        expected="a folder that exists",
        hint="a relative path starts from the folder of this file",
    )
