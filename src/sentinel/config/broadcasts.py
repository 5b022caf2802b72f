"""Broadcasts: reads when clients are told, and checks the words that they are told in."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from sentinel.broadcasts.redaction import Redaction, described
from sentinel.config.document import Document, KeyPath
from sentinel.config.escalations import StepReader
from sentinel.config.matchers import read_matchers
from sentinel.config.model import AnnounceConfig, BroadcastConfig, ComponentConfig, RuleConfig
from sentinel.config.model_status import StatusPageConfig
from sentinel.config.names import Names, unknown_name
from sentinel.config.problem import Problem
from sentinel.config.reach import Reach
from sentinel.config.schema_broadcasts import Announce, Broadcast
from sentinel.config.schema_people import Step
from sentinel.config.suggest import did_you_mean, one_of, show
from sentinel.config.validation import read_record
from sentinel.engine.broadcast_rules import Messages, Mode
from sentinel.engine.broadcast_words import ANNOUNCED, PLACEHOLDERS, listed
from sentinel.model.broadcast import INCIDENT_PHASES, MAINTENANCE_PHASES, Phase
from sentinel.model.values import Duration

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
DEFAULT_LANGUAGE = "en"


class Public(Struct, frozen=True):
    """What clients may read of. `known` are the names of all components, `titles` what clients
    call them."""

    known: Collection[str]
    titles: Mapping[str, str]
    redaction: Redaction

    def shown(self, components: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.titles.get(name, name) for name in components)


def titles_of(
    components: Mapping[str, ComponentConfig], status_page: StatusPageConfig | None
) -> dict[str, str]:
    """What clients call each component: as the status page does, or else by its title."""
    titles = {name: one.title for name, one in components.items()}
    for part in status_page.parts if status_page else ():
        titles |= dict.fromkeys(part.components, part.title)
    return titles


def read_broadcasts(
    documents: Sequence[Document],
    rules: Sequence[RuleConfig],
    rule_names: Names,
    reach: Reach,
    public: Public,
) -> tuple[list[BroadcastConfig], list[Problem]]:
    """In order. The schema's own problems are not told."""
    found: list[BroadcastConfig] = []
    problems: list[Problem] = []
    names = Names("broadcast")
    severities = {rule.name: rule.severity for rule in rules}
    for document in documents:
        for index, item in enumerate(document.items("broadcasts")):
            path = ("broadcasts", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, Broadcast)
            if record is not None:
                reading = _Reading(document, path, record, reach, public)
                found.append(reading.run(rule_names, severities))
                problems += reading.problems
    return found, problems


class _Reading:
    def __init__(
        self, document: Document, path: KeyPath, record: Broadcast, reach: Reach, public: Public
    ) -> None:
        self.document = document
        self.path = path
        self.record = record
        self.reach = reach
        self.public = public
        self.problems: list[Problem] = []

    def run(self, rules: Names, severities: Mapping[str, str]) -> BroadcastConfig:
        record, when = self.record, self.record.when
        alerts = _as_list(when.alert)
        for index, name in enumerate(alerts):
            here = (*self.path, "when", "alert")
            here = (*here, index) if isinstance(when.alert, list) else here
            self.problems += rules.unknown(self.document, here, name)
        self._check_when(alerts, severities)
        text = TextReader(self.document, self.public, self.problems)
        mode, _, hold = record.publish.partition(" ")
        ask = None
        if record.ask is not None:
            reading = StepReader(self.document, self.reach)
            step = Step(notify=record.ask.notify, by=record.ask.by)
            ask = reading.step((*self.path, "ask"), step)
            self.problems += reading.problems
        return BroadcastConfig(
            name=record.name,
            alerts=tuple(alerts),
            severities=tuple(_as_list(when.severity)),
            matchers=read_matchers(
                self.document,
                (*self.path, "when", "matchers"),
                "broadcast/bad-matcher",
                self.problems,
            ),
            components=text.components((*self.path, "components"), record.components),
            title=text.title((*self.path, "title"), record.title)
            or _title_of(self.public.shown(record.components)),
            audience=record.audience,
            mode=_mode(mode),
            hold=float(Duration.parse(hold)) if hold else 0.0,
            messages=text.messages(
                (*self.path, "messages"), INCIDENT_PHASES, PLACEHOLDERS, record.messages
            ),
            ask=ask,
            resolve_after=float(record.resolve_after),
            file=self.document.file,
            line=self.document.line(self.path),
        )

    def _check_when(self, alerts: Sequence[str], severities: Mapping[str, str]) -> None:
        when, path = self.record.when, (*self.path, "when")
        if not (alerts or when.severity or when.matchers):
            self.problems.append(
                self.document.problem(
                    path,
                    "broadcast/everything",
                    found="no key, so that clients would hear of every alert",
                    expected="alert, severity or matchers",
                )
            )
        wanted = _as_list(when.severity)
        known = [severities[name] for name in alerts if name in severities]
        if wanted and known and len(known) == len(alerts) and not set(wanted) & set(known):
            self.problems.append(
                self.document.problem(
                    (*path, "severity"),
                    "broadcast/never",
                    found=f"{one_of(wanted)}, while {', '.join(alerts)} is {one_of(set(known))}",
                    expected="a severity that such an alert has",
                    hint="no client would ever hear of it",
                    warning=True,
                )
            )


