"""Escalations: reads them, and finds out whom each step really reaches."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ChannelConfig, EscalationConfig, StepConfig
from sentinel.config.names import Names, unknown_name
from sentinel.config.problem import Problem
from sentinel.config.schema import Escalation, Step
from sentinel.config.suggest import one_of, show
from sentinel.config.validation import read_record
from sentinel.model.delivery import Recipient

_LATER = ("schedule", "team")


class Reach(Struct, frozen=True):
    """Who can be reached where. `named` are all channels, with those that are wrong in
    themselves: nobody is called unreachable for these."""

    channels: Mapping[str, ChannelConfig]
    named: frozenset[str]
    people: Mapping[str, Mapping[str, str]]

    @property
    def whole(self) -> bool:
        return self.named == self.channels.keys()

    @property
    def address_keys(self) -> set[str]:
        return {channel.address for channel in self.channels.values() if channel.address}

    def person(self, name: str, by: tuple[str, ...]) -> tuple[Recipient, ...]:
        """The person's addresses on the channels asked for, or on all. A channel that stands
        in for another one of them is left to do that."""
        addresses = self.people[name]
        usable = [c for c in self.channels.values() if c.address and c.address in addresses]
        if by:
            chosen = [c for c in usable if c.name in by or c.address in by]
        else:
            stand_ins = {channel.fallback for channel in usable}
            chosen = [c for c in usable if c.name not in stand_ins] or usable
        return tuple(Recipient(c.name, addresses[c.address or ""], name) for c in chosen)


def read_escalations(
    documents: Sequence[Document], reach: Reach, names: Names
) -> tuple[dict[str, EscalationConfig], list[Problem]]:
    """Those that are right in themselves, by name. The schema's own problems are not told."""
    escalations: dict[str, EscalationConfig] = {}
    problems: list[Problem] = []
    for document in documents:
        for index, item in enumerate(document.items("escalations")):
            path = ("escalations", index)
            if isinstance(item, dict):
                problems += names.add(document, (*path, "name"), item.get("name"))
            record, _ = read_record(document, path, Escalation)
            if record:
                escalation, found = _read(document, path, record, reach)
                escalations.setdefault(record.name, escalation)
                problems += found
    return escalations, problems


def _read(
    document: Document, path: KeyPath, record: Escalation, reach: Reach
) -> tuple[EscalationConfig, list[Problem]]:
    reading = _Reading(document, reach)
    steps = [reading.step((*path, "steps", index), step) for index, step in enumerate(record.steps)]
    escalation = EscalationConfig(
        name=record.name, steps=tuple(steps), file=document.file, line=document.line(path)
    )
    return escalation, reading.problems


class _Reading:
    def __init__(self, document: Document, reach: Reach) -> None:
        self.document = document
        self.reach = reach
        self.problems: list[Problem] = []

    def step(self, path: KeyPath, step: Step) -> StepConfig:
        by = (step.by,) if isinstance(step.by, str) else tuple(step.by or ())
        self.problems += self._check_by(path, by)
        recipients: dict[Recipient, None] = {}
        notify: list[str] = []
        for index, target in enumerate(step.notify):
            named = self._target((*path, "notify", index), target)
            if named:
                notify.append(":".join(named))
                recipients |= dict.fromkeys(self._reached((*path, "notify", index), *named, by))
        return StepConfig(
            after=float(step.after), notify=tuple(notify), by=by, recipients=tuple(recipients)
        )

    def _check_by(self, path: KeyPath, by: tuple[str, ...]) -> Iterator[Problem]:
        known = self.reach.named | self.reach.address_keys
        for name in by:
            if name not in known and self.reach.whole:
                yield unknown_name(
                    self.document, (*path, "by"), "channel or address key", name, known
                )

    def _target(self, path: KeyPath, target: str) -> tuple[str, str] | None:
        """The kind and name of whom `notify` names; None where that is told as a problem."""
        kind, colon, name = target.partition(":")
        if not colon:
            return self._bare(path, target)
        if kind in _LATER:
            self._tell(
                path,
                "config/unsupported",
                f"{kind}:{name}",
                f"person:NAME or channel:NAME; a {kind} is not supported by this version",
                "name the people",
            )
            return None
        names = {"person": self.reach.people, "channel": self.reach.named}.get(kind)
        if names is None:
            expected = "person:NAME or channel:NAME"
            self._tell(path, "escalation/target", show(target), expected)
            return None
        if name not in names:
            self.problems.append(unknown_name(self.document, path, kind, name, names))
            return None
        return kind, name

    def _bare(self, path: KeyPath, name: str) -> tuple[str, str] | None:
        is_person, is_channel = name in self.reach.people, name in self.reach.named
        if is_person and is_channel:
            expected = f"person:{name} or channel:{name}"
            self._tell(path, "escalation/target", f"{show(name)}, which is both", expected)
            return None
        if not is_person and not is_channel:
            known = {*self.reach.people, *self.reach.named}
            self.problems.append(
                unknown_name(self.document, path, "person or channel", name, known)
            )
            return None
        return ("person" if is_person else "channel"), name

    def _reached(
        self, path: KeyPath, kind: str, name: str, by: tuple[str, ...]
    ) -> tuple[Recipient, ...]:
        if kind == "channel":
            return self._channel(path, name)
        recipients = self.reach.person(name, by)
        if not recipients and self.reach.whole:
            keys = sorted(self.reach.address_keys)
            over = f" over {', '.join(by)}" if by else ""
            self._tell(
                path,
                "escalation/unreachable",
                f"person {name}, whom no channel can reach{over}",
                f"an address: {one_of(keys)}" if keys else "a channel that sends to people",
                f"add the address to people.{name}" if keys else "add one under channels",
            )
        return recipients

    def _channel(self, path: KeyPath, name: str) -> tuple[Recipient, ...]:
        channel = self.reach.channels.get(name)
        if channel and channel.address:
            self._tell(
                path,
                "escalation/no-address",
                f"channel {name}, which does not know whom to send to",
                f"a person with {channel.address}",
                f"notify: [person:…], by: {name}",
            )
            return ()
        return (Recipient(name),) if channel else ()

    def _tell(self, path: KeyPath, id: str, found: str, expected: str, hint: str = "") -> None:
        problem = self.document.problem(path, id, found=found, expected=expected, hint=hint)
        self.problems.append(problem)
