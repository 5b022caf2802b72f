"""Who would be called in a case that has not come yet, as the engine itself decides."""

from pathlib import Path

import pytest

from sentinel.engine.book import Book
from sentinel.engine.engine import Engine
from sentinel.engine.saved import Saved
from sentinel.installation import require
from sentinel.model.alert import AlertSeverity
from sentinel.model.override import Override
from sentinel.model.rest import DoNotDisturb
from sentinel.model.signal import Error
from sentinel.model.silence import Silence
from sentinel.on_call.trial import Case, Trial, tried
from sentinel.wiring import build_book
from tests.on_call.crew import MAIN, RULES, at

NIGHT = at("2026-11-29 03:00")
MORNING = at("2026-11-29 07:00")
HOUR = 3_600.0


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return book_of(tmp_path_factory.mktemp("trial"), RULES)


def book_of(folder: Path, rules: str) -> Book:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(rules)
    (folder / "sentinel.yaml").write_text(MAIN)
    found = require(folder / "sentinel.yaml", {})[0]
    return build_book(found.config, found.registry, found.catalog)


def case(severity: AlertSeverity = "critical", at: float = NIGHT, **labels: str) -> Case:
    return Case(at=at, severity=severity, labels=labels)


def called(found: Trial, kind: str = "told") -> list[tuple[float, str | None, str]]:
    return [(one.after, one.person, one.channel) for one in found.lines if one.kind == kind]


def test_who_is_paged_on_sunday_at_three(book: Book) -> None:
    found = tried(book, case())
    assert called(found)[:3] == [(0, None, "console"), (0, "alice", "mail"), (300, "bob", "mail")]
    assert [(one.step, one.round) for one in found.lines[:4]] == [(1, 1), (1, 1), (2, 1), (1, 2)]
    assert found.takes == ["default"]
    assert not found.cut


def test_the_first_reminder_is_the_last_that_is_shown(book: Book) -> None:
    found = tried(book, case())
    reminders = [one for one in found.lines if one.reason == "reminder"]
    assert {one.at for one in reminders} == {found.lines[-1].at}
    assert found.goes_on


def test_quiet_hours_are_waited_out(book: Book) -> None:
    found = tried(book, case("info"))
    waits = next(one for one in found.lines if one.kind == "waits")
    assert (waits.after, waits.person, waits.until) == (300, "bob", MORNING)
    assert (4 * HOUR, "bob", "mail") in called(found)


def test_a_route_that_is_not_active_says_until_when(book: Book) -> None:
    found = tried(book, case("warning"))
    first = found.lines[0]
    assert (first.kind, first.until) == ("kept_quiet", at("2026-11-29 09:00"))
    assert called(found)[0] == (6 * HOUR, None, "console")


def test_a_silence_without_a_way_out_tells_nobody(book: Book) -> None:
    silence = Silence(
        id=1, matchers=('team="web"',), starts=0, ends=NIGHT + 30 * 86_400, author="bob"
    )
    found = tried(book, case(team="web"), silences=[silence])
    assert [(one.kind, one.until) for one in found.lines] == [("kept_quiet", silence.ends)]
    assert called(tried(book, case(team="db"), silences=[silence]))


def test_who_does_not_want_to_be_disturbed_hears_what_is_critical_alone(book: Book) -> None:
    rest = DoNotDisturb(person="alice", since=NIGHT - HOUR, until=NIGHT + HOUR, by="alice")
    assert (0, "alice", "mail") in called(tried(book, case(), resting=[rest]))
    info = tried(book, case("info"), resting=[rest])
    assert (0, "alice", "mail") in called(info, "waits")
    assert (HOUR, "alice", "mail") in called(info)


def test_an_override_is_asked_for_at_the_time_of_each_step(book: Book) -> None:
    override = Override(
        id=1,
        schedule="primary",
        people=("bob",),
        starts=NIGHT - HOUR,
        ends=NIGHT + 500,
        author="alice",
    )
    found = called(tried(book, case(), overrides=[override]))
    assert (0, "bob", "mail") in found
    assert (600, "alice", "mail") in found


def test_a_route_can_be_asked_whatever_it_matches(book: Book) -> None:
    found = tried(book, Case(at=NIGHT, severity="warning", route="nights"))
    assert found.takes == ["nights"]
    assert called(found)[0] == (0, None, "console")
    with pytest.raises(KeyError):
        tried(book, Case(at=NIGHT, route="none"))


def test_the_engine_decides_the_same_for_a_real_alert(book: Book) -> None:
    now = at("2026-11-29 10:00")
    engine = Engine(book, Saved(), now - 1)
    sent = list(engine.step([Error(received=now, at=now, seq=1)], now + 200).deliveries)
    real = [(one.at - now, one.recipient.person, one.recipient.channel) for one in sent]
    assert real == [(0, None, "console"), (0, "alice", "mail")]
    assert called(tried(book, case("warning", at=now)))[:2] == real


def test_a_step_that_reaches_nobody_is_told(tmp_path: Path) -> None:
    rules = RULES.replace("[schedule:primary, channel:console]", "[schedule:office]")
    found = tried(book_of(tmp_path, rules), case())
    first, second = found.lines[:2]
    assert (first.kind, first.after) == ("nobody", 0)
    assert "step 1 of platform reaches nobody" in first.text
    assert (second.kind, second.person, second.after) == ("told", "bob", 0)


def test_what_no_route_takes_is_told(tmp_path: Path) -> None:
    rules = RULES.replace(
        "    escalation: platform\n    routes:",
        "    matchers: [team=web]\n    escalation: platform\n    routes:",
    )
    found = tried(book_of(tmp_path, rules), case(team="db"))
    assert [one.kind for one in found.lines] == ["no_route"]
    assert found.takes == []
