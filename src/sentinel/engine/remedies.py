"""Remedies: the action that a rule may run for its alert, and what holds it back.

An alert has its rule's action run at most once, when it fires. People are told meanwhile as ever,
unless the rule says otherwise. What does not help is told at once: to those who have heard of the
incident that it was tried in vain, to the others what they were spared until then.
"""

from msgspec import Struct
from msgspec.structs import replace

from sentinel.engine import gates, paging
from sentinel.engine.commands import ActionDone
from sentinel.engine.rules import Remedy
from sentinel.engine.state import State
from sentinel.model.action import ActionIntent, Attempt
from sentinel.model.alert import Alert
from sentinel.model.decision import Verb
from sentinel.model.signal import Status
from sentinel.model.values import Duration

# What fell due longer ago than this, while nothing ran, rests on what was known then.
STALE_AFTER = 300.0


class Refusal(Struct, frozen=True):
    reason: str
    text: str


def hold_of(state: State, alert: Alert) -> float:
    """How long people wait for the alert's remedy, in seconds; most do not."""
    remedy = _remedy_of(state, alert)
    return remedy.longest if remedy is not None and remedy.page_after and not remedy.dry else 0.0


def begin(state: State, number: int) -> None:
    """The alert has begun to fire, and is in its incident."""
    alert = state.alerts[number]
    remedy = _remedy_of(state, alert)
    if remedy is None:
        return
    if remedy.after > 0:
        _put(state, alert, Attempt(state="waiting", due=state.now + remedy.after))
    else:
        _ask(state, alert, remedy)


def end(state: State, alert: Alert) -> None:
    """The alert is over, and its attempt with it."""
    attempt = alert.attempt
    if attempt is None:
        return
    if attempt.state == "waiting":
        _refuse(state, alert, Refusal("recovered", "the alert was over before its action ran"))
    else:
        _decide(state, "action_done", "helped", "the alert is over since its action ran", alert)
    _put(state, alert, None)


def on_timer(state: State, number: int) -> None:
    alert = state.alerts[number]
    attempt, remedy = alert.attempt, _remedy_of(state, alert)
    if attempt is None:
        return
    if attempt.state == "running":
        text = "nothing was heard of it in the time that it may take"
        _decide(state, "action_failed", "unreported", text, alert)
        # Whether it helped is not known: no reason to write to anybody a second time.
        _stop(state, alert)
    elif remedy is None:
        _give_up(state, alert, Refusal("rule_changed", "its rule names no action any more"))
    elif attempt.state == "verifying" and _wants_a_look(alert, attempt, remedy):
        assert remedy.probe is not None
        state.effects.looks.append(remedy.probe)
        _put(state, alert, replace(attempt, looking=True, due=state.now + remedy.look_limit))
    elif attempt.state == "verifying":
        _verify(state, alert, attempt, remedy)
    elif state.now - attempt.due > STALE_AFTER:
        late = Duration(round(state.now - attempt.due))
        _give_up(state, alert, Refusal("stale", f"it was due {late} ago, while nothing ran"))
    else:
        _ask(state, alert, remedy)


def see(state: State, status: Status) -> None:
    """A component's state may prove, or disprove, that an action helped. What another probe says of
    the same component does neither."""
    for number in sorted(state.attempts):
        alert = state.alerts[number]
        attempt, remedy = alert.attempt, _remedy_of(state, alert)
        if attempt is None or attempt.state != "verifying" or remedy is None:
            continue
        if remedy.component != status.component:
            continue
        if status.tags.get("probe", remedy.probe) != remedy.probe:
            continue
        seen = replace(attempt, up=status.status == "up")
        _put(state, alert, seen)
        if attempt.looking:
            _verify(state, state.alerts[number], seen, remedy)


def done(state: State, report: ActionDone) -> None:
    """What came of a run, as the daemon tells it."""
    alert = state.alerts.get(report.alert)
    attempt = None if alert is None else alert.attempt
    if alert is None or attempt is None or attempt.state != "running":
        _note(state, report)
        return
    _note(state, report)
    if report.outcome != "succeeded":
        tried = report.outcome != "refused" and not report.dry
        _stop(state, alert, tried=report.outcome if tried else "")
        return
    remedy = _remedy_of(state, alert)
    if remedy is None or remedy.verify_after is None or report.dry:
        _put(state, alert, None)
    else:
        _put(state, alert, Attempt(state="verifying", due=state.now + remedy.verify_after))


