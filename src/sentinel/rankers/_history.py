"""What happened in similar incidents before speaks for what was at the bottom of them."""

import re
from collections.abc import Iterable, Iterator, Sequence

from sentinel.api import Candidate, Change, Evidence, Past
from sentinel.rankers._reason import Reason

_WORD = re.compile(r"\w+")
_TAKEN_BACK = ("rollback", "rolled back", "roll back", "revert", "reverted", "took back")
_SHORTEST = 4


def reasons_from(evidence: Evidence, one: Candidate) -> Iterator[Reason]:
    """Further reasons for a candidate."""
    yield from _was_the_root(evidence, one)
    yield from _was_the_fix(evidence, one)


def _was_the_root(evidence: Evidence, one: Candidate) -> Iterator[Reason]:
    """Of incidents with the same code at their root it says nothing new."""
    codes = {own.code for own in evidence.own if own.code}
    alike = [past for past in evidence.past if codes & {*past.codes}]
    if one.kind != "code" or one.own or not alike:
        return
    count = sum(past.code == one.name for past in alike)
    if count:
        text = f"it was the cause in {count} of {len(alike)} similar incidents before"
        yield Reason(0.5 * count / len(alike), text)


def _was_the_fix(evidence: Evidence, one: Candidate) -> Iterator[Reason]:
    fixed = [past for past in evidence.past if past.fix]
    names = _names_of(evidence, one)
    by_it = [past for past in fixed if past.fix and _tells_of(past.fix, names)]
    if not by_it:
        return
    held = sum(past.held is True for past in by_it)
    if len(fixed) == 1:
        text = "mending it is what helped last time" + (", and that held" if held else "")
    else:
        text = f"mending it is what helped {len(by_it)} of {len(fixed)} times before"
        text += f", and that held {_count(held, len(by_it))}" if held else ""
    yield Reason(0.6 * _worth(by_it) / len(fixed), text)


def _count(held: int, all: int) -> str:
    return "each time" if held == all else f"{held} of {all} times"


def _worth(fixes: Sequence[Past]) -> float:
    """A fix that did not hold was none."""
    return sum({True: 1.0, None: 0.7, False: 0.2}[past.held] for past in fixes)


def _names_of(evidence: Evidence, one: Candidate) -> list[str]:
    """The words by which a person would name it."""
    if one.kind == "code":
        first = one.name.partition("_")[0]
        return [one.name, *([first] if len(first) >= _SHORTEST else [])]
    if one.kind == "component":
        return [one.name]
    change = next((made for made in evidence.changes if made.title == one.name), None)
    return [] if change is None else [*_names_of_change(change), *_TAKEN_BACK]


def _names_of_change(change: Change) -> Iterator[str]:
    yield change.kind
    yield from filter(None, (change.service, change.component))


def _tells_of(text: str, names: Iterable[str]) -> bool:
    """Whether one of them stands in the text as whole words."""
    words = f" {' '.join(_WORD.findall(text.casefold()))} "
    return any(f" {' '.join(_WORD.findall(name.casefold()))} " in words for name in names if name)
