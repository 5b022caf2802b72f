"""People: who is reached where, and when not. They may stand in the main file and in the rules
files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sentinel.config import schema_people as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ChannelConfig, PersonConfig
from sentinel.config.names import Names
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.suggest import nearest, one_of, show
from sentinel.config.validation import read_record
from sentinel.engine.calendar_text import parse_clock
from sentinel.engine.quiet import Quiet


def read_people(
    main: Document,
    others: Sequence[Document],
    channels: Mapping[str, ChannelConfig],
    zone: ZoneInfo,
) -> tuple[dict[str, PersonConfig], list[Problem]]:
    """By name. `zone` holds where none is named. The schema's own problems are not told."""
    names = Names("person")
    people: dict[str, PersonConfig] = {}
    problems: list[Problem] = []
    keys = {channel.address for channel in channels.values() if channel.address}
    for document in (main, *others):
        for name, data in document.section("people").items():
            path = ("people", name)
            problems += names.add(document, path, name)
            problems += _check_keys(document, path, data, keys)
            if document is not main:
                problems += _check_references(document, path, data, main)
            person = PersonConfig(
                name=name,
                addresses=_addresses(data),
                quiet=_quiet(document, path, data, zone, problems),
            )
            people.setdefault(name, person)
    return people, problems


def _addresses(data: Any) -> dict[str, str]:
    texts = _texts(data)
    return {key: text for key, text in texts.items() if key not in schema.PERSON_OWN}


def _texts(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        return {}
    return {key: value for key, value in data.items() if isinstance(value, str)}


def _quiet(
    document: Document, path: KeyPath, data: Any, zone: ZoneInfo, problems: list[Problem]
) -> Quiet | None:
    if not isinstance(data, dict):
        return None
    zone = read_zone(document, (*path, "timezone"), zone, problems)
    if "quiet" not in data:
        return None
    here = (*path, "quiet")
    record, _ = read_record(document, here, schema.Quiet)
    if record is None:
        return None
    zone = read_zone(document, (*here, "timezone"), zone, problems)
    start = parsed(document, (*here, "from"), parse_clock, problems)
    end = parsed(document, (*here, "until"), parse_clock, problems)
    if start is None or end is None:
        return None
    exempt = [record.except_] if isinstance(record.except_, str) else record.except_
    try:
        return Quiet(start=start, end=end, zone=zone, exempt=frozenset(exempt))
    except ValueError:
        problems.append(
            document.problem(
                (*here, "until"),
                "config/wrong-value",
                found=f"{show(record.until)}, when the quiet begins",
                expected="another time than `from`",
                hint="hours that never end would keep everything from the person",
            )
        )
        return None


def _check_keys(document: Document, path: KeyPath, data: Any, keys: set[str]) -> Iterator[Problem]:
    """Any key may stand there, for channels to come, so only near misses are told."""
    known = keys | schema.PERSON_OWN.keys()
    for key, text in _addresses(data).items():
        if key == "email" and "@" not in text and "${" not in text:
            yield document.problem(
                (*path, key),
                "person/email",
                found=show(text),
                expected="an e-mail address such as alice@example.com",
            )
        meant = nearest(key, known)
        if meant and key not in keys:
            yield document.problem(
                (*path, key),
                "person/unknown-key",
                found=f"the address key {show(key)}, which no channel uses",
                expected=one_of(sorted(known)),
                hint=f"did you mean {meant}?",
                warning=True,
            )


def _check_references(
    document: Document, path: KeyPath, data: Any, main: Document
) -> Iterator[Problem]:
    for key, text in _texts(data).items():
        if "${" in text:
            yield document.problem(
                (*path, key),
                "reference/place",
                found="a reference",
                expected=f"the address itself: references work in {main.file} alone",
                hint="move this person there",
            )