def _remedy_of(state: State, alert: Alert) -> Remedy | None:
    rule = state.book.rules.by_name.get(alert.rule)
    return None if rule is None else rule.remedy


def _ask(state: State, alert: Alert, remedy: Remedy) -> None:
    refusal = _refusal(state, alert, remedy)
    if refusal is not None:
        _give_up(state, alert, refusal)
        return
    state.note_run(alert.rule, remedy.remembered)
    state.effects.actions.append(
        ActionIntent(
            action=remedy.action,
            rule=alert.rule,
            alert=alert.id,
            incident=alert.incident,
            at=state.now,
            dry=remedy.dry,
        )
    )
    _put(state, alert, Attempt(state="running", due=state.now + remedy.limit))
    if remedy.dry:
        text = f"{remedy.action} would run now; the rule has it as a dry run"
        _decide(state, "action_started", "dry_run", text, alert)
    else:
        _decide(state, "action_started", "remedy", f"{remedy.action} runs", alert)


def _refusal(state: State, alert: Alert, remedy: Remedy) -> Refusal | None:
    """The guard rail that forbids to run it now."""
    incident = state.incidents.get(alert.incident or 0)
    if incident is not None and incident.state == "acknowledged":
        return Refusal("acknowledged", f"{incident.acknowledged_by} has the incident")
    gate = gates.of_alert(state, alert)
    if gate is not None:
        return Refusal(gate.reason, gate.text)
    runs = state.runs_of(alert.rule)
    if runs and state.now - runs[-1] < remedy.cooldown:
        text = f"the rule ran it {Duration(round(state.now - runs[-1]))} ago, less than"
        return Refusal("cooldown", f"{text} {Duration(remedy.cooldown)}")
    lately = [at for at in runs if state.now - at < remedy.within]
    if len(lately) >= remedy.most:
        text = f"the rule ran it {len(lately)} times within {Duration(remedy.within)}"
        return Refusal("too_many_runs", f"{text}; at most {remedy.most} are allowed")
    return None


def _wants_a_look(alert: Alert, attempt: Attempt, remedy: Remedy) -> bool:
    """Whether the probe is to look now, rather than at its next turn."""
    return remedy.probe is not None and not attempt.looking and alert.cleared is None


def _verify(state: State, alert: Alert, attempt: Attempt, remedy: Remedy) -> None:
    passed = Duration(remedy.verify_after or 0.0)
    if alert.cleared is not None:
        text = f"{passed} after it ran the alert's condition no longer holds"
        _decide(state, "action_done", "helped", text, alert)
        _put(state, alert, None)
    elif attempt.up:
        text = f"{passed} after it ran {remedy.component} is up"
        _decide(state, "action_done", "helped", text, alert)
        _put(state, alert, None)
    else:
        text = f"{passed} after it ran the alert still fires"
        if remedy.component is not None:
            heard = "not up" if attempt.up is False else "not heard of"
            text = f"{text} and {remedy.component} is {heard}"
        _decide(state, "action_no_help", "no_help", text, alert)
        _stop(state, alert, tried="no_help")


def _give_up(state: State, alert: Alert, refusal: Refusal) -> None:
    _refuse(state, alert, refusal)
    _stop(state, alert)


def _stop(state: State, alert: Alert, *, tried: str = "") -> None:
    """No further try, and no further waiting. `tried` says what came of an action that ran."""
    _put(state, alert, None)
    if alert.incident is None:
        return
    # First those who know already: whoever is told next hears all of it at once.
    if tried:
        paging.tell_told(state, alert.incident, "remedy_failed", tried)
    paging.hurry(state, alert.incident)


def _put(state: State, alert: Alert, attempt: Attempt | None) -> None:
    if alert.attempt != attempt:
        state.put_alert(state.window_of(alert), replace(alert, attempt=attempt))


def _refuse(state: State, alert: Alert, refusal: Refusal) -> None:
    _decide(state, "action_refused", refusal.reason, refusal.text, alert)


def _note(state: State, report: ActionDone) -> None:
    """What came of a run, whether or not anybody waits for it any more."""
    verb: Verb = "action_done" if report.outcome == "succeeded" else "action_failed"
    reason = "dry_run" if report.dry else report.outcome
    state.decide(
        verb,
        reason,
        f"{report.action}: {report.text}" if report.text else report.action,
        rule=report.rule,
        alert=report.alert,
        incident=report.incident,
    )


def _decide(state: State, verb: Verb, reason: str, text: str, alert: Alert) -> None:
    state.decide(verb, reason, text, rule=alert.rule, alert=alert.id, incident=alert.incident)
