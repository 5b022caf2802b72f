"""`recover_when`: the second, easier bound of a rule, in the detector's own parameters."""

from typing import Any

import msgspec

from sentinel.api import Params
from sentinel.config.document import Document
from sentinel.config.problem import Problem
from sentinel.config.schema import Rule
from sentinel.config.suggest import one_of
from sentinel.config.tagged import Tagged
from sentinel.config.validation import check, refused, schema_of
from sentinel.config.wording import Schema, alternatives
from sentinel.model.values import Duration, to_record

# What the signals are compared with is part of the state that both bounds judge.
_FIXED = ("of",)


def recovery_schema(params: type[Params]) -> Schema:
    """The parameters that may be eased. Spans of time may not: the rule's own states are judged
    again, and those hold as much history as the rule's own spans ask for."""
    schema = schema_of(params)
    eased = {key: item for key, item in schema["properties"].items() if _may_differ(key, item)}
    return {**schema, "properties": eased, "required": []}


def _may_differ(key: str, schema: Schema) -> bool:
    spans = any(branch.get("pattern") == Duration.pattern for branch in alternatives(schema))
    return key not in _FIXED and not spans


def read_recovery(document: Document, tagged: Tagged[Rule]) -> tuple[Params | None, list[Problem]]:
    """The rule's parameters with those of `recover_when` in their place; None without any."""
    eased = tagged.common.recover_when
    if not eased:
        return None, []
    path = (*tagged.path, "recover_when")
    params = tagged.plugin.Params
    schema = schema_of(params)
    allowed = recovery_schema(params)["properties"]
    if not allowed:
        return None, [_no_bound(document, tagged)]
    problems = check(document, path, {**schema, "required": []})
    for key in eased:
        if key in schema["properties"] and key not in allowed:
            problems.append(
                document.problem(
                    (*path, key),
                    "rule/recover-when",
                    found=f"the key {key}",
                    expected=one_of(allowed),
                    hint="the alert is judged by what the rule itself has kept: ease its bound",
                )
            )
    if problems:
        return None, problems
    own = {key: value for key, value in document.at(tagged.path).items() if _is_own(params, key)}
    try:
        merged = to_record(params, {**own, **eased})
    except msgspec.ValidationError as error:
        return None, [refused(document, path, schema, tagged.plugin.type, str(error))]
    except Exception as error:  # noqa: BLE001 - a plugin's own check of its parameters
        text = f"{type(error).__name__}: {error}"
        return None, [refused(document, path, schema, tagged.plugin.type, text)]
    return merged, [_without_effect(document, tagged)] if merged == tagged.params else []


def _is_own(params: Any, key: str) -> bool:
    return key in params.__struct_encode_fields__


def _no_bound(document: Document, tagged: Tagged[Rule]) -> Problem:
    return document.problem(
        (*tagged.path, "recover_when"),
        "rule/recover-when",
        found=f"recover_when for the detector {tagged.plugin.type}, which has no bound",
        expected="no such key",
        hint="keep_firing_for makes the alert last longer",
    )


def _without_effect(document: Document, tagged: Tagged[Rule]) -> Problem:
    return document.problem(
        (*tagged.path, "recover_when"),
        "rule/recover-without-effect",
        found="the rule's own parameters again",
        expected="easier ones, so that the alert lasts longer than its own bound says",
        hint="ease a bound, or leave recover_when out",
        warning=True,
    )
