"""Matchers and the route tree, as Alertmanager has them."""

import pytest

from sentinel.engine.matchers import all_hold, parse_matcher, parse_matchers
from sentinel.engine.routing import Route, takers
from tests.engine.worlds import route

LABELS = {"team": "payments", "severity": "critical", "path": 'C:\\a "b"', "lines": "a\nb"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('team="payments"', True),
        ("team=payments", True),
        (' team = "payments" ', True),
        ('team="pay"', False),
        ('team!="payments"', False),
        ('team!="pay"', True),
        # Regular expressions are anchored at both ends.
        ('team=~"pay"', False),
        ('team=~"pay.*"', True),
        ('team=~"pay.*|core"', True),
        ('team!~"pay.*"', False),
        ('team!~"pay"', True),
        ('severity=~"critical|warning"', True),
        # A label that is missing counts as empty.
        ('absent=""', True),
        ('absent!=""', False),
        ('absent=~".*"', True),
        ('absent=~".+"', False),
        ('absent!="x"', True),
        ('team=""', False),
        # Quotes, backslashes and line ends can be written.
        (r'path="C:\\a \"b\""', True),
        (r'lines="a\nb"', True),
    ],
)
def test_a_matcher_means_what_it_means_in_alertmanager(text: str, holds: bool) -> None:
    assert parse_matcher(text).holds(LABELS) is holds


@pytest.mark.parametrize("text", ["", "team", "=x", '1team="x"', 'team=~"("'])
def test_a_text_that_is_no_matcher_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|compile"):
        parse_matcher(text)


def test_all_matchers_must_hold() -> None:
    assert all_hold(parse_matchers(['team="payments"', 'severity!="info"']), LABELS)
    assert not all_hold(parse_matchers(['team="payments"', 'severity="info"']), LABELS)
    assert all_hold((), LABELS)


def tree() -> Route:
    """
    root ─┬─ payments ─┬─ payments-critical
          │            └─ payments-eu (continue)
          ├─ audit (continue)
          ├─ core
          └─ rest
    """
    payments = route(
        "payments",
        matchers=['team="payments"'],
        routes=(
            route("payments-eu", matchers=['region="eu"'], goes_on=True),
            route("payments-critical", matchers=['severity="critical"']),
        ),
    )
    audit = route("audit", matchers=['audited="yes"'], goes_on=True)
    core = route("core", matchers=['team="core"'])
    return Route(name="", routes=(payments, audit, core, route("rest")))


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ({"team": "payments"}, ["payments"]),
        ({"team": "payments", "severity": "critical"}, ["payments-critical"]),
        ({"team": "payments", "region": "eu"}, ["payments-eu"]),
        (
            {"team": "payments", "region": "eu", "severity": "critical"},
            ["payments-eu", "payments-critical"],
        ),
        # The first sibling that takes it ends the search, unless it says `continue`.
        ({"team": "payments", "audited": "yes"}, ["payments"]),
        ({"team": "core", "audited": "yes"}, ["audit", "core"]),
        ({"audited": "yes"}, ["audit", "rest"]),
        ({"team": "core"}, ["core"]),
        ({}, ["rest"]),
    ],
)
def test_the_deepest_routes_that_match_take_an_alert(
    labels: dict[str, str], taken: list[str]
) -> None:
    assert [one.name for one in takers(tree(), labels)] == taken


def test_where_no_child_matches_the_parent_takes_it() -> None:
    parent = route("parent", routes=(route("child", matchers=['a="1"']),))
    assert [one.name for one in takers(parent, {"a": "2"})] == ["parent"]


def test_what_the_root_does_not_match_nobody_takes() -> None:
    assert list(takers(route("root", matchers=['a="1"']), {})) == []
