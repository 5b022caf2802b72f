"""`of`: the signals that a rule takes a share of."""

from collections.abc import Iterator

import msgspec

from sentinel.api import Params, Population
from sentinel.config.conditions import check_field, check_where
from sentinel.config.document import Document
from sentinel.config.problem import Problem
from sentinel.config.schema import Rule
from sentinel.config.suggest import one_of
from sentinel.config.tagged import Tagged


def population_of(params: Params) -> Population:
    """All signals of the rule's kind where `of` says nothing else."""
    return getattr(params, "of", None) or Population()


def with_plain_kind(params: Params, kind: str) -> Params:
    """`on` of the rule's own kind is the same as none: detectors need to know one form alone."""
    of = getattr(params, "of", None)
    if not isinstance(of, Population) or of.on != kind:
        return params
    return msgspec.structs.replace(params, of=msgspec.structs.replace(of, on=None))


def check_population(document: Document, tagged: Tagged[Rule]) -> Iterator[Problem]:
    rule, path = tagged.common, (*tagged.path, "of")
    if not tagged.plugin.compares or document.get(path) is None:
        return
    of = population_of(tagged.params)
    kind = of.on or rule.on
    if kind not in tagged.plugin.kinds:
        yield document.problem(
            (*path, "on"),
            "rule/kind",
            found=f"{kind} signals for the detector {rule.type}",
            expected=one_of(sorted(tagged.plugin.kinds)),
        )
    if of.where:
        yield from check_where(document, (*path, "where"), kind)
    if kind != rule.on:
        for index, name in enumerate(rule.by):
            # The rule's own kind is looked at with the rule.
            yield from check_field(document, (*tagged.path, "by", index), kind, name)
