from zoneinfo import ZoneInfo

import pytest
from tests.intelligence.report_facts import NOON, catalog, group

from sentinel.intelligence.catalog import Entry, Impact
from sentinel.intelligence.impact import impact_of

SMS = catalog().entries["SMS_DELIVERY_FAILURE"]


def with_features(*features: str) -> Entry:
    return Entry(
        code="A_B",
        title="A",
        category="system",
        severity="low",
        fix=("Mend it.",),
        impact=Impact(features=features),
    )


def test_the_sentence_names_who_since_when_and_what() -> None:
    assert impact_of(group(), SMS).sentence == (
        "3 tenants and 41 users affected since 12:00 UTC: SMS and login codes"
    )


def test_one_is_not_written_as_many() -> None:
    sentence = impact_of(group(tenants=1, users=1), None).sentence
    assert sentence == "1 tenant and 1 user affected since 12:00 UTC"


@pytest.mark.parametrize(
    ("tenants", "users", "start"),
    [(0, 41, "41 users affected"), (2, 0, "2 tenants affected"), (0, 0, "1,214 events since")],
)
def test_what_was_not_counted_is_not_claimed(tenants: int, users: int, start: str) -> None:
    found = impact_of(group(tenants=tenants, users=users, count=1214), None)
    assert found.sentence.startswith(start)


def test_a_group_that_has_lasted_past_midnight_names_the_day() -> None:
    sentence = impact_of(group(last_seen=NOON + 86_400), None).sentence
    assert "since 21 Nov 2026 12:00 UTC" in sentence


def test_times_are_told_in_the_zone_asked_for() -> None:
    sentence = impact_of(group(), None, ZoneInfo("Europe/Berlin")).sentence
    assert sentence.endswith("since 13:00 CET")


def test_many_features_are_cut_short_in_the_sentence_alone() -> None:
    found = impact_of(group(), with_features("a", "b", "c", "d", "e"))
    assert found.sentence.endswith(": a, b, c and 2 more")
    assert found.features == ("a", "b", "c", "d", "e")


def test_the_catalog_judges_and_the_events_are_counted() -> None:
    found = impact_of(group(), SMS)
    assert (found.priority, found.revenue, found.companies) == ("P1", "high", "specific")
    assert found.customer_facing is True
    assert (found.tenants, found.users, found.events) == (3, 41, 214)
    assert (found.first_seen, found.last_seen) == (NOON, NOON + 900)


@pytest.mark.parametrize(
    ("severity", "level", "priority"),
    [
        ("critical", "error", "P0"),
        ("high", "error", "P1"),
        ("low", "fatal", "P2"),
        (None, "fatal", "P0"),
        (None, "error", "P1"),
        (None, "info", "P2"),
    ],
)
def test_without_an_entry_the_severity_or_the_level_decides(
    severity: str | None, level: str, priority: str
) -> None:
    found = impact_of(group(severity=severity, level=level), None)
    assert found.priority == priority
    assert (found.revenue, found.companies, found.customer_facing) == (None, None, None)


@pytest.mark.parametrize(
    ("counted", "name", "past"),
    [
        ({"tenants": 1, "users": 0}, "acme", "acme was affected"),
        ({"tenants": 1, "users": 0}, None, "1 tenant was affected"),
        ({"tenants": 1, "users": 2}, "acme", "acme and 2 users were affected"),
        ({"tenants": 2, "users": 0}, "acme", "2 tenants were affected"),
        ({"tenants": 0, "users": 1}, None, "1 user was affected"),
        ({"tenants": 0, "users": 0, "count": 3}, None, "3 events, no user named"),
    ],
)
def test_it_is_told_once_it_is_over(counted: dict[str, int], name: str | None, past: str) -> None:
    assert impact_of(group(**counted), None, tenant=name).past == past
