"""What is refused of an override or a do-not-disturb, and what is said of it."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.config.model import Config
from sentinel.errors import Invalid
from sentinel.model.override import Override
from sentinel.on_call.request import moment_of, override_of, undisturbed_until
from tests.on_call.crew import at

NOW = at("2026-11-26 10:00")
HOUR = 3_600.0


def asked(config: Config, *, lasting: tuple[Override, ...] = (), **changes: Any) -> Override:
    given: dict[str, Any] = {
        "schedule": "primary",
        "people": ["bob"],
        "starts": None,
        "ends": NOW + HOUR,
        "author": "alice",
        "reason": " a dentist ",
    }
    return override_of(config, now=NOW, lasting=lasting, **{**given, **changes})


def test_an_override_begins_now_where_no_start_is_named(config: Config) -> None:
    found = asked(config)
    assert (found.starts, found.ends, found.people) == (NOW, NOW + HOUR, ("bob",))
    assert (found.id, found.created, found.reason) == (0, NOW, "a dentist")


def test_a_start_that_has_passed_is_now(config: Config) -> None:
    assert asked(config, starts=NOW - HOUR).starts == NOW


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schedule": "primery"}, "did you mean primary?"),
        ({"schedule": "x" * 5_000}, "one of office, primary"),
        ({"people": ["bobb"]}, "did you mean bob?"),
        ({"people": ["carol"]}, "whom no step that notifies schedule:primary can reach"),
        ({"people": []}, "people: found 0"),
        ({"people": [" "]}, "people: found 0"),
        ({"ends": NOW}, "a time that has passed"),
        ({"starts": NOW + HOUR, "ends": NOW + HOUR}, "a time after the beginning"),
        ({"ends": NOW + 400 * 86_400}, "more than a year ahead"),
        ({"reason": "x" * 501}, "found 501 characters"),
    ],
)
def test_what_can_not_be_is_refused_with_a_hint(
    config: Config, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        asked(config, **changes)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("starts", "ends", "refused"),
    [
        (NOW, NOW + HOUR, False),
        (NOW + HOUR, NOW + 2 * HOUR, True),
        (NOW + 2 * HOUR, NOW + 3 * HOUR, True),
        (NOW + 3 * HOUR, NOW + 4 * HOUR, False),
    ],
)
def test_two_overrides_of_a_schedule_never_overlap(
    config: Config, starts: float, ends: float, refused: bool
) -> None:
    other = Override(
        id=4,
        schedule="primary",
        people=("alice",),
        starts=NOW + HOUR,
        ends=NOW + 3 * HOUR,
        author="bob",
    )
    if not refused:
        assert asked(config, starts=starts, ends=ends, lasting=(other,))
        return
    with pytest.raises(Invalid, match="override 4 of alice in primary from 11:00 GMT to 13:00 GMT"):
        asked(config, starts=starts, ends=ends, lasting=(other,))
    assert asked(config, starts=starts, ends=ends, lasting=(other,), schedule="office")


def test_a_time_is_read_by_the_clocks_of_the_zone() -> None:
    london = ZoneInfo("Europe/London")
    assert moment_of(" 2026-06-01T09:00", london, "from") == at("2026-06-01 08:00")
    with pytest.raises(Invalid, match="from: expected a date and a time"):
        moment_of("tomorrow", london, "from")


@pytest.mark.parametrize(("lasts", "until"), [("2h", NOW + 7_200), ("off", NOW)])
def test_a_person_is_left_alone_for_a_while(config: Config, lasts: str, until: float) -> None:
    assert undisturbed_until(config, "alice", lasts, NOW) == until


@pytest.mark.parametrize(
    ("person", "lasts", "words"),
    [
        ("alicia", "2h", "did you mean alice?"),
        ("alice", "soon", "expected a duration"),
        ("alice", "31d", "up to 4w2d"),
        ("alice", "0s", "up to 4w2d"),
    ],
)
def test_what_is_no_rest_is_refused(config: Config, person: str, lasts: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        undisturbed_until(config, person, lasts, NOW)
