"""Which incidents of the past are like one of today, and whether their fixes held."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.store import past, resolutions, similar
from tests.causes.stored import DAY, NOW, fix, learn, memory, put
from tests.effort import examples


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = memory()
    yield conn
    conn.close()


def found(conn: sqlite3.Connection, number: int = 9, now: float = NOW) -> list[int]:
    learn(conn)
    incident = put(conn, number, lasted=None)
    return [one.incident for one in similar.find(conn, incident, now)]


def test_the_same_root_comes_before_shared_codes_and_those_before_words(
    conn: sqlite3.Connection,
) -> None:
    put(conn, 1, "DISK_FULL", opened=NOW - 4 * DAY)
    put(conn, 2, "MAIL_DELIVERY_FAILURE", opened=NOW - 3 * DAY, title="SMS delivery failure mail")
    put(conn, 3, "REDIS_SLOW", opened=NOW - 2 * DAY, codes=["SMS_DELIVERY_FAILURE"])
    put(conn, 4, "SMS_DELIVERY_FAILURE", opened=NOW - DAY)
    assert found(conn) == [4, 3, 2]


def test_each_says_what_is_the_same(conn: sqlite3.Connection) -> None:
    put(conn, 1, opened=NOW - DAY, services=["shop"], codes=["LOGIN_CODE_FAILURE"])
    learn(conn)
    incident = put(conn, 9, lasted=None, services=["shop"], codes=["LOGIN_CODE_FAILURE"])
    (one,) = similar.find(conn, incident, NOW)
    assert one.recurs
    assert one.same == (
        "the same root SMS_DELIVERY_FAILURE",
        "LOGIN_CODE_FAILURE, SMS_DELIVERY_FAILURE in both",
        "at shop",
    )


def test_an_incident_without_a_code_is_compared_by_its_rule(conn: sqlite3.Connection) -> None:
    put(conn, 1, None, rule="DiskFull", title="disk of db-1", opened=NOW - DAY)
    put(conn, 2, None, rule="Slow", title="page of shop", opened=NOW - DAY)
    learn(conn)
    incident = put(conn, 9, None, rule="DiskFull", title="disk of db-2", lasted=None)
    assert [one.incident for one in similar.find(conn, incident, NOW)] == [1]


def test_what_began_later_or_still_goes_on_is_not_of_the_past(conn: sqlite3.Connection) -> None:
    put(conn, 1, opened=NOW - DAY, lasted=None)
    put(conn, 2, opened=NOW + DAY)
    put(conn, 3, opened=NOW - 60.0, lasted=600.0)
    assert found(conn) == []


def test_the_incident_itself_is_not_similar_to_itself(conn: sqlite3.Connection) -> None:
    incident = put(conn, 1)
    learn(conn)
    assert similar.find(conn, incident, NOW) == []


def test_an_incident_that_was_folded_away_is_like_nothing(conn: sqlite3.Connection) -> None:
    put(conn, 1, opened=NOW - DAY)
    conn.execute("UPDATE alerts SET incident_id = 2")
    assert found(conn) == []


def test_what_fixed_it_is_known_and_found_by_its_words(conn: sqlite3.Connection) -> None:
    put(conn, 1, opened=NOW - 30 * DAY)
    fix(conn, 1, "Rotated the token")
    learn(conn)
    (one,) = similar.find(conn, put(conn, 9, lasted=None), NOW)
    assert one.fix is not None
    assert one.fix.text == "Rotated the token"
    rows = conn.execute("SELECT rowid FROM past_words WHERE past_words MATCH 'rotated'")
    assert [row[0] for row in rows] == [1]


@pytest.mark.parametrize(
    ("again_after", "tenant", "held"),
    [
        (None, None, True),
        (6 * DAY, None, False),
        (8 * DAY, None, True),
        (6 * DAY, "globex", True),
        (6 * DAY, "acme", False),
    ],
    ids=["never", "within a week", "later", "for another tenant", "for the same"],
)
def test_a_fix_held_if_nothing_with_the_same_root_came_back_within_a_week(
    conn: sqlite3.Connection, again_after: float | None, tenant: str | None, held: bool
) -> None:
    ended = put(conn, 1, opened=NOW - 30 * DAY, tenant="acme")
    if again_after is not None:
        put(conn, 2, opened=(ended.resolved or 0) + again_after, tenant=tenant, lasted=None)
    learn(conn)
    picture = past.get(conn, 1)
    assert picture is not None
    assert past.held(conn, picture, NOW) is held


def test_what_came_back_is_seen_among_many_that_did_for_others(conn: sqlite3.Connection) -> None:
    ended = put(conn, 1, opened=NOW - 30 * DAY, tenant="acme")
    after = (ended.resolved or 0) + DAY
    for number in range(2, 62):
        put(conn, number, opened=after, tenant=f"t{number}", lasted=None)
    put(conn, 62, opened=after + 1, tenant="acme", lasted=None)
    learn(conn)
    picture = past.get(conn, 1)
    assert picture is not None
    assert past.held(conn, picture, NOW) is False


def test_within_the_week_it_is_too_early_to_say(conn: sqlite3.Connection) -> None:
    put(conn, 1, opened=NOW - 3 * DAY)
    learn(conn)
    picture = past.get(conn, 1)
    assert picture is not None
    assert past.held(conn, picture, NOW) is None


def test_an_end_is_learned_as_the_beginning_was(conn: sqlite3.Connection) -> None:
    put(conn, 1, lasted=None)
    learn(conn)
    assert conn.execute("SELECT count(*) FROM past_words").fetchone()[0] == 0
    put(conn, 1, lasted=60.0)
    learn(conn)
    assert conn.execute("SELECT count(*) FROM past_words").fetchone()[0] == 1
    assert past.learn(conn, 0.0, 10) == 0


def test_an_action_that_helped_counts_as_what_fixed_it(conn: sqlite3.Connection) -> None:
    put(conn, 1)
    conn.execute(
        "INSERT INTO action_runs (action, actor, rule, state, incident_id, asked, ended)"
        " VALUES ('flush-cache', 'rule Slow', 'Slow', 'succeeded', 1, ?1, ?1)",
        (NOW,),
    )
    conn.execute(
        "INSERT INTO decisions (at, verb, reason, text, incident_id)"
        " VALUES (?, 'action_done', 'helped', 'it helped', 1)",
        (NOW,),
    )
    # Somebody looked whether it had helped: the test mended nothing.
    conn.execute(
        "INSERT INTO action_runs (action, actor, state, incident_id, asked, ended)"
        " VALUES ('test:probe:cache', 'alice', 'succeeded', 1, ?1, ?1)",
        (NOW + 1,),
    )
    learn(conn)
    known = resolutions.get(conn, 1)
    assert known is not None
    assert (known.kind, known.text, known.author) == (
        "action",
        "the action flush-cache",
        "rule Slow",
    )


def test_an_action_that_ran_in_vain_fixed_nothing(conn: sqlite3.Connection) -> None:
    put(conn, 1)
    conn.execute(
        "INSERT INTO action_runs (action, actor, rule, state, incident_id, asked, ended)"
        " VALUES ('flush-cache', 'rule Slow', 'Slow', 'succeeded', 1, ?1, ?1)",
        (NOW,),
    )
    learn(conn)
    assert resolutions.get(conn, 1) is None


def test_what_is_too_old_is_forgotten_with_its_words_and_is_not_learned_again(
    conn: sqlite3.Connection,
) -> None:
    for number, days in ((1, 40), (2, 30), (3, 1)):
        put(conn, number, opened=NOW - days * DAY)
        fix(conn, number, "a fix")
    learn(conn)
    assert past.forget(conn, NOW - 20 * DAY, 10) == 2
    for table in ("past_incidents", "past_words", "resolutions"):
        assert conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 1, table
    assert past.learn(conn, NOW - 20 * DAY, 10) == 0


def test_the_newest_one_stays_as_a_mark_of_how_far_was_learned(conn: sqlite3.Connection) -> None:
    put(conn, 1, opened=NOW - 40 * DAY)
    learn(conn)
    past.forget(conn, NOW, 10)
    assert past.get(conn, 1) is not None
    assert conn.execute("SELECT count(*) FROM past_words").fetchone()[0] == 0
    assert past.learn(conn, 0.0, 10) == 0


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=examples(80), deadline=None)
def test_whatever_a_title_says_the_search_stands_it(one: str, other: str) -> None:
    conn = memory()
    put(conn, 1, None, title=one or "-", opened=NOW - DAY)
    learn(conn)
    incident = put(conn, 9, None, title=other or "-", lasted=None)
    assert [each.incident for each in similar.find(conn, incident, NOW)] == [1]
    conn.close()


@pytest.mark.parametrize("words", ['" OR 1', "NEAR(a b)", "title:x", "a* -b", "'; DROP TABLE x"])
def test_operators_of_the_search_are_read_as_words(conn: sqlite3.Connection, words: str) -> None:
    put(conn, 1, None, rule="A", title="nothing alike", opened=NOW - DAY)
    learn(conn)
    incident = put(conn, 9, None, rule="B", title=words, lasted=None)
    assert similar.find(conn, incident, NOW) == []
