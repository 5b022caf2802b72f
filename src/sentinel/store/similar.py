"""Incidents of the past that are like one of today: by the same root, codes and places, and by the
words that they share (SQLite's full-text index, ranked by BM25)."""

import re
import sqlite3
from collections.abc import Iterable

from sentinel.model.alert import Incident
from sentinel.model.resolution import Similar
from sentinel.store import past, resolutions
from sentinel.store.past import Picture

_MOST_READ = 60
_MOST_WORDS = 40
_SHORTEST = 3
# Some word is shared by most incidents; alone that is no likeness.
_LEAST = 1.0
_SAME_ROOT, _SAME_ERROR, _CODES, _PLACES, _CAUSE, _WORDS = 3.0, 2.0, 2.0, 1.0, 1.0, 2.0
_WORD = re.compile(r"[^\W_]+")


def find(conn: sqlite3.Connection, incident: Incident, now: float, limit: int = 5) -> list[Similar]:
    """Those that had ended when it was opened, the most similar first, of equals the latest."""
    wanted = past.picture_of(conn, incident)
    if not wanted.rule:
        return []
    words = _words_of(wanted)
    ranks = _ranked(conn, words)
    best = min(ranks.values(), default=0.0)
    found = []
    for number in {*_with_same_root(conn, wanted), *ranks}:
        other = past.get(conn, number)
        if other is None or other.id == incident.id or not other.rule or other.resolved is None:
            continue
        if other.resolved > incident.opened:
            continue
        likeness = ranks.get(number, 0.0) / best if best else 0.0
        shared = len(words & _words_of(other)) / max(1, len(words))
        score, same = _compare(wanted, other, likeness * shared)
        if score >= _LEAST:
            found.append((score, other, same))
    found.sort(key=lambda one: (-one[0], -one[1].opened, -one[1].id))
    return [
        _similar(conn, other, score, same, recurs=_is_same_root(wanted, other), now=now)
        for score, other, same in found[:limit]
    ]


def _ranked(conn: sqlite3.Connection, words: set[str]) -> dict[int, float]:
    """Numbers of incidents that share words, with SQLite's `bm25()`: the lower the better."""
    if not words:
        return {}
    # Between quotes nothing is read as an operator.
    query = " OR ".join(f'"{word}"' for word in sorted(words)[:_MOST_WORDS])
    rows = conn.execute(
        "SELECT rowid, bm25(past_words, 2.0, 3.0, 2.0, 2.0, 1.0, 0.5) AS rank FROM past_words"
        " WHERE past_words MATCH ? ORDER BY rank LIMIT ?",
        (query, _MOST_READ),
    )
    return {row[0]: row[1] for row in rows}


def _with_same_root(conn: sqlite3.Connection, wanted: Picture) -> list[int]:
    column, value = past.root_of(wanted)
    rows = conn.execute(
        f"SELECT id FROM past_incidents WHERE {column} = ? AND opened < ?"
        " ORDER BY opened DESC LIMIT ?",
        (value, wanted.opened, _MOST_READ),
    )
    return [row[0] for row in rows]


def _compare(wanted: Picture, other: Picture, words: float) -> tuple[float, list[str]]:
    score, same = _WORDS * words, []
    if _is_same_root(wanted, other):
        score += _SAME_ROOT
        same.append(f"the same root {wanted.code}" if wanted.code else "the same root")
    if errors := {*wanted.groups} & {*other.groups}:
        score += _SAME_ERROR
        same.append("the same error" if len(errors) == 1 else f"{len(errors)} errors in common")
    if codes := {*wanted.codes} & {*other.codes}:
        score += _CODES * len(codes) / len({*wanted.codes, *other.codes})
        if len(codes) > 1 or wanted.code != other.code:
            same.append(f"{', '.join(sorted(codes)[:3])} in both")
    if places := {*wanted.places} & {*other.places}:
        score += _PLACES * len(places) / len({*wanted.places, *other.places})
        same.append(f"at {', '.join(sorted(places)[:3])}")
    if changes := {wanted.cause, *wanted.changes} & {other.cause, *other.changes} - {""}:
        score += _CAUSE
        same.append(f"after {sorted(changes)[0].strip()}")
    return score, same or ["similar words"]


def _is_same_root(one: Picture, other: Picture) -> bool:
    return past.root_of(one) == past.root_of(other)


def _similar(
    conn: sqlite3.Connection,
    other: Picture,
    score: float,
    same: list[str],
    *,
    recurs: bool,
    now: float,
) -> Similar:
    assert other.resolved is not None
    return Similar(
        incident=other.id,
        title=other.title,
        code=other.code,
        codes=other.codes,
        cause=other.cause,
        opened=other.opened,
        resolved=other.resolved,
        score=round(score, 3),
        same=tuple(same),
        recurs=recurs,
        fix=resolutions.get(conn, other.id),
        held=past.held(conn, other, now),
    )


def _words_of(picture: Picture) -> set[str]:
    texts = (picture.title, *picture.codes, *picture.errors, *picture.places)
    return {word for word in _all_words(texts) if len(word) >= _SHORTEST and not word.isdigit()}


def _all_words(texts: Iterable[str]) -> Iterable[str]:
    return (word for text in texts for word in _WORD.findall(text.casefold()))