class TextReader:
    """Reads what clients will read, and tells what they must not."""

    def __init__(self, document: Document, public: Public, problems: list[Problem]) -> None:
        self._document = document
        self._public = public
        self._problems = problems

    def components(self, path: KeyPath, names: Sequence[str]) -> tuple[str, ...]:
        for index, name in enumerate(names):
            if name not in self._public.known:
                self._problems.append(
                    unknown_name(
                        self._document, (*path, index), "component", name, self._public.known
                    )
                )
        return tuple(dict.fromkeys(names))

    def title(self, path: KeyPath, given: str | None) -> str:
        if given is None:
            return ""
        if not given.isprintable():
            self._tell(
                path, "broadcast/title", "a title of several lines", "one line, for a subject"
            )
        self._check_leaks(path, given)
        return given.strip()

    def messages(
        self,
        path: KeyPath,
        phases: Sequence[Phase],
        placeholders: Sequence[str],
        given: Mapping[str, Any],
    ) -> Messages:
        """The default language's texts come first."""
        by_language: dict[str, tuple[KeyPath, Mapping[str, Any]]] = {}
        if given and all(isinstance(value, dict) for value in given.values()):
            for language, texts in given.items():
                if not _LANGUAGE.fullmatch(language):
                    expected = "a language such as en or de, or a text for each phase"
                    self._tell((*path, language), "broadcast/language", show(language), expected)
                by_language[language] = (*path, language), texts
        else:
            by_language[DEFAULT_LANGUAGE] = path, given
        first = DEFAULT_LANGUAGE if DEFAULT_LANGUAGE in by_language else next(iter(by_language))
        found: dict[Phase, dict[str, str]] = {}
        for language in (first, *(one for one in by_language if one != first)):
            here, texts = by_language[language]
            for key, text in texts.items():
                phase = next((one for one in phases if one == key), None)
                if phase is None:
                    self._problems.append(
                        unknown_name(self._document, (*here, key), "phase", key, phases)
                    )
                elif not isinstance(text, str):
                    expected = "a text; languages stand above the phases"
                    self._tell((*here, key), "broadcast/language", "a mapping", expected)
                elif language != first and phase not in found:
                    hint = f"write it in {first}, too"
                    self._tell(
                        (*here, key), "broadcast/language", f"{key} in {language} alone",
                        f"the same phases in all languages as in {first}", hint,
                    )  # fmt: skip
                else:
                    self._check_text((*here, key), text, placeholders)
                    found.setdefault(phase, {})[language] = text.strip()
        misspelt = any(key not in phases for key in by_language[first][1])
        if phases[0] not in found and not misspelt:
            self._tell(
                by_language[first][0],
                "config/missing-key",
                f"no key {phases[0]}",
                f"{phases[0]}: what clients read first",
            )
        return found

    def _check_text(self, path: KeyPath, text: str, placeholders: Sequence[str]) -> None:
        for name in dict.fromkeys(_PLACEHOLDER.findall(text)):
            if name not in placeholders:
                known = ", ".join(f"{{{one}}}" for one in placeholders)
                self._tell(
                    path,
                    "broadcast/placeholder",
                    f"the placeholder {{{name}}}",
                    f"one of {known}",
                    did_you_mean(name, placeholders) or "nothing else goes into what clients read",
                )
        if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
            self._tell(path, "broadcast/placeholder", "a brace that stands alone", "{name}")
        self._check_leaks(path, _PLACEHOLDER.sub("", text))

    def _check_leaks(self, path: KeyPath, text: str) -> None:
        leaks = self._public.redaction.leaks(text)
        if leaks:
            self._tell(
                path,
                "broadcast/leak",
                described(leaks),
                "nothing that only you should know in what clients read",
                "say it in the clients' own words",
            )

    def _tell(self, path: KeyPath, id: str, found: str, expected: str, hint: str = "") -> None:
        self._problems.append(
            self._document.problem(path, id, found=found, expected=expected, hint=hint)
        )


def read_announce(
    document: Document, path: KeyPath, record: Announce, public: Public, problems: list[Problem]
) -> AnnounceConfig:
    text = TextReader(document, public, problems)
    for index, ahead in enumerate(record.before):
        if ahead <= 0:
            problems.append(
                document.problem(
                    (*path, "before", index),
                    "config/wrong-value",
                    found="no time at all",
                    expected="a duration above 0s",
                    hint="that it begins is said by in_progress",
                )
            )
    if record.audience == "affected":
        problems.append(
            document.problem(
                (*path, "audience"),
                "broadcast/audience",
                found="affected",
                expected="subscribers or all",
                hint="work that is announced has no alerts that would say whom it affects",
            )
        )
    return AnnounceConfig(
        title=text.title((*path, "title"), record.title),
        components=text.components((*path, "components"), record.components),
        severity=record.severity,
        audience=record.audience,
        before=tuple(sorted({float(one) for one in record.before}, reverse=True)),
        messages=text.messages((*path, "messages"), MAINTENANCE_PHASES, ANNOUNCED, record.messages),
    )


def _title_of(shown: Sequence[str]) -> str:
    return f"Problem with {listed(shown)}"[:120] if shown else "Problem with our service"


def _mode(word: str) -> Mode:
    return "auto" if word == "auto" else "draft" if word == "draft" else "hold"


def _as_list(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]
