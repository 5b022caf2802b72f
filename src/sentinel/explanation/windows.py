"""What is in a rule's windows now, in its detector's words."""

import heapq
import sqlite3
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from sentinel.engine.effects import WindowKey
from sentinel.engine.rules import Rule, decode_key
from sentinel.engine.window import SavedWindow, revive
from sentinel.engine.windows import explain
from sentinel.explanation.wording import group_text

_header = msgspec.msgpack.Decoder(SavedWindow).decode


class WindowView(Struct, frozen=True, kw_only=True):
    """`group` names the group key; it is empty for a rule without `by`. `seen` is the time of the
    latest signal, `recheck` when the detector is asked again. `ended` is how often an alert of the
    group ended lately, which is what flapping is known by. `full`: entries had to be left out."""

    group: str
    text: str
    seen: float | None = None
    recheck: float | None = None
    ended: int = 0
    missing: bool = False
    full: bool = False


def window_of(
    conn: sqlite3.Connection, rule: Rule, key: WindowKey, now: float
) -> WindowView | None:
    """None where nothing is kept for the group: no signal of it matters any more."""
    row = conn.execute("SELECT state FROM windows WHERE rule = ? AND key = ?", key).fetchone()
    return None if row is None else _view(rule, key, row[0], now)


def count_of(conn: sqlite3.Connection, rule: str) -> int:
    number: int = conn.execute("SELECT count(*) FROM windows WHERE rule = ?", (rule,)).fetchone()[0]
    return number


def latest_of(conn: sqlite3.Connection, rule: Rule, most: int, now: float) -> list[WindowView]:
    """Those whose latest signal is the youngest."""
    rows = conn.execute("SELECT key, state FROM windows WHERE rule = ?", (rule.name,))
    newest = heapq.nlargest(most, _seen(rows))
    return [_view(rule, (rule.name, key), data, now) for _, key, data in newest]


def _seen(rows: sqlite3.Cursor) -> Iterator[tuple[float, str, bytes]]:
    for key, data in rows:
        try:
            yield _header(data).seen or 0.0, key, data
        except msgspec.DecodeError:
            yield 0.0, key, data


def _view(rule: Rule, key: WindowKey, data: bytes, now: float) -> WindowView:
    group = group_text(decode_key(key[1]))
    window = revive(rule, key, data)
    if window is None:
        text = "what was kept of it does not fit the rule as it is now"
        return WindowView(group=group, text=text)
    return WindowView(
        group=group,
        text=explain(rule, window, now),
        seen=window.seen,
        recheck=window.recheck,
        ended=len(window.ends),
        missing=window.missing,
        full=window.full,
    )
