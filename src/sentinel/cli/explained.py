"""Explanations as text: the answer first, then what it rests on."""

from collections.abc import Iterable, Sequence

import msgspec

from sentinel.cli.app import clock_time, console, printable, show_table
from sentinel.engine.conditions import Line
from sentinel.explanation import AlertExplanation, RuleExplanation, SignalExplanation
from sentinel.explanation.routes import RouteLine
from sentinel.explanation.rule_words import Pair
from sentinel.explanation.windows import WindowView
from sentinel.explanation.wording import group_text, several
from sentinel.intelligence.wording import clock_time as short_time
from sentinel.intelligence.wording import counted
from sentinel.model.alert import Alert
from sentinel.model.decision import Decision, Match

Explanation = AlertExplanation | SignalExplanation | RuleExplanation

_LONGEST = 200
_TAKEN = {
    "takes": "takes it",
    "hands_down": "hands it down",
    "no_match": "does not match",
    "not_asked": "is not asked",
}


def show(found: Explanation, now: float) -> None:
    console.print(printable(found.headline), style="bold", markup=False)
    if found.at < now:
        _say(f"This is how it was at {clock_time(found.at)}.")
    match found:
        case AlertExplanation():
            _show_alert(found)
        case SignalExplanation():
            _show_signal(found, now)
        case RuleExplanation():
            _show_rule(found, now)
    if found.notes:
        console.print()
    for note in found.notes:
        console.print(printable(note), style="dim", markup=False)


def _show_alert(found: AlertExplanation) -> None:
    alert, now = found.alert, found.at
    key = group_text(alert.key)
    _say(
        f"Alert {alert.id} of the rule {alert.rule}{f' ({key})' if key else ''} is {alert.state}. "
        f"It holds {counted(alert.count, 'signal')}. Verdict: {alert.verdict}."
    )
    _section("Its life")
    _pairs(found.timeline)
    if found.upcoming:
        _section("What happens next")
        rows = [
            (
                "?" if one.at is None else clock_time(one.at),
                one.text,
                several(one.to) if one.to else "-",
            )
            for one in found.upcoming
        ]
        show_table(("AT", "WHAT", "WHO IS TOLD"), rows, wide=("WHAT",), empty="")
    _show_incident(found)
    _section("Who was told of its incident")
    told = [(one.delivery, one) for one in found.deliveries]
    rows_told = [
        (clock_time(d.created), one.to, d.reason, one.because or "-", d.state, d.attempts, d.error)
        for d, one in told
    ]
    columns = ("AT", "TO", "WHY", "BY", "STATE", "TRIES", "ERROR")
    show_table(columns, rows_told, wide=("ERROR",), empty="Nobody.")
    if found.gates:
        _section("What keeps it quiet now, and what does not")
        gates = [
            (
                "closed" if one.closed else "open",
                one.kind,
                one.text + (f", until {short_time(one.until, now)}" if one.until else ""),
            )
            for one in found.gates
        ]
        show_table(("GATE", "OF", "WHY"), gates, wide=("WHY",), empty="")
    _show_routes(found.routes)
    _show_cause(found)
    _section("What was decided, and why")
    _decisions(found.decisions)
    if found.later:
        _section("What was decided next")
        _decisions(found.later)


def _show_incident(found: AlertExplanation) -> None:
    incident = found.incident
    if incident is None:
        return
    _section(f"Its incident: {incident.id}, {incident.state}")
    _say(f"{incident.title}. {_sentence(found.joined)}".strip())
    if found.alert.cascade:
        is_sure = found.alert.cascade != incident.suspect
        _say(f"It {'is' if is_sure else 'seems to be'} an effect of {found.alert.cascade}.")
    if incident.cause:
        _say(f"The cause: {incident.cause}.")
    for paging in found.pagings:
        told = several(paging.told) if paging.told else "nobody yet"
        step = min(paging.step, paging.steps)
        text = f"The route {paging.route} has told {told}; step {step} of {paging.steps}"
        text += f" of {paging.escalation}" if paging.escalation else ""
        text += f", and {paging.rounds_left} more rounds" if paging.rounds_left else ""
        _say(f"{text}.")


def _show_routes(lines: Sequence[RouteLine]) -> None:
    if not lines:
        return
    _section("Which routes take it")
    rows = [
        (
            "  " * one.depth + one.name,
            _TAKEN[one.taken],
            ", ".join(
                matcher.text if matcher.held else f'{matcher.text} (found "{matcher.found}")'
                for matcher in one.matchers
            )
            or "all",
            one.escalation if one.taken == "takes" else "-",
        )
        for one in lines
    ]
    show_table(("ROUTE", "", "MATCHERS", "ESCALATION"), rows, wide=("MATCHERS",), empty="")


