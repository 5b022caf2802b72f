"""Templates: reads them, and tries each on a sample of every message that it is for."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from sentinel.broadcasts.redaction import Redaction, described
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ChannelConfig
from sentinel.config.model_templates import PARTS, TemplateConfig
from sentinel.config.names import Names, unknown_name
from sentinel.config.problem import Problem
from sentinel.config.schema_templates import Template as TemplateSection
from sentinel.config.suggest import one_of, show
from sentinel.config.validation import read_record
from sentinel.intelligence.untrusted import one_line
from sentinel.model.delivery import Reason
from sentinel.templating.flaw import Flaw
from sentinel.templating.samples import REASONS, samples
from sentinel.templating.sandbox import Written
from sentinel.templating.views import VIEWS

_LONGEST_SUBJECT = 70
_FACTS_ALONE = ("webhook",)


class Channels(Struct, frozen=True):
    """`sound` are those that are right in themselves; `named` are the names of all."""

    sound: Mapping[str, ChannelConfig]
    named: frozenset[str]


def read_templates(
    documents: Sequence[Document], channels: Channels, redaction: Redaction
) -> tuple[list[TemplateConfig], list[Problem]]:
    """In order. The schema's own problems are not told."""
    found: list[TemplateConfig] = []
    problems: list[Problem] = []
    names = Names("template")
    for document in documents:
        for index, item in enumerate(document.items("templates")):
            path = ("templates", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, TemplateSection)
            if record is not None:
                reading = _Reading(document, path, record, channels, redaction)
                found.append(reading.run())
                problems += reading.problems
                problems += _hidden(document, path, found)
    return found, problems


class _Reading:
    def __init__(
        self,
        document: Document,
        path: KeyPath,
        record: TemplateSection,
        channels: Channels,
        redaction: Redaction,
    ) -> None:
        self._document = document
        self._path = path
        self._record = record
        self._channels = channels
        self._redaction = redaction
        self.problems: list[Problem] = []

    def run(self) -> TemplateConfig:
        record = self._record
        sources = {name: text for name in PARTS if (text := getattr(record, name)) is not None}
        if not sources:
            self._tell(
                "",
                "template/empty",
                "no subject, text, html or short",
                "one of them at least",
                "a template without words changes nothing",
            )
        template = TemplateConfig(
            name=record.name,
            channels=self._named_channels(),
            audience=record.audience,
            reasons=self._reasons(),
            sources=sources,
            lines={name: self._document.line((*self._path, name)) for name in sources},
            file=self._document.file,
            line=self._document.line(self._path),
        )
        for name, source in sources.items():
            self._try(template, name, source)
        return template

    def _named_channels(self) -> tuple[str, ...]:
        """By name; a type stands for all channels of it."""
        given = self._record.channel
        if given is None:
            return tuple(self._channels.sound)
        chosen: dict[str, None] = {}
        types: dict[str, dict[str, None]] = {}
        for one in self._channels.sound.values():
            types.setdefault(one.type, {})[one.name] = None
        for index, name in enumerate([given] if isinstance(given, str) else given):
            path = (*self._path, "channel")
            path = path if isinstance(given, str) else (*path, index)
            if name in self._channels.named:
                chosen[name] = None
            elif name in types:
                chosen |= types[name]
            else:
                known = {*self._channels.named, *types}
                self.problems.append(unknown_name(self._document, path, "channel", name, known))
        kinds = {one.type for one in self._channels.sound.values() if one.name in chosen}
        if kinds and kinds <= set(_FACTS_ALONE):
            self._tell(
                "channel",
                "template/no-words",
                f"only channels of the type {', '.join(sorted(kinds))}",
                "one that people read",
                "machines get the facts, whatever a template says",
                warning=True,
            )
        return tuple(chosen)

    def _reasons(self) -> tuple[Reason, ...]:
        known = REASONS[self._record.audience]
        if not self._record.reasons:
            return known
        for index, reason in enumerate(self._record.reasons):
            if reason not in known:
                self.problems.append(
                    self._document.problem(
                        (*self._path, "reasons", index),
                        "template/reason",
                        found=f"{reason}, which no {self._record.audience} is told of",
                        expected=one_of(known),
                        hint="`audience: client` is for update, admin (the default) for the rest",
                    )
                )
        return tuple(dict.fromkeys(one for one in self._record.reasons if one in known))

    def _try(self, template: TemplateConfig, part: str, source: str) -> None:
        """Tells the first thing that is wrong with a part."""
        sample_name = ""
        try:
            written = Written(source, VIEWS[template.audience], html=part == "html")
            longest = ""
            for sample in samples(template.audience, template.reasons):
                sample_name = sample.name
                made = written.render(sample.view)
                longest = max(longest, one_line(made), key=len)
        except Flaw as flaw:
            where = f" in its line {flaw.line}" if "\n" in source.strip() and flaw.line else ""
            on = f", with the sample {sample_name}" if sample_name else ""
            self._tell(part, "template/wrong", f"{flaw.found}{where}{on}", flaw.expected, flaw.hint)
            return
        if part == "subject" and len(longest) > _LONGEST_SUBJECT:
            self._tell(
                part,
                "template/long-subject",
                f"a subject of {len(longest)} characters with a sample: {show(longest)}",
                f"at most {_LONGEST_SUBJECT}, which telephones show",
                f"{{{{ … | clip({_LONGEST_SUBJECT}) }}}} cuts a part of it",
                warning=True,
            )
        if template.audience == "client":
            self._check_leaks(part, written.said)

    def _check_leaks(self, part: str, said: str) -> None:
        leaks = [one for one in self._redaction.leaks(said) if one.kind != "web address"]
        if leaks:
            self._tell(
                part,
                "template/leak",
                described(leaks),
                "nothing that only you should know in what clients read",
                "say it in the clients' own words",
            )

    def _tell(
        self,
        key: str,
        id: str,
        found: str,
        expected: str,
        hint: str = "",
        *,
        warning: bool = False,
    ) -> None:
        path = (*self._path, key) if key else self._path
        self.problems.append(
            self._document.problem(
                path, id, found=found, expected=expected, hint=hint, warning=warning
            )
        )


def _hidden(
    document: Document, path: KeyPath, found: Sequence[TemplateConfig]
) -> Iterator[Problem]:
    """The last one, where those before it take all that it is for."""
    *before, last = found
    wanted = {(channel, reason) for channel in last.channels for reason in last.reasons}
    taken = {
        (channel, reason)
        for one in before
        if one.audience == last.audience
        for channel in one.channels
        for reason in one.reasons
    }
    if wanted and wanted <= taken:
        yield document.problem(
            path,
            "template/never",
            found=f"{last.name}, whose messages are all worded by those above it",
            expected="something that it is for",
            hint="the first template that fits wins: move it up, or narrow the others",
            warning=True,
        )
