"""What rules may run: checks `remediate` against the actions and probes that there are."""

from collections.abc import Iterator, Mapping, Sequence

from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ActionConfig, ProbeConfig, RuleConfig
from sentinel.config.names import unknown_name
from sentinel.config.problem import Problem
from sentinel.config.schema import Remediate
from sentinel.model.values import Duration

# How far back the runs of a rule are counted.
LONGEST = Duration(30 * 86_400.0)


def check_remedies(
    documents: Sequence[Document],
    rules: Sequence[RuleConfig],
    actions: Mapping[str, ActionConfig],
    probes: Sequence[ProbeConfig],
) -> Iterator[Problem]:
    """For the rules that are right in themselves."""
    remedies = {(one.file, one.line): one.remediate for one in rules if one.remediate}
    names = [probe.name for probe in probes]
    for document in documents:
        for index, _ in enumerate(document.items("rules")):
            remedy = remedies.get((document.file, document.line(("rules", index))))
            if remedy is not None:
                path = ("rules", index, "remediate")
                yield from _check_action(document, path, remedy, actions)
                yield from _check_lengths(document, path, remedy)
                yield from _check_proof(document, path, remedy, names)


def _check_action(
    document: Document, path: KeyPath, remedy: Remediate, actions: Mapping[str, ActionConfig]
) -> Iterator[Problem]:
    action = actions.get(remedy.action)
    if action is None:
        allowed = [one.name for one in actions.values() if one.allow_rules]
        yield unknown_name(document, (*path, "action"), "action", remedy.action, allowed)
    elif not action.allow_rules:
        yield document.problem(
            (*path, "action"),
            "remedy/not-allowed",
            found=f"the action {action.name}, which rules may not run",
            expected="an action with allow_rules: true",
            hint="set it in the main file if the action is safe to run while nobody looks on",
        )


def _check_lengths(document: Document, path: KeyPath, remedy: Remediate) -> Iterator[Problem]:
    yield from document.positive(path, within=remedy.within)
    if remedy.verify is not None:
        yield from document.positive((*path, "verify"), after=remedy.verify.after)
    for key in ("cooldown", "within", "after"):
        length: Duration = getattr(remedy, key)
        if length > LONGEST:
            yield document.problem(
                (*path, key),
                "remedy/too-long",
                found=str(length),
                expected=f"at most {LONGEST}: runs further back are not counted",
            )


def _check_proof(
    document: Document, path: KeyPath, remedy: Remediate, probes: Sequence[str]
) -> Iterator[Problem]:
    verify = remedy.verify
    if remedy.page == "after_remediation" and verify is None:
        yield document.problem(
            (*path, "page"),
            "remedy/unproven",
            found="page: after_remediation without verify",
            expected="verify: {after: …} beside it",
            hint="without a proof nobody would be told that the action did not help",
        )
    if verify is None or verify.probe is None:
        return
    if verify.probe not in probes:
        yield unknown_name(document, (*path, "verify", "probe"), "probe", verify.probe, probes)
