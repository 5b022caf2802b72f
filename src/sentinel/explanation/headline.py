"""The answer in one sentence: who was told of an alert, and who is next."""

from collections.abc import Sequence

from sentinel.explanation.told import Told
from sentinel.explanation.upcoming import Upcoming
from sentinel.explanation.wording import several
from sentinel.intelligence.wording import clock_time
from sentinel.model.alert import Alert, Incident
from sentinel.model.decision import Decision

_FIRST_NEWS = ("firing", "cause_found")


def headline(
    alert: Alert,
    incident: Incident | None,
    told: Sequence[Told],
    upcoming: Sequence[Upcoming],
    made: Sequence[Decision],
    *,
    quiet: str,
    now: float,
) -> str:
    """`quiet` is what keeps it quiet now on all of its routes, with its end; empty where nothing
    does."""
    if alert.fired is None:
        return _unfired(alert, upcoming, made, now)
    if incident is None:
        return f"Nobody was told: alert {alert.id} belongs to no incident."
    news = [one for one in told if one.delivery.reason in _FIRST_NEWS]
    if not news:
        return _nobody(incident, upcoming, made, quiet, now)
    subject = f"Alert {alert.id}"
    if incident.root != alert.id:
        subject = f"Incident {incident.id}, to which alert {alert.id} belongs,"
    return f"{subject} {_paged(news, now)}{_and_now(incident, upcoming, quiet, now)}"


def _unfired(
    alert: Alert, upcoming: Sequence[Upcoming], made: Sequence[Decision], now: float
) -> str:
    since = clock_time(alert.started, now)
    if alert.state == "pending":
        fires = next((one.at for one in upcoming if one.what == "alert_fires"), None)
        when = "" if fires is None else f" and fires at {clock_time(fires, now)} if that goes on"
        return f"Nobody is told yet: its condition has held since {since}{when}."
    why = next((one.text for one in reversed(made) if one.verb == "alert_dropped"), "")
    return f"Nobody was told: it was pending from {since}, and did not fire" + (
        f": {why}." if why else "."
    )


def _nobody(
    incident: Incident,
    upcoming: Sequence[Upcoming],
    made: Sequence[Decision],
    quiet: str,
    now: float,
) -> str:
    if quiet and incident.state == "open":
        return f"Nobody was told: {quiet}."
    first = _next_message(upcoming)
    if first is not None and incident.state == "open":
        return f"Nobody is told yet: {_next_text(first, now)}."
    why = next((one.text for one in reversed(made) if one.verb == "not_delivered"), "")
    if why:
        return f"Nobody was told: {why}."
    return "Nobody was told, and why is older than what is kept."


def _paged(news: Sequence[Told], now: float) -> str:
    sent = [one for one in news if one.delivery.state == "sent"]
    failed = [one for one in news if one.delivery.state == "failed"]
    waiting = [one for one in news if one.delivery.state in ("pending", "sending")]
    if sent:
        latest = sent[-1]
        same = [one.to for one in sent if one.because == latest.because]
        at = clock_time(latest.delivery.sent or latest.delivery.created, now)
        text = f"paged {several(same)} at {at}{_step_text(latest.because)}"
        before = [one.to for one in sent if one.because != latest.because and one.to not in same]
        text += f", after {several(before)}" if before else ""
    else:
        text = "has reached nobody yet"
    if failed:
        text += f"; the message to {several(one.to for one in failed)} has failed"
    elif waiting:
        text += f"; the message to {several(one.to for one in waiting)} is on its way"
    return text


def _and_now(incident: Incident, upcoming: Sequence[Upcoming], quiet: str, now: float) -> str:
    if incident.state == "resolved":
        over = "" if incident.resolved is None else f" since {clock_time(incident.resolved, now)}"
        by = "" if incident.resolved_by is None else f", {incident.resolved_by} resolved it"
        return f"; it is over{over}{by}."
    if incident.state == "acknowledged":
        since = incident.acknowledged
        when = "" if since is None else f" since {clock_time(since, now)}"
        return f"; {incident.acknowledged_by} has it{when}."
    if quiet:
        return f"; now nobody is told: {quiet}."
    following = _next_message(upcoming)
    if following is None:
        return "."
    return f"; {_next_text(following, now)} unless somebody acknowledges."


def _next_message(upcoming: Sequence[Upcoming]) -> Upcoming | None:
    rests = ("quiet_hours_over", "digest_due", "do_not_disturb_over")
    messages = ("step", "news", *rests, "reminder")
    return next((one for one in upcoming if one.what in messages), None)


def _next_text(one: Upcoming, now: float) -> str:
    when = "" if one.at is None else f" at {clock_time(one.at, now)}"
    if not one.to:
        return f"next is {one.text}{when}"
    why = {"reminder": " (a reminder)", "step": f" ({one.text})"}.get(one.what, "")
    be = "is" if len(one.to) == 1 else "are"
    return f"{several(one.to)} {be} next{when}{why}"


def _step_text(because: str) -> str:
    """` (step 2, round 3)` of `step_2_round_3`."""
    if not because.startswith("step_"):
        return ""
    step, _, again = because.removeprefix("step_").partition("_round_")
    return f" (step {step}, round {again})" if again else f" (step {step})"
