"""What people may ask of silences, and what is told of them before they are set."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.engine.matchers import all_hold, parse_matchers
from sentinel.errors import Invalid
from sentinel.model.alert import Alert, Incident
from sentinel.model.silence import Silence
from sentinel.silencing import Times, checked, matchers_for, preview_of, read_matchers
from sentinel.store import alerts, silences
from sentinel.store.migrations import migrate

NOW = 1_760_000_000.0
HOUR = 3_600.0


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    yield conn
    conn.close()


def alert(id: int, incident: int | None, labels: dict[str, str], **changes: Any) -> Alert:
    fields: dict[str, Any] = {
        "rule": "SmsFailing",
        "key": {},
        "state": "firing",
        "severity": "critical",
        "started": NOW - HOUR,
        "last": NOW,
        **changes,
    }
    return Alert(id=id, incident=incident, labels=labels, **fields)


def incident(id: int, **changes: Any) -> Incident:
    fields: dict[str, Any] = {"severity": "critical", "title": "SMS", "rule": "SmsFailing"}
    return Incident(id=id, root=1, opened=NOW - HOUR, **{**fields, **changes})


def silence(*matchers: str, id: int = 0, starts: float = NOW, ends: float = NOW + HOUR) -> Silence:
    return Silence(id=id, matchers=matchers, starts=starts, ends=ends, author="alice")


def ask(times: Times, *, before: Silence | None = None, comment: str = "") -> Silence:
    return checked(
        ['team="payments"'], times, author="alice", comment=comment, now=NOW, before=before
    )


@pytest.mark.parametrize(
    ("times", "span"),
    [
        (Times(lasts="2h"), (0.0, 2 * HOUR)),
        (Times(ends=NOW + 60), (0.0, 60.0)),
        (Times(starts=NOW + 60, ends=NOW + 90), (60.0, 90.0)),
        (Times(starts=NOW + 60, lasts="1m"), (60.0, 120.0)),
        (Times(starts=NOW - 500, lasts="1m"), (0.0, 60.0)),
        (Times(ends=NOW + 366 * 86_400), (0.0, 366 * 86_400.0)),
    ],
)
def test_a_silence_begins_now_or_later_and_ends_as_asked(
    times: Times, span: tuple[float, float]
) -> None:
    found = ask(times)
    assert (found.starts - NOW, found.ends - NOW) == span


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (Times(), "ends, for: found neither, expected one of the two"),
        (Times(ends=NOW + 1, lasts="1h"), "ends, for: found both"),
        (Times(ends=NOW), "ends: found a time that is not after now"),
        (Times(starts=NOW + 9, ends=NOW + 9), "ends: found a time that is not after its start"),
        (Times(ends=NOW + 366 * 86_400 + 1), "ends: found a time more than a year ahead"),
        (Times(ends=float("inf")), "ends: found a time more than a year ahead"),
        (Times(lasts="53w"), "ends: found a time more than a year ahead"),
        (Times(lasts="0s"), "ends: found a time that is not after now"),
        (
            Times(lasts="soon"),
            "for: expected a duration such as 30s, 5m, 1h30m or 7d, found 'soon'",
        ),
        (Times(lasts=""), "for: expected a duration"),
    ],
)
def test_times_that_make_no_silence_are_refused(times: Times, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(times)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("matchers", "told"),
    [
        ([], "matchers: found none, expected at least one"),
        (["a=b"] * 101, "matchers: found 101, expected at most 100"),
        (["a=b", "team"], "matcher 2: expected name=\"value\" with =, !=, =~ or !~, found 'team'"),
        (['team="a" b="c"'], "matcher 1: expected a value in quotes from end to end"),
        (['team=~"("'], "matcher 1: the regular expression '(' does not compile: missing )"),
        (["a=" + "x" * 1_000], "matcher 1: found 1,002 characters, expected at most 1,000"),
        ([f"a={'x' * 990}"] * 11, "matchers: expected at most 10,000 characters in all"),
        (["a=b\u200b\u202ec"], "matcher 1: found a character that can't be seen"),
        (['a!="b"', 'c=~".*"', "d="], 'matchers: found only a!="b", c=~".*", d=, which alerts'),
    ],
)
def test_matchers_that_are_none_or_hide_everything_are_refused(
    matchers: list[str], told: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_matchers(matchers)
    assert str(refused.value).startswith(told)


def test_one_matcher_that_asks_for_a_value_is_enough() -> None:
    assert read_matchers([" team=payments ", 'severity!="info"']) == (
        "team=payments",
        'severity!="info"',
    )


@pytest.mark.parametrize("author", ["", "  ", "x" * 101])
def test_an_author_needs_a_name(author: str) -> None:
    with pytest.raises(Invalid, match="author"):
        checked(["a=b"], Times(lasts="1h"), author=author, comment="", now=NOW)


def test_a_comment_has_a_bound() -> None:
    with pytest.raises(Invalid, match="comment: found 1,001 characters"):
        ask(Times(lasts="1h"), comment="x" * 1_001)


def test_a_change_keeps_the_number_and_the_beginning() -> None:
    begun = silence("a=b", id=3, starts=NOW - 60)
    changed = ask(Times(starts=NOW + 60, lasts="2h"), before=begun)
    assert (changed.id, changed.starts, changed.ends) == (3, NOW - 60, NOW + 2 * HOUR)


def test_the_beginning_of_one_to_come_can_be_moved() -> None:
    planned = silence("a=b", id=3, starts=NOW + 60)
    assert ask(Times(starts=NOW + 90, lasts="1h"), before=planned).starts == NOW + 90
    assert ask(Times(lasts="1h"), before=planned).ends == NOW + 60 + HOUR


def test_one_that_is_over_is_not_changed() -> None:
    with pytest.raises(Invalid, match="silence 3 is over"):
        ask(Times(lasts="1h"), before=silence("a=b", id=3, starts=NOW - 60, ends=NOW))


def test_a_preview_counts_what_fires_and_what_goes_quiet_wholly(conn: sqlite3.Connection) -> None:
    team, other = {"team": "payments"}, {"team": "web"}
    stored = [
        alert(1, 1, team),
        alert(2, 1, other),
        alert(3, 2, team),
        alert(4, 3, team, state="acknowledged"),
        alert(5, None, team, state="pending"),
        alert(6, 4, team, state="resolved"),
    ]
    alerts.save(conn, stored)
    alerts.save_incidents(
        conn, [incident(1), incident(2), incident(3, state="acknowledged"), incident(4)]
    )
    found = preview_of(conn, ['team="payments"'], NOW)
    assert [one.id for one in found.alerts] == [4, 3, 1]
    assert found.alerts_count == 3
    assert [one.id for one in found.incidents] == [2]


def test_a_preview_knows_what_is_silenced_already(conn: sqlite3.Connection) -> None:
    alerts.save(conn, [alert(1, 1, {"team": "payments"}), alert(2, 1, {"team": "web"})])
    alerts.save_incidents(conn, [incident(1)])
    silences.save(
        conn, [silence('team="web"', id=1), silence("team=payments", id=2, starts=NOW + 9)]
    )
    assert preview_of(conn, ['team="payments"'], NOW).incidents_count == 1
    assert preview_of(conn, ["team=nobody"], NOW).incidents_count == 0


def test_a_long_preview_is_cut_and_counted(conn: sqlite3.Connection) -> None:
    alerts.save(conn, [alert(number, None, {"a": "b"}) for number in range(1, 61)])
    found = preview_of(conn, ["a=b"], NOW)
    assert (len(found.alerts), found.alerts[0].id, found.alerts_count) == (50, 60, 60)


def test_matchers_of_one_alert_name_each_of_its_labels() -> None:
    labels = {"alertname": "A", "path": 'C:\\"x"', "odd-name": "x", "empty": "", "hidden": "\u202e"}
    assert matchers_for([alert(1, 1, labels)]) == ['alertname="A"', 'path="C:\\\\\\"x\\""']


def test_matchers_of_several_alerts_hold_for_each_and_join_their_values() -> None:
    one = alert(1, 1, {"alertname": "A.b", "tenant": "acme", "host": "x"})
    two = alert(2, 1, {"alertname": "C", "tenant": "acme"})
    assert matchers_for([one, two]) == ['alertname=~"A\\\\.b|C"', 'tenant="acme"']


def test_values_too_many_to_name_are_left_out() -> None:
    found = matchers_for([alert(n, 1, {"a": "b", "host": f"h{n}"}) for n in range(11)])
    assert found == ['a="b"']


values = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_categories=["Cc"]))


@given(st.lists(st.fixed_dictionaries({"alertname": values, "by": values}), min_size=1, max_size=4))
def test_matchers_always_meet_the_alerts_that_they_were_made_for(
    labels: list[dict[str, str]],
) -> None:
    matchers = parse_matchers(matchers_for([alert(n, 1, one) for n, one in enumerate(labels)]))
    assert all(all_hold(matchers, one) for one in labels)


@pytest.mark.parametrize(
    ("state", "numbers"),
    [(None, [4, 3, 2, 1]), ("active", [3]), ("pending", [2]), ("expired", [4, 1])],
)
def test_silences_are_listed_by_their_state(
    conn: sqlite3.Connection, state: Any, numbers: list[int]
) -> None:
    spans = [(NOW - 9, NOW), (NOW + 1, NOW + 2), (NOW, NOW + 1), (NOW - 9, NOW - 5)]
    found = [silence("a=b", id=n, starts=s, ends=e) for n, (s, e) in enumerate(spans, 1)]
    silences.save(conn, found)
    assert [one.id for one in silences.listing(conn, NOW, state=state)] == numbers
    assert {one.id for one in found if one.state_at(NOW) == state} == (
        set(numbers) if state else set()
    )


def test_the_list_pages_on(conn: sqlite3.Connection) -> None:
    silences.save(conn, [silence("a=b", id=n) for n in range(1, 6)])
    first = silences.listing(conn, NOW, limit=2)
    second = silences.listing(conn, NOW, limit=2, before=first[-1].id)
    assert [one.id for one in (*first, *second)] == [5, 4, 3, 2]
