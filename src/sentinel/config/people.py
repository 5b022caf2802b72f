"""People: who is reached where. They may stand in the main file and in the rules files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ChannelConfig, PersonConfig
from sentinel.config.names import Names
from sentinel.config.problem import Problem
from sentinel.config.suggest import nearest, one_of, show


def read_people(
    main: Document, others: Sequence[Document], channels: Mapping[str, ChannelConfig]
) -> tuple[dict[str, PersonConfig], list[Problem]]:
    """By name. The schema's own problems are not told."""
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
            people.setdefault(name, PersonConfig(name=name, addresses=_texts(data)))
    return people, problems


def _texts(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        return {}
    return {key: value for key, value in data.items() if isinstance(value, str)}


def _check_keys(document: Document, path: KeyPath, data: Any, keys: set[str]) -> Iterator[Problem]:
    """Any key may stand there, for channels to come, so only near misses are told."""
    for key, text in _texts(data).items():
        if key == "email" and "@" not in text and "${" not in text:
            yield document.problem(
                (*path, key),
                "person/email",
                found=show(text),
                expected="an e-mail address such as alice@example.com",
            )
        meant = nearest(key, keys)
        if meant and key not in keys:
            yield document.problem(
                (*path, key),
                "person/unknown-key",
                found=f"the address key {show(key)}, which no channel uses",
                expected=one_of(sorted(keys)),
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
