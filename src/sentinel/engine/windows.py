"""Windows: what a rule's detector makes of a signal or of the passing of time for one group key,
with missing data and recovery thresholds folded in."""

import math
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from sentinel.engine.effects import WindowKey
from sentinel.engine.rules import Detector, Entry, Rule
from sentinel.engine.state import State
from sentinel.engine.window import Window
from sentinel.model.signal import Signal
from sentinel.model.values import Duration
from sentinel.model.verdict import Verdict

MOST_GROUPS_OF_A_RULE = 100_000
# A group of which nothing has come for so long is gone for good.
FORGOTTEN_AFTER = 7 * 86_400.0


class Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def observe(state: State, entry: Entry, key: WindowKey, signal: Signal) -> Verdict:
    """Let the rule's detector take a signal. Raises Refused with the reason if it does not."""
    rule = entry.rule
    window = state.windows.get(key)
    if window is None:
        if state.groups_of[rule.name] >= MOST_GROUPS_OF_A_RULE:
            state.refuse_group(rule.name, MOST_GROUPS_OF_A_RULE)
            raise Refused("too_many_groups")
        window = Window(rule.detector.type)
    take = rule.detector.observe if entry.counts else rule.detector.observe_other
    window.seen = state.now
    clock = state.now - window.behind
    return _judge(state, rule, key, window, take, signal, window.state, clock)


def tick(state: State, rule: Rule, key: WindowKey) -> Verdict | None:
    """Let time pass. None where the window is gone or its detector failed."""
    window = state.windows.get(key)
    if window is None:
        return None
    # A window is kept without a state where only its past is of interest.
    take = _nothing if window.state is None else rule.detector.tick
    try:
        return _judge(state, rule, key, window, take, window.state, state.now - window.behind)
    except Refused:
        return None


def begin(state: State, rule: Rule) -> None:
    """Watch for silence from now on: a rule without `by` has its one group before any signal."""
    key: WindowKey = (rule.name, "{}")
    watches = rule.detector.watches_silence or rule.on_missing == "fire"
    if rule.by or not watches or key in state.windows:
        return
    window = Window(rule.detector.type, seen=state.now)
    try:
        _judge(state, rule, key, window, rule.detector.begin, state.now)
    except Refused:
        return


def unseen(state: State, seconds: float) -> None:
    """Nobody watched for so long. Data that did not come then is not missing, what fired is not
    over by itself, and silence was not heard. Other windows age: what came meanwhile may be on its
    way still, and what came long before must not be counted with it."""
    for key, window in list(state.windows.items()):
        rule = state.book.rules.by_name[key[0]]
        before = (window.recheck, window.seen)
        stands = key in state.alert_of or rule.detector.watches_silence
        if stands and window.recheck is not None:
            window.behind += seconds
            window.recheck += seconds
        if rule.on_missing != "keep" and window.seen is not None and not window.missing:
            window.seen += seconds
        if (window.recheck, window.seen) != before:
            state.put_window(key, window, due_of(rule, window))


def explain(rule: Rule, window: Window | None, now: float) -> str:
    """What is in a window, in its detector's words."""
    if window is None or window.missing:
        return f"no data has come for {Duration(rule.missing_after)}"
    try:
        return rule.detector.explain(window.state, now - window.behind)
    except Exception as error:  # noqa: BLE001 - an alert is worth more than its explanation
        return f"{rule.detector.type} could not say why: it raised {type(error).__name__}"


def note_end(state: State, rule: Rule, key: WindowKey) -> None:
    """An alert of this group has ended: what flapping is known by."""
    if not rule.flapping.times:
        return
    window = state.windows.get(key) or Window(rule.detector.type)
    ended = replace(window, ends=(*window.ends, state.now)[-rule.flapping.times :])
    state.put_window(key, ended, due_of(rule, ended))


def is_flapping(state: State, rule: Rule, key: WindowKey) -> bool:
    window, flapping = state.windows.get(key), rule.flapping
    if window is None or not flapping.times:
        return False
    recent = [end for end in window.ends if end + flapping.within > state.now]
    return len(recent) >= flapping.times


def _judge(
    state: State,
    rule: Rule,
    key: WindowKey,
    window: Window,
    take: Callable[..., tuple[Any, Verdict]],
    *arguments: Any,
) -> Verdict:
    if rule.name in state.broken:
        raise Refused("detector_failed")
    try:
        after, verdict = take(*arguments)
        if rule.recover is not None and not verdict.holds:
            verdict = _recovering(state, rule.recover, key, window, after, verdict)
        holds, recheck, full = verdict.holds, verdict.recheck, verdict.full
        if recheck is not None and math.isnan(recheck):
            raise ValueError("it asked to be called again at no time: NaN")
        if recheck is not None:
            recheck += window.behind
    except Exception as error:
        # Code of third parties may raise anything.
        state.set_aside(rule.name, error)
        raise Refused("detector_failed") from error
    if full and not window.full:
        window.full = True
        state.note_full(key)
    waits = False
    if rule.on_missing != "keep":
        window.missing, forgotten = _missing(state, rule, window.seen)
        waits = rule.on_missing == "fire" and window.seen is not None and not forgotten
        if window.missing:
            holds = waits
            verdict = Verdict(holds, recheck, verdict.facts)
        if forgotten:
            after = recheck = None
    if recheck is not None and recheck <= state.now:
        # A detector that asks to be called again at once would be called for ever.
        recheck = state.now + 1.0
    if window.ends:
        within = rule.flapping.within
        window.ends = tuple(end for end in window.ends if end + within > state.now)
    if after is None and not holds and not waits and not window.ends:
        state.put_window(key, None)
        return verdict
    window.state, window.recheck = after, recheck
    state.put_window(key, window, due_of(rule, window))
    return verdict


def _nothing(*_: Any) -> tuple[Any, Verdict]:
    return None, Verdict(False)


def _recovering(
    state: State, recover: Detector, key: WindowKey, window: Window, after: Any, verdict: Verdict
) -> Verdict:
    """The easier threshold decides whether an alert that fires goes on."""
    alert = state.current_alert(key)
    if after is None or alert is None or alert.state == "pending":
        return verdict
    _, easier = recover.tick(after, state.now - window.behind)
    if not easier.holds:
        return verdict
    times = [time for time in (verdict.recheck, easier.recheck) if time is not None]
    return Verdict(True, min(times, default=None), verdict.facts, verdict.full)


def _missing(state: State, rule: Rule, seen: float | None) -> tuple[bool, bool]:
    """Whether data is missing, and whether it has been for so long that it is forgotten."""
    if seen is None or state.now < seen + rule.missing_after:
        return False, False
    return True, _forgets(rule) and state.now >= seen + _forgotten_after(rule)


def _forgets(rule: Rule) -> bool:
    """A rule without groups goes on waiting for its data; groups may be gone for good."""
    return bool(rule.by) or rule.on_missing == "resolve"


def _forgotten_after(rule: Rule) -> float:
    return max(FORGOTTEN_AFTER, rule.missing_after)


def due_of(rule: Rule, window: Window) -> float | None:
    """When the detector is to be asked again, data counts as missing, or flapping is forgotten."""
    if rule.on_missing == "keep" and not window.ends:
        return window.recheck
    times = [window.recheck]
    if rule.on_missing != "keep" and window.seen is not None:
        if not window.missing:
            times.append(window.seen + rule.missing_after)
        elif _forgets(rule):
            times.append(window.seen + _forgotten_after(rule))
    if window.ends:
        times.append(window.ends[-1] + rule.flapping.within)
    return min((time for time in times if time is not None), default=None)
