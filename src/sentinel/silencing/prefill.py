"""Matchers that meet given alerts, to begin a silence with."""

import re
from collections.abc import Sequence

from sentinel.intelligence.untrusted import visible
from sentinel.model.alert import Alert

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")
_MOST_VALUES = 10


def matchers_for(alerts: Sequence[Alert]) -> list[str]:
    """One for each label that all of the alerts have. Of labels whose values differ, those with
    few values are met by an alternation and the others are left out; so are values with
    characters that can't be seen, which nobody could check."""
    if not alerts:
        return []
    found = []
    for name in alerts[0].labels:
        values = list(dict.fromkeys(alert.labels.get(name, "") for alert in alerts))
        usable = all(value and visible(value) == value for value in values)
        if not usable or not _NAME.fullmatch(name) or len(values) > _MOST_VALUES:
            continue
        if len(values) == 1:
            found.append(f"{name}={_quoted(values[0])}")
        else:
            found.append(f"{name}=~{_quoted('|'.join(map(_literal, values)))}")
    return found


def _literal(value: str) -> str:
    return _SPECIAL.sub(r"\\\1", value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
