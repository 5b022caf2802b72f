"""Holds data against a JSON Schema made from records, and tells what is wrong in plain words:
every problem at once, each with its line."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import jsonschema
import msgspec
from msgspec import Struct

from sentinel.config.document import Document, KeyPath, plain
from sentinel.config.elsewhere import elsewhere
from sentinel.config.problem import Problem
from sentinel.config.secrecy import hide, is_secret, told
from sentinel.config.suggest import did_you_mean, nearest, one_of, show
from sentinel.config.unsupported import UNSUPPORTED
from sentinel.config.wording import Schema, alternatives, mend, words
from sentinel.model.values import Secret, schema_of_value, to_record

T = TypeVar("T", bound=Struct)

_PLAIN_TYPES = {"integer", "number", "boolean"}


# Bounded: each reload brings the types of changed plugins anew.
@lru_cache(maxsize=256)
def schema_of(record: type[Any]) -> Schema:
    """The JSON Schema of one record, its components under `$defs`. A secret is `writeOnly`.

    Made once for each type, as ten thousand contacts are read by the same: not to be changed.
    """
    (top,), components = msgspec.json.schema_components(
        [record], schema_hook=_schema_hook, ref_template="#/$defs/{name}"
    )
    return {**components[top["$ref"].rpartition("/")[2]], "$defs": components}


def _schema_hook(kind: type) -> dict[str, Any]:
    schema = schema_of_value(kind)
    return {**schema, "writeOnly": True} if issubclass(kind, Secret) else schema


def check(document: Document, path: KeyPath, schema: Schema) -> list[Problem]:
    """Every problem of the data that stands at `path`. Numbers and booleans that came from a
    reference, and so are text, are turned in place into what the schema asks for."""
    data = document.at(path)
    findings = _findings(schema, data)
    mended = [_mend_reference(document, path, finding) for finding in findings]
    if any(mended):
        findings = _findings(schema, data)
    telling = _Telling(document, path, schema.get("$defs", {}))
    # jsonschema reports a missing key once for each missing key, without its name as data.
    return list(dict.fromkeys(problem for finding in findings for problem in telling.of(finding)))


def read_record(
    document: Document, path: KeyPath, record: type[T]
) -> tuple[T | None, list[Problem]]:
    """The data at `path` as a record, and every problem of it.

    Where keys are wrong there may be a record without them all the same, so that what else is
    wrong is told at once: no configuration is made of it.
    """
    schema = schema_of(record)
    problems = check(document, path, schema)
    data = sound_part(schema, document.at(path)) if problems else document.at(path)
    if data is None:
        return None, problems
    try:
        return to_record(record, data), problems
    except msgspec.ValidationError as error:
        # What the schema can't say, such as two keys that exclude each other.
        inner, text = _placed(path, str(error))
        own = [refused(document, path, schema, "this section", text, at=inner)]
        return None, problems or own


def sound_part(schema: Schema, data: Any) -> dict[str, Any] | None:
    """The keys of a mapping in which nothing is wrong; None where one that must be there is
    missing or wrong."""
    if not isinstance(data, dict):
        return None
    wrong = {finding.path[0] for finding in _findings(schema, data) if finding.path}
    known = schema.get("properties", {})
    sound = {key: item for key, item in data.items() if key in known and key not in wrong}
    return sound if set(schema.get("required", ())) <= sound.keys() else None


def refused(
    document: Document,
    path: KeyPath,
    schema: Schema,
    who: str,
    text: str,
    *,
    at: KeyPath | None = None,
) -> Problem:
    """Values that are right one by one, and wrong together. `text` says why, and `at` is where in
    the mapping, if that is known better."""
    secret_keys = frozenset(
        key
        for key, item in schema["properties"].items()
        if any(branch.get("writeOnly") for branch in alternatives(item))
    )
    said = hide(document, document.at(path), text, secret_keys)
    place = path if at is None else at
    about = _ABOUT.fullmatch(said)
    if about is not None and at is None and about["key"] in schema["properties"]:
        place, said = (*path, about["key"]), about["rest"]
    told = _EXPECTED.fullmatch(said) or _FOUND.fullmatch(said)
    if told is not None:
        return document.problem(
            place, "config/refused", found=told["found"], expected=told["expected"]
        )
    return document.problem(
        place,
        "config/refused",
        found=f"{'values' if place == path else 'a value'} that {who} refuses",
        expected=said.removeprefix("expected "),
    )


# How parameters say what is wrong with them: `key: expected …, found …`, in any order.
_ABOUT = re.compile(r"`?(?P<key>\w+)`?: (?P<rest>.+)", re.DOTALL)
_EXPECTED = re.compile(r"expected (?P<expected>.+), found (?P<found>.+)", re.DOTALL)
_FOUND = re.compile(r"found (?P<found>.+?), expected (?P<expected>.+)", re.DOTALL)
_AT = re.compile(r" - at `\$((?:\.\w+|\[\d+\])*)[^`]*`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def _placed(path: KeyPath, text: str) -> tuple[KeyPath, str]:
    """The place that msgspec names at the end of its reason, and the reason without it."""
    found = _AT.search(text)
    if found is None:
        return path, text
    steps = (key or int(number) for key, number in _STEP.findall(found[1]))
    return (*path, *steps), text[: found.start()]


class _Finding(Struct, frozen=True):
    """One failed keyword of a schema. With `of_key`, the key itself is `value`."""

    path: KeyPath
    value: Any
    keyword: str
    schema: Schema
    of_key: bool


def _findings(schema: Schema, data: Any) -> list[_Finding]:
    return list(_flattened(_Draft(schema).iter_errors(data)))


def _flattened(errors: Iterable[Any]) -> Iterator[_Finding]:
    """For a value that may also be left empty, the findings of its one real alternative; for a
    mapping, those of the one alternative that is a mapping."""
    for error in errors:
        meant = _meant(error) if error.validator == "anyOf" else None
        if meant is not None:
            yield from _flattened(meant)
        else:
            yield _Finding(
                tuple(error.absolute_path),
                error.instance,
                error.validator,
                error.schema,
                "propertyNames" in error.absolute_schema_path,
            )


def _meant(error: Any) -> list[Any] | None:
    """What is wrong by the only alternative that can have been meant; None where there are
    several."""
    branches = error.schema["anyOf"]
    kept = [branches.index(one) for one in alternatives(error.schema)]
    by_branch = {
        index: [one for one in error.context if one.relative_schema_path[0] == index]
        for index in kept
    }
    if len(kept) > 1 and isinstance(error.instance, dict):
        kept = [index for index in kept if not any(map(_of_another_type, by_branch[index]))]
    return by_branch[kept[0]] if len(kept) == 1 else None


def _of_another_type(error: Any) -> bool:
    return error.validator == "type" and not error.relative_path


def _is_integer(_: Any, value: Any) -> bool:
    # JSON Schema takes 5.0 for an integer; the records do not.
    return isinstance(value, int) and not isinstance(value, bool)


_types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
_Draft: Any = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator, type_checker=_types
)


def _mend_reference(document: Document, base: KeyPath, finding: _Finding) -> bool:
    path = (*base, *finding.path)
    if path not in document.references or finding.schema.get("type") not in _PLAIN_TYPES:
        return False
    value = plain(finding.value) if isinstance(finding.value, str) else finding.value
    if isinstance(value, str) or not path:
        return False
    document.at(path[:-1])[path[-1]] = value
    return value is not finding.value


class _Telling:
    def __init__(self, document: Document, base: KeyPath, definitions: Schema) -> None:
        self.document = document
        self.base = base
        self.definitions = definitions

    def of(self, finding: _Finding) -> Iterator[Problem]:
        path = (*self.base, *finding.path)
        if finding.of_key:
            yield self._bad_key(finding, path)
        elif finding.keyword == "additionalProperties":
            yield from self._unknown_keys(finding, path)
        elif finding.keyword == "required":
            yield from self._missing_keys(finding, path)
        else:
            yield self._bad_value(finding, path)

    def _unknown_keys(self, finding: _Finding, path: KeyPath) -> Iterator[Problem]:
        known, record = finding.schema.get("properties", {}), finding.schema.get("title", "")
        unsupported = UNSUPPORTED.get(record, {})
        for key in finding.value:
            if key in unsupported:
                yield self.document.problem(
                    (*path, key),
                    "config/unsupported",
                    found=f"the key {key}",
                    expected="no such key: it is not supported by this version",
                    hint=unsupported[key] or "take it out",
                )
            elif key not in known:
                yield self.document.problem(
                    (*path, key),
                    "config/unknown-key",
                    found=f"the key {show(key)}",
                    expected=one_of(sorted(known)) if known else "no keys here",
                    hint=elsewhere(record, key) or did_you_mean(key, known),
                )

    def _missing_keys(self, finding: _Finding, path: KeyPath) -> Iterator[Problem]:
        known = finding.schema.get("properties", {})
        extra = [key for key in finding.value if key not in known]
        for key in finding.schema["required"]:
            if key not in finding.value:
                near = nearest(key, extra)
                yield self.document.problem(
                    path,
                    "config/missing-key",
                    found=f"no key {key}",
                    expected=f"{key}: {words(known.get(key, {}), self.definitions)}",
                    hint=f"is {show(near)} meant to be {key}?" if near else "",
                )

    def _bad_key(self, finding: _Finding, path: KeyPath) -> Problem:
        return self.document.problem(
            (*path, finding.value),
            "config/bad-name",
            found=f"the name {show(finding.value)}",
            expected=words(finding.schema, self.definitions),
        )

    def _bad_value(self, finding: _Finding, path: KeyPath) -> Problem:
        branches = alternatives(finding.schema)
        secret = any(branch.get("writeOnly") for branch in branches)
        quiet = secret or is_secret(path) or path in self.document.references
        wrong_type = finding.keyword in ("type", "anyOf", "oneOf")
        found = told(self.document, path, finding.value, secret=secret)
        if finding.keyword in ("minItems", "maxItems"):
            found = f"a list of {len(finding.value)}" if finding.value else "an empty list"
        return self.document.problem(
            path,
            "config/wrong-type" if wrong_type else "config/wrong-value",
            found=found,
            expected=words(finding.schema, self.definitions),
            hint=self._hint(finding, quiet=quiet),
        )

    def _hint(self, finding: _Finding, *, quiet: bool) -> str:
        if not quiet:
            return mend(finding.value, finding.schema)
        number = isinstance(finding.value, int | float)
        types = {branch.get("type") for branch in alternatives(finding.schema)}
        return "put it in quotes" if number and "string" in types else ""
