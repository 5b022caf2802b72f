"""What a detector knows of one group key, and how that is kept in a store."""

from typing import Any

import msgspec
from msgspec import Struct

from sentinel.engine.effects import WindowKey
from sentinel.engine.rules import Rule, decode_key


class Window(Struct, gc=False):
    """A detector's state for one group key. `type` and the key's names tell after a change of
    the rules whether the state still means the same.

    `recheck` is when the detector wants to be asked again, `seen` the time of the latest signal,
    `ends` the times at which alerts of the group ended lately. `missing` and `full` say that the
    absence of data, or a state at its cap, has been dealt with.

    `behind` is for how many seconds nobody watched while it mattered: the detector's clock stands
    still meanwhile, and is behind by as much from then on.
    """

    type: str
    state: Any = None
    recheck: float | None = None
    seen: float | None = None
    ends: tuple[float, ...] = ()
    missing: bool = False
    full: bool = False
    behind: float = 0.0
    due: float | None = None
    """When its timer is set to; not saved, as it follows from the rest."""


class SavedWindow(Struct, array_like=True, gc=False):
    type: str
    recheck: float | None
    state: msgspec.Raw
    seen: float | None = None
    ends: tuple[float, ...] = ()
    missing: bool = False
    full: bool = False
    behind: float = 0.0


def encode_window(window: Window | None) -> bytes | None:
    if window is None:
        return None
    return msgspec.msgpack.encode(
        SavedWindow(
            window.type,
            window.recheck,
            msgspec.Raw(msgspec.msgpack.encode(window.state)),
            window.seen,
            window.ends,
            window.missing,
            window.full,
            window.behind,
        )
    )


def revive(rule: Rule | None, key: WindowKey, data: bytes) -> Window | None:
    """What `encode_window` made. None where the rule is gone, has another detector or other group
    fields, or can't read what was saved."""
    names = list(decode_key(key[1]))
    try:
        window = msgspec.msgpack.decode(data, type=SavedWindow)
        if rule is None or rule.detector.type != window.type or names != list(rule.by):
            return None
        empty = bytes(window.state) == _NONE
        kind = rule.detector.State
        value = None if empty else msgspec.msgpack.decode(window.state, type=kind)
    # TypeError: a plugin's State may be nothing that can be read back.
    except (msgspec.DecodeError, TypeError):
        return None
    return Window(
        window.type,
        value,
        window.recheck,
        window.seen,
        window.ends,
        window.missing,
        window.full,
        window.behind,
    )


_NONE = msgspec.msgpack.encode(None)
