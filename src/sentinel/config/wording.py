"""What a JSON Schema asks for, in words, and how a wrong value may be mended."""

import re
from collections.abc import Mapping
from typing import Any

from sentinel.config.document import plain
from sentinel.config.schema import LISTEN, URL
from sentinel.config.schema_broadcasts import PUBLISH
from sentinel.config.schema_status import COLOUR
from sentinel.config.section import FIELD, LABEL, NAME
from sentinel.config.suggest import did_you_mean, one_of, show
from sentinel.model.values import Duration, Size

Schema = Mapping[str, Any]

PATTERNS = {
    Duration.pattern: Duration.expected,
    Size.pattern: Size.expected,
    NAME: "a name of letters, digits, _ . and -, at most 100",
    LABEL: "a name of letters, digits and _, not beginning with a digit",
    FIELD: "a label or a field, of letters, digits, _ . and -",
    LISTEN: "an address and a port such as 127.0.0.1:8420",
    PUBLISH: "auto, draft, or hold and a duration such as hold 10m",
    COLOUR: "a colour such as #17507f",
    URL: "an address such as https://sentinel.example.com, without user and query",
}
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}
_ADDRESS = "^https?://"
_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def alternatives(schema: Schema) -> list[Schema]:
    """The schemas that a value may meet, without "nothing"."""
    branches = schema.get("anyOf", [schema])
    return [branch for branch in branches if branch.get("type") != "null"]


def words(schema: Schema, definitions: Schema) -> str:
    """What the schema asks for."""
    if "$ref" in schema:
        return words(definitions.get(schema["$ref"].rpartition("/")[2], {}), definitions)
    if "enum" in schema:
        return one_of(str(choice) for choice in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        texts = [words(branch, definitions) for branch in alternatives(schema)]
        return " or ".join(dict.fromkeys(texts))
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        return f"{_list_words(schema)}, each {words(schema['items'], definitions)}"
    return _plain_words(schema)


def _list_words(schema: Schema) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if most is None:
        return "a list that is not empty" if least == 1 else "a list"
    if least == most:
        return f"a list of {most}"
    return f"a list of {least} to {most}" if least else f"a list of at most {most}"


def _plain_words(schema: Schema) -> str:
    match schema.get("type"):
        case "integer" | "number" as kind:
            noun = "a whole number" if kind == "integer" else "a number"
            bounds = [
                f"{word} {show(schema[key])}" for key, word in _BOUNDS.items() if key in schema
            ]
            return f"{noun} {' and '.join(bounds)}" if bounds else noun
        case "boolean":
            return "true or false"
        case "array":
            return "a list"
        case "object":
            return "a mapping (key: value)"
        case "null":
            return "nothing"
    return _text_words(schema)


def _text_words(schema: Schema) -> str:
    pattern, least, most = (schema.get(key) for key in ("pattern", "minLength", "maxLength"))
    if pattern:
        return pattern_words(schema)
    if least and most:
        return f"text of {least} to {most} characters"
    if most:
        return f"text of at most {most} characters"
    if least:
        return "text that is not empty" if least == 1 else f"text of at least {least} characters"
    return "text"


def pattern_words(schema: Schema) -> str:
    """Of text that has a pattern. Few people read those: an example says more."""
    pattern = schema["pattern"]
    if pattern in PATTERNS:
        return PATTERNS[pattern]
    examples = " or ".join(str(example) for example in schema.get("examples", ()))
    return f"text such as {examples}" if examples else f"text that matches {pattern}"


def mend(value: Any, schema: Schema) -> str:
    """How this value would have to be written, where that can be guessed. The value shows."""
    if not isinstance(value, str | int | float):
        return ""
    branches = alternatives(schema)
    types = {branch.get("type") for branch in branches}
    choices = [str(choice) for branch in branches for choice in branch.get("enum", ())]
    if isinstance(value, str) and choices:
        return did_you_mean(value, choices)
    if any(branch.get("pattern") == Duration.pattern for branch in branches):
        return _mend_duration(str(value))
    if any(branch.get("pattern") == Size.pattern for branch in branches):
        return f"add a unit: {value}KB" if re.fullmatch(r"[0-9]+", str(value)) else ""
    if any(str(branch.get("pattern")).startswith(_ADDRESS) for branch in branches):
        return "" if "://" in str(value) else "begin it with https:// or http://"
    if "string" in types and not isinstance(value, str):
        return f'put it in quotes: "{show(value)}"'
    if "boolean" in types and isinstance(value, str):
        return mend_boolean(value)
    if types & {"integer", "number"} and isinstance(value, str):
        return "" if isinstance(plain(value), str) else f"write {value} without quotes"
    if "array" in types:
        return f"write it as a list: [{value}]"
    return ""


def mend_boolean(text: str) -> str:
    word = _BOOLEANS.get(text.lower(), text.lower())
    return f"write {word}, without quotes" if word in ("true", "false") else ""


def _mend_duration(text: str) -> str:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return f"add a unit: {text}s"
    # "5 min", "2 hours", "10 Seconds": the first letter is the unit.
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)[a-z]*", text.strip(), re.IGNORECASE)
    return f"write {match[1]}{match[2].lower()}" if match else ""