def _show_cause(found: AlertExplanation) -> None:
    why = found.why
    _section(f"Its rule, {found.alert.rule}" + (f", in {why.source}" if why.source else ""))
    _pairs(found.rule)
    for note in why.notes:
        _say(note)
    if found.window is not None:
        _section("What is in the window now")
        _windows([found.window], found.at)
    if why.lines:
        _section(f"Its conditions, and what signal {why.signal}, which began it, had there")
        _lines(why.lines)
    if why.matches:
        _section("How that signal was accounted for")
        _matches(why.matches)


def _show_signal(found: SignalExplanation, now: float) -> None:
    signal = found.signal
    _say(f"{found.kind} signal, received at {clock_time(signal.received)}.")
    _section("Its fields")
    fields = msgspec.to_builtins(signal)
    shown = [
        Pair(name, str(value)[:_LONGEST])
        for name, value in fields.items()
        if value and name not in ("signal", "seq", "received", "payload")
    ]
    _pairs(shown)
    _section("How it was accounted for when it came")
    _matches(found.matches)
    if found.alerts:
        _section("Its alerts")
        _alerts(found.alerts)
    for met in found.met:
        how = "compares others with it" if met.compared else "is met by it"
        _section(f"The rule {met.rule}, in {met.source}, {how}")
        _lines(met.lines)
        if met.window is not None:
            _windows([met.window], now)
    for missed in found.missed:
        _section(
            f"It misses the rule {missed.rule}, in {missed.source}: "
            f"{missed.held} of {len(missed.lines)} conditions hold"
        )
        _lines(missed.lines)
    if found.others:
        _say(f"\nOf {found.others} other rules of its kind no condition holds.")


def _show_rule(found: RuleExplanation, now: float) -> None:
    _section(f"The rule {found.name}" + (f", in {found.source}" if found.source else ""))
    _pairs(found.rule)
    if found.kind_seen is not None:
        _say(f"The latest signal of its kind came at {clock_time(found.kind_seen)}.")
    _section(f"What met it since {clock_time(found.matched_since)}")
    counts = [(one.outcome, one.reason or "-", one.number) for one in found.matches]
    show_table(("OUTCOME", "REASON", "SIGNALS"), counts, wide=(), empty="No signal.")
    _section("Its alerts that are not over")
    _alerts(found.alerts)
    if found.windows:
        _section(f"Its windows: {found.windows}, the latest first")
        _windows(found.latest, now)
    _section("What was decided lately, the latest first")
    _decisions(found.decisions)


def _windows(found: Iterable[WindowView], now: float) -> None:
    rows = [
        (
            one.group or "-",
            one.text,
            "-" if one.seen is None else short_time(one.seen, now),
            "-" if one.recheck is None else short_time(one.recheck, now),
        )
        for one in found
    ]
    columns = ("GROUP", "WHAT IS IN IT", "LATEST SIGNAL", "LOOKED AT AGAIN")
    show_table(columns, rows, wide=("GROUP", "WHAT IS IN IT"), empty="")


def _lines(found: Iterable[Line]) -> None:
    rows = [
        ("yes" if one.held else "NO", one.field, one.wanted[:_LONGEST], one.found[:_LONGEST])
        for one in found
    ]
    columns = ("HELD", "FIELD", "WANTED", "FOUND")
    show_table(columns, rows, wide=("WANTED", "FOUND"), empty="Every signal of the kind will do.")


def _matches(found: Iterable[Match]) -> None:
    rows = [(one.rule, one.outcome, one.alert, one.reason or "-") for one in found]
    columns = ("RULE", "OUTCOME", "ALERT", "REASON")
    show_table(columns, rows, wide=("RULE",), empty="It met no rule.")


def _alerts(found: Iterable[Alert]) -> None:
    rows = [
        (one.id, one.state, clock_time(one.started), one.incident, group_text(one.key) or "-")
        for one in found
    ]
    show_table(("ID", "STATE", "SINCE", "INCIDENT", "KEY"), rows, wide=("KEY",), empty="None.")


def _decisions(found: Iterable[Decision]) -> None:
    rows = [(clock_time(one.at), one.verb, one.reason, one.text) for one in found]
    columns = ("AT", "WHAT", "REASON", "WHY")
    show_table(columns, rows, wide=("WHY",), empty="Nothing that is kept.")


def _pairs(found: Iterable[Pair]) -> None:
    for one in found:
        _say(f"  {one.name}: {one.text}")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _section(title: str) -> None:
    console.print(f"\n{printable(title)}", style="bold", markup=False)


def _say(text: str) -> None:
    console.print("\n" * text.startswith("\n") + printable(text.lstrip("\n")), markup=False)
