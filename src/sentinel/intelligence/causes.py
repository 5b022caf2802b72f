"""What several rankers say, as one list: the most probable cause first, each with its confidence
in a word and its reasons."""

from collections.abc import Iterable, Sequence
from math import isfinite

from msgspec.structs import replace

from sentinel.intelligence.untrusted import one_line
from sentinel.model.cause import Candidate, Confidence

MOST = 5
LIKELY, POSSIBLE = 0.65, 0.35
_WEAKEST = 0.1
_MOST_REASONS = 5
_TEXT = 300


def combine(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The likeliest five. What several rankers name counts for more, as their reasons are taken
    for independent; a score that is no number is left out."""
    merged: dict[tuple[str, str], Candidate] = {}
    for one in found:
        if not isfinite(one.score):
            continue
        one = _bounded(one)
        before = merged.get((one.kind, one.name))
        merged[one.kind, one.name] = one if before is None else _both(before, one)
    ranked = sorted(merged.values(), key=lambda one: (-one.score, not one.own, one.kind, one.name))
    return tuple(_judged(one) for one in ranked if one.score >= _WEAKEST)[:MOST]


def suspect(candidates: Sequence[Candidate]) -> Candidate | None:
    """What people should be told of: a likely cause that is not what the incident is called by
    anyway. It is ahead of all others, or a change: that may be behind the cause itself."""
    likely = [one for one in candidates if one.confidence == "likely" and not one.own]
    return next((one for one in likely if one is candidates[0] or one.kind == "change"), None)


def because(one: Candidate) -> str:
    """A candidate in one sentence without its full stop."""
    return f"{one.name}: {one.reasons[0]}" if one.reasons else one.name


def _bounded(one: Candidate) -> Candidate:
    return replace(
        one,
        name=one_line(one.name, _TEXT),
        title=one_line(one.title, _TEXT),
        score=min(1.0, max(0.0, one.score)),
        reasons=tuple(one_line(text, _TEXT) for text in one.reasons[:_MOST_REASONS]),
    )


def _both(one: Candidate, other: Candidate) -> Candidate:
    return replace(
        one,
        title=one.title or other.title,
        score=1.0 - (1.0 - one.score) * (1.0 - other.score),
        reasons=tuple(dict.fromkeys((*one.reasons, *other.reasons)))[:_MOST_REASONS],
        own=one.own or other.own,
        reported=one.reported or other.reported,
        url=one.url or other.url,
    )


def _judged(one: Candidate) -> Candidate:
    score = round(one.score, 3)
    word: Confidence = "weak"
    if score >= LIKELY:
        word = "likely"
    elif score >= POSSIBLE:
        word = "possible"
    return replace(one, score=score, confidence=word)
