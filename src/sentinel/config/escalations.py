"""Escalations: reads them, and finds out whom each step really reaches."""

from collections.abc import Iterator, Sequence

from sentinel.config.document import Document, KeyPath
from sentinel.config.model import EscalationConfig, OnCallConfig, StepConfig
from sentinel.config.names import Names, unknown_name
from sentinel.config.problem import Problem
from sentinel.config.reach import Reach, people_of
from sentinel.config.schema_people import Escalation, Step
from sentinel.config.suggest import did_you_mean, one_of, show
from sentinel.config.validation import read_record
from sentinel.model.delivery import Recipient

_FORMS = "person:NAME, team:NAME, schedule:NAME or channel:NAME"


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
    reading = StepReader(document, reach)
    steps = [reading.step((*path, "steps", index), step) for index, step in enumerate(record.steps)]
    timeout = record.ack_timeout
    escalation = EscalationConfig(
        name=record.name,
        steps=tuple(steps),
        repeat=record.repeat,
        ack_timeout=None if timeout is None else float(timeout),
        file=document.file,
        line=document.line(path),
    )
    return escalation, [*reading.problems, *document.positive(path, ack_timeout=timeout)]


class StepReader:
    """`problems` are those of all steps that were read."""

    def __init__(self, document: Document, reach: Reach) -> None:
        self.document = document
        self.reach = reach
        self.problems: list[Problem] = []

    def step(self, path: KeyPath, step: Step) -> StepConfig:
        by = (step.by,) if isinstance(step.by, str) else tuple(step.by or ())
        self.problems += self._check_by(path, by)
        recipients: dict[Recipient, None] = {}
        on_call: list[OnCallConfig] = []
        notify: list[str] = []
        for index, target in enumerate(step.notify):
            here = (*path, "notify", index)
            named = self._target(here, target)
            if named is None:
                continue
            kind, name = named
            notify.append(f"{kind}:{name}")
            if kind == "channel":
                recipients |= dict.fromkeys(self._channel(here, name))
                continue
            reached = self._people(here, kind, name, by)
            if kind == "schedule":
                # Whoever is not in its layers may still stand in for somebody who is.
                everyone = {one: self.reach.person(one, by) for one in self.reach.people}
                on_call.append(OnCallConfig(schedule=name, reach=everyone))
            else:
                recipients |= dict.fromkeys(r for found in reached.values() for r in found)
        return StepConfig(
            after=float(step.after),
            notify=tuple(notify),
            by=by,
            recipients=tuple(recipients),
            on_call=tuple(on_call),
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
        names = self.reach.targets.get(kind)
        if names is None:
            hint = did_you_mean(kind, self.reach.targets)
            self._tell(path, "escalation/target", show(target), _FORMS, hint)
            return None
        if name not in names:
            self.problems.append(unknown_name(self.document, path, kind, name, names))
            return None
        return kind, name

    def _bare(self, path: KeyPath, name: str) -> tuple[str, str] | None:
        targets = self.reach.targets
        kinds = [kind for kind, names in targets.items() if name in names]
        if len(kinds) > 1:
            expected = " or ".join(f"{kind}:{name}" for kind in kinds)
            found = f"{show(name)}, which is {'both' if len(kinds) == 2 else 'several'}"
            self._tell(path, "escalation/target", found, expected)
            return None
        if not kinds:
            known = {known for names in targets.values() for known in names}
            what = "person, team, schedule or channel"
            self.problems.append(unknown_name(self.document, path, what, name, known))
            return None
        return kinds[0], name

    def _people(
        self, path: KeyPath, kind: str, name: str, by: tuple[str, ...]
    ) -> dict[str, tuple[Recipient, ...]]:
        """Over what the step reaches each of those who are meant."""
        people: tuple[str, ...] = (name,)
        if kind == "team":
            people = self.reach.teams[name].people
        elif kind == "schedule":
            schedule = self.reach.schedules.get(name)
            people = people_of(schedule.schedule) if schedule else ()
        # A person who does not exist was told where the name stands.
        known = [person for person in people if person in self.reach.people]
        found = {person: self.reach.person(person, by) for person in known}
        lost = [person for person, recipients in found.items() if not recipients]
        if self.reach.whole and lost:
            all_lost = len(lost) == len(known)
            what = f"{kind} {name}" if all_lost else f"{', '.join(lost)} of {kind} {name}"
            self._unreachable(path, what, lost, by, warning=not all_lost)
        return found

    def _unreachable(
        self, path: KeyPath, what: str, lost: list[str], by: tuple[str, ...], *, warning: bool
    ) -> None:
        keys = sorted(self.reach.address_keys)
        over = f" over {', '.join(by)}" if by else ""
        places = ", ".join(f"people.{name}" for name in lost)
        self._tell(
            path,
            "escalation/person-unreachable" if warning else "escalation/unreachable",
            f"{what}, whom no channel can reach{over}",
            f"an address: {one_of(keys)}" if keys else "a channel that sends to people",
            f"add the address to {places}" if keys else "add one under channels",
            warning=warning,
        )

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

    def _tell(
        self,
        path: KeyPath,
        id: str,
        found: str,
        expected: str,
        hint: str = "",
        *,
        warning: bool = False,
    ) -> None:
        problem = self.document.problem(
            path, id, found=found, expected=expected, hint=hint, warning=warning
        )
        self.problems.append(problem)
