"""Words for problems: how values, choices and near misses are written."""

import difflib
from collections.abc import Iterable
from typing import Any

_LONGEST = 80
_MOST = 20


def show(value: Any) -> str:
    """A value as its reader knows it from the YAML, cut short."""
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return shape(value)


def shape(value: Any) -> str:
    """What sort of value it is, without the value."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping"


def one_of(choices: Iterable[str]) -> str:
    names = list(choices)
    shown = ", ".join(names[:_MOST]) + (", …" if len(names) > _MOST else "")
    return shown if len(names) == 1 else f"one of {shown}"


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant. Case and the sort of dash do not count."""
    by_plain = {_plain(choice): choice for choice in choices}
    close = difflib.get_close_matches(_plain(word)[:_LONGEST], by_plain, n=1, cutoff=0.6)
    return by_plain[close[0]] if close else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A hint, empty where nothing is near."""
    meant = nearest(word, choices)
    return f"did you mean {meant}?" if meant else ""


def flow(value: Any) -> str:
    """A value as it would be written in YAML, on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def quoted(value: Any) -> str:
    """A hint for what must be text and is a number or a boolean; empty for anything else."""
    plain = isinstance(value, bool | int | float)
    return f'put it in quotes: "{show(value)}"' if plain else ""


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")
