"""People: who is reached where, and when not. They may stand in the main file and in the rules
files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sentinel.config import schema_people as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ChannelConfig, PersonConfig
from sentinel.config.names import Names
from sentinel.config.parsing import read_zone
from sentinel.config.problem import Problem
from sentinel.config.rests import read_digest, read_limits, read_quiet
from sentinel.config.suggest import nearest, one_of, show

# What people put between the digits of a telephone number.
_FILLING = re.compile(r"[\s().\-/]+")
# What would only be found out by a page that nobody gets: how the addresses of a key look, and what
# to say about others.
_NUMBER = (
    re.compile(r"\+[1-9]\d{4,14}"),
    "person/number",
    "a telephone number with its country, such as +44 7700 900123",
)
_LOOKS = {
    "email": (
        re.compile(r"(?:[^<>\x00-\x1f]*<)?[^\s<>@,;]+@[^\s<>@,;]+>?"),
        "person/email",
        "an e-mail address such as alice@example.com",
    ),
    "sms": _NUMBER,
    "voice": _NUMBER,
    "slack": (
        re.compile(r"[UW][A-Z0-9]+"),
        "person/slack",
        "a member ID such as U0123456789, which Slack's profile gives under Copy member ID",
    ),
    "telegram": (
        re.compile(r"-?\d+"),
        "person/telegram",
        "the number that the bot answers /start with",
    ),
}


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
    keys = {channel.heard_from for channel in channels.values() if channel.heard_from}
    for document in (main, *others):
        for name, data in document.section("people").items():
            path = ("people", name)
            problems += names.add(document, path, name)
            problems += _check_keys(document, path, data, keys)
            if document is not main:
                problems += _check_references(document, path, data, main)
            people.setdefault(name, _person(document, path, data, channels, zone, problems))
    return people, problems


def _person(
    document: Document,
    path: KeyPath,
    data: Any,
    channels: Mapping[str, ChannelConfig],
    zone: ZoneInfo,
    problems: list[Problem],
) -> PersonConfig:
    given = data if isinstance(data, dict) else {}
    zone = read_zone(document, (*path, "timezone"), zone, problems) if given else zone
    return PersonConfig(
        name=str(path[-1]),
        addresses=_addresses(data),
        quiet=read_quiet(document, path, zone, problems) if "quiet" in given else None,
        digest=read_digest(document, path, zone, problems) if "digest" in given else None,
        limits=read_limits(document, path, given, channels, problems),
    )


def _addresses(data: Any) -> dict[str, str]:
    texts = _texts(data)
    return {key: text for key, text in texts.items() if key not in schema.PERSON_OWN}


def _texts(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        return {}
    return {key: value for key, value in data.items() if isinstance(value, str)}


def _check_keys(document: Document, path: KeyPath, data: Any, keys: set[str]) -> Iterator[Problem]:
    """Any key may stand there, for channels to come, so only near misses are told."""
    known = keys | schema.PERSON_OWN.keys()
    for key, text in _addresses(data).items():
        look = _LOOKS.get(key) if "${" not in text else None
        if look is not None:
            pattern, id, expected = look
            plain = _FILLING.sub("", text) if look is _NUMBER else text
            if not pattern.fullmatch(plain):
                yield document.problem((*path, key), id, found=show(text), expected=expected)
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
