"""Silences as people set and end them."""

from msgspec.structs import replace

from sentinel.engine.matchers import all_hold, parse_matchers
from sentinel.engine.state import State
from sentinel.model.alert import Alert
from sentinel.model.silence import Silence


def put(state: State, silence: Silence) -> None:
    """Set a new one, or change one that has a number."""
    try:
        parse_matchers(silence.matchers)
    except ValueError as error:
        state.decide("silence_set", "invalid", f"no silence by {silence.author}: {error}")
        return
    known = state.silences.get(silence.id)
    number = silence.id if known else state.next_silence()
    created = known.created if known else state.now
    state.put_silence(replace(silence, id=number, created=created))
    if known:
        # The change may have freed what the silence kept quiet before.
        state.freed = True
    text = f"{silence.author}: {', '.join(silence.matchers)}"
    state.decide("silence_set", "person", f"silence {number} by {text}")


def end(state: State, number: int, by: str) -> None:
    silence = state.silences.get(number)
    if silence is None:
        text = f"{by} ended silence {number}, which is over already"
        state.decide("silence_ended", "too_late", text)
        return
    state.put_silence(replace(silence, ends=state.now, ended_by=by))
    state.decide("silence_ended", "person", f"{by} ended silence {number}")


def on_timer(state: State, number: int) -> None:
    state.put_silence(state.silences[number])
    state.decide("silence_ended", "expired", f"silence {number} has run out")


def silenced_by(silence: Silence, alerts: list[Alert]) -> list[Alert]:
    """Of these alerts, those that the silence's matchers meet: what it would keep quiet.

    Raises ValueError for a matcher that is none.
    """
    matchers = parse_matchers(silence.matchers)
    return [alert for alert in alerts if all_hold(matchers, alert.labels)]
