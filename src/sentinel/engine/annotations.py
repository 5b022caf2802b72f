"""Fills the placeholders of a rule's annotations: `{tenant}: {count} errors in {timeframe}`."""

import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_LONGEST = 2_000


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A placeholder that has no value stays as it was written, to be seen and mended.

    Values come from hostile signals: they are put in as text, never read as a template.
    """

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None:
            return match[0]
        return f"{value:.6g}" if type(value) is float else str(value)

    return _PLACEHOLDER.sub(value_of, template)[:_LONGEST]
