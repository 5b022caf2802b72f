"""The life of an alert: pending, firing, acknowledged, perhaps closed, resolved."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from sentinel.engine import windows
from sentinel.engine.annotations import fill
from sentinel.engine.closing import happens_again
from sentinel.engine.effects import WindowKey
from sentinel.engine.rules import Rule, decode_key
from sentinel.engine.state import State
from sentinel.model.alert import Alert
from sentinel.model.decision import Match, Outcome
from sentinel.model.signal import Signal
from sentinel.model.values import Duration
from sentinel.model.verdict import Verdict

_ABOUT = ("project", "environment", "release", "service", "component", "host")


def judge(
    state: State,
    rule: Rule,
    window: WindowKey,
    verdict: Verdict,
    signal: Signal | None,
) -> Alert | None:
    """Bring the alert of one group key in line with its detector's verdict.

    Returns the alert if it began to fire or was resolved just now, else None.
    """
    alert = state.current_alert(window)
    if alert is None:
        return _begin(state, rule, window, verdict, signal) if verdict.holds else None
    if verdict.holds and signal is not None and happens_again(rule, alert, state.now):
        text = "it was closed, and what comes now is news"
        _resolve(state, window, alert, "came_back", text)
        return _begin(state, rule, window, verdict, signal)
    if verdict.holds:
        _continue(state, window, alert, signal)
        return None
    return _clear(state, rule, window, alert, signal)


def outcome_of(state: State, rule: Rule, window: WindowKey, signal: Signal) -> Match:
    """How a signal that met the rule is accounted for, once the alert has been judged."""
    alert = state.current_alert(window)
    outcome: Outcome = "waiting"
    if alert is not None and alert.state != "pending":
        outcome = "opened" if alert.fired == state.now and alert.count == 1 else "merged"
    number = None if alert is None else alert.id
    return Match(signal=signal.seq, rule=rule.name, outcome=outcome, alert=number)


def on_timer(state: State, rule: Rule, window: WindowKey) -> Alert | None:
    """`for` is over, or `keep_firing_for` is. Returns the alert that changed."""
    alert = state.current_alert(window)
    if alert is None:
        return None
    if alert.state == "pending":
        return _fire(state, rule, window, alert)
    return _resolve(state, window, alert, "recovered", "its condition no longer holds")


def end(state: State, window: WindowKey, alert: Alert, reason: str, text: str) -> Alert | None:
    """Close an alert whose rule is gone. Returns it if it had been firing."""
    if alert.state == "pending":
        _drop(state, window, alert, reason, text)
        return None
    return _resolve(state, window, alert, reason, text)


def unseen(state: State, alert: Alert, seconds: float) -> None:
    """Nobody watched for so long. That time counts neither as holding nor as being gone."""
    window = state.window_of(alert)
    if alert.state == "pending":
        state.put_alert(window, replace(alert, unseen=alert.unseen + seconds))
    elif alert.cleared is not None:
        state.put_alert(window, replace(alert, cleared=alert.cleared + seconds))


def _begin(
    state: State, rule: Rule, window: WindowKey, verdict: Verdict, signal: Signal | None
) -> Alert | None:
    # Without a signal (silence, a forecast) what is known of the group is its key.
    key = rule.key(signal) if signal else decode_key(window[1])
    fields = {name: getattr(signal, name) for name in signal.__struct_fields__} if signal else {}
    labels = {**rule.labels, **key}
    alert = Alert(
        id=state.next_alert(),
        rule=rule.name,
        key=key,
        state="pending",
        severity=rule.severity,
        labels=labels,
        started=state.now,
        last=state.now,
        count=1 if signal else 0,
        code=fields.get("code") or labels.get("code"),
        tenant=labels.get("tenant") or fields.get("tenant"),
        group=fields.get("group"),
        signal=signal.seq if signal else 0,
        annotations=_annotations(rule, key, verdict, fields),
        verdict=windows.explain(rule, state.windows.get(window), state.now),
        about={name: fields[name] for name in _ABOUT if fields.get(name)},
    )
    if rule.hold <= 0:
        return _fire(state, rule, window, alert)
    state.put_alert(window, alert)
    text = f"{alert.verdict}; fires if that holds for {Duration(rule.hold)}"
    state.decide("alert_pending", "for", text, rule=rule.name, alert=alert.id)
    return None


def _continue(state: State, window: WindowKey, alert: Alert, signal: Signal | None) -> None:
    if signal is not None or alert.cleared is not None:
        state.put_alert(window, _merged(state, alert, signal, cleared=None))


def _clear(
    state: State, rule: Rule, window: WindowKey, alert: Alert, signal: Signal | None
) -> Alert | None:
    if alert.state == "pending":
        _drop(state, window, alert, "recovered", "its condition did not hold for long enough")
        return None
    flaps = alert.flapping or windows.is_flapping(state, rule, window)
    if rule.keep <= 0 and not flaps:
        return _resolve(state, window, alert, "recovered", "its condition no longer holds")
    if signal is not None or alert.cleared is None:
        since = state.now if alert.cleared is None else alert.cleared
        merged = _merged(state, alert, signal, cleared=since)
        state.put_alert(window, replace(merged, flapping=flaps))
    if flaps and not alert.flapping:
        times, quiet = rule.flapping.times, Duration(rule.flapping.quiet)
        text = f"it has come and gone {times} times: it ends once it has been gone for {quiet}"
        state.decide("alert_flapping", "flapping", text, rule=rule.name, alert=alert.id)
    return None


def _merged(state: State, alert: Alert, signal: Signal | None, cleared: float | None) -> Alert:
    if signal is None:
        return replace(alert, cleared=cleared)
    return replace(alert, count=alert.count + 1, last=state.now, cleared=cleared)


def _fire(state: State, rule: Rule, window: WindowKey, alert: Alert) -> Alert:
    firing = replace(alert, state="firing", fired=state.now)
    state.put_alert(window, firing)
    state.decide("alert_fired", "condition", alert.verdict, rule=rule.name, alert=alert.id)
    return firing


def _resolve(state: State, window: WindowKey, alert: Alert, reason: str, text: str) -> Alert:
    resolved = replace(alert, state="resolved", resolved=state.now)
    state.put_alert(window, resolved)
    state.decide("alert_resolved", reason, text, rule=alert.rule, alert=alert.id)
    rule = state.book.rules.by_name.get(alert.rule)
    if rule is not None and reason == "recovered":
        windows.note_end(state, rule, window)
    return resolved


def _drop(state: State, window: WindowKey, alert: Alert, reason: str, text: str) -> None:
    state.put_alert(window, replace(alert, state="resolved", resolved=state.now))
    state.decide("alert_dropped", reason, text, rule=alert.rule, alert=alert.id)


def _annotations(
    rule: Rule, key: dict[str, str], verdict: Verdict, fields: Mapping[str, Any]
) -> dict[str, str]:
    tags = {f"tags.{name}": value for name, value in fields.get("tags", {}).items()}
    values = {**rule.facts, **fields, **tags, **rule.labels, **key, **verdict.facts}
    said = {name: fill(template, values) for name, template in rule.annotations.items()}
    if title := fields.get("title"):
        said.setdefault("summary", title)
    return said
